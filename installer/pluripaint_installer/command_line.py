"""From the command line to an installation, a removal or a plan, and to one sentence where that fails."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import login_start, places, service, surroundings, torch_build
from .checkout import Checkout
from .editors import Editors
from .installation import Installation
from .lock import only_one
from .options import Options, parse
from .pip_source import Index
from .programs import Programs, say
from .trouble import Trouble
from .uninstall import planned, recorded_prefix, uninstall

CHECKOUT = Checkout(Path(__file__).resolve().parents[2])


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 done, 1 not done and nothing changed, 130 interrupted and nothing changed."""
    options = parse(arguments)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        _main(options)
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        how = "run --uninstall again for the rest" if options.uninstall else "everything is as it was before"
        print(f"\nInterrupted; {how}.", file=sys.stderr)
        return 130
    except OSError as error:
        print(
            f"\n{error.strerror or error}: {error.filename or ''}. See to that, then run this again.",
            file=sys.stderr,
        )
        return 1
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _main(options: Options) -> None:
    found = places.find(
        places.system_name(), os.environ, Path.home(), places.account_home(), _prefix(options.prefix)
    )
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "SUDO_UID" in os.environ:
        raise Trouble(
            "The installer was started with sudo, and would install for root.", "Run it without sudo."
        )
    settings = {}
    if options.wheels is None:
        files = surroundings.pip_files(os.environ, Path.home(), found.system)
        settings = surroundings.pip_settings(os.environ, files)
    elif not options.wheels.is_dir():
        raise Trouble(f"{options.wheels} is no folder.", "Give --wheels a folder of wheels.")
    else:
        options = replace(options, wheels=options.wheels.resolve())
    programs = Programs(surroundings.child_environment(os.environ, settings), Path(os.devnull))
    if options.uninstall:
        _uninstall(options, found, programs)
        return
    recorded = recorded_prefix(found)
    if (
        recorded
        and Path(recorded) != found.prefix
        and replace(found, prefix=Path(recorded)).manifest.exists()
    ):
        if options.prefix is not None:
            raise Trouble(
                f"pluripaint is installed in {recorded}, and two installations would share one daemon.",
                "Upgrade it there by leaving --prefix out, or remove it first with --uninstall.",
            )
        found = replace(found, prefix=Path(recorded))
    editors = Editors(CHECKOUT, options.editors, os.environ, Path.home(), sys.platform)
    if options.dry_run:
        show_plan(Installation(options, found, CHECKOUT, programs, settings, editors))
    else:
        if options.wheels is None:
            Index(settings).reachable()
        with only_one(found.prefix) as made:
            sheet = Installation(options, found, CHECKOUT, programs, settings, editors, made).run()
        say(f"pluripaint is installed. Four fills of the sample photograph: {sheet}")


def _prefix(prefix: str | None) -> str | None:
    return os.path.expanduser(prefix) if prefix else None


def _uninstall(options: Options, found: places.Places, programs: Programs) -> None:
    recorded = recorded_prefix(found)
    if options.prefix is None and recorded:
        found = replace(found, prefix=Path(recorded))
    manifest = planned(found)
    if options.dry_run:
        for kind, entry in reversed(manifest.entries):
            how = {"folder": "remove if empty", "kritarc": "take our lines out of"}.get(kind, "remove")
            say(f"{how} {entry}")
        say(f"remove {found.manifest}")
        return
    with only_one(found.prefix):
        uninstall(found, programs, CHECKOUT)


def show_plan(job: Installation) -> None:
    """--dry-run: every command and every file, in order.

    Two things are only known on the way: without ensurepip pip's own wheel takes its place, and where the index has
    torch with CUDA only, a machine without a GPU takes PyTorch's index for the CPU.
    """
    where, environment, checkout = job.places, job.environment, job.checkout
    current = where.current if where.system != "windows" else environment.folder
    daemon = [str(current / environment.program("pluripaint-daemon").relative_to(environment.folder))]
    program = current / environment.program("pluripaint").relative_to(environment.folder)
    torch = [f"torch=={torch_build.VERSION}"]
    commands = [
        environment.create_command(),
        environment.ensurepip_command(),
        environment.pip_upgrade_command(checkout),
        environment.backend_command(checkout),
        environment.wheel_command(checkout),
        environment.resolve_command(checkout, torch),
        environment.install_command(checkout, torch),
        service.job_command(
            environment.program("pluripaint"), *checkout.sample(), job.work / "proof" / "sample"
        ),
        [str(environment.program("pluripaint")), "daemon", "stop"],
    ]
    files = [
        where.manifest,
        environment.folder,
        job.work,
        where.cache,
        where.logs,
        where.current,
        where.launch,
    ]
    if where.private is None and where.system != "windows":
        files.append(where.home / ".local" / "bin" / "pluripaint")
    if job.options.autostart:
        kind = login_start.kind_for(where)
        file = login_start.file_for(kind, where)
        files.append(file)
        commands += login_start.switch_on(file, login_start.content_for(kind, daemon, where))
    commands.append([str(program), "daemon", "start"])
    commands.append(service.job_command(program, *checkout.sample(), job.work / "sample"))
    files += [where.connection / "connection.json", where.data / "sample"]
    old = job.current_environment()
    for command in commands:
        say(f"run    {shlex.join(command)}")
    say(
        "       (without ensurepip: pip's own wheel from the index; where the index has torch with CUDA only and no GPU"
    )
    say(f"       is here: torch from {torch_build.CPU_INDEX})")
    for path in files:
        say(f"write  {path}")
    for line in job.editors.plan():
        say(line)
    for path in [job.work, *([old] if old else [])]:
        say(f"remove {path}")
