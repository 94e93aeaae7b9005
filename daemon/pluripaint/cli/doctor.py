"""Look for what keeps pluripaint from working, and say what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from . import _login
from ._editors import editors
from ._finding import Finding


def versions() -> Iterator[Finding]:
    """Python and the libraries that matter, without importing them."""
    import platform
    from importlib import metadata

    found = []
    for name in ("pluripaint", "torch", "numpy", "numba", "pyzmq"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding("bad", f"{name} is not installed.", "Run the installer again.")
    yield Finding("ok", f"Python {platform.python_version()}, {', '.join(found)}")


def folders_writable() -> Iterator[Finding]:
    """The user's folders can be written and have room."""
    import shutil

    from pluripaint import folders
    from pluripaint_client import connection

    for name, folder in (
        ("data", folders.data()),
        ("logs", folders.logs()),
        ("connection", connection.folder()),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".doctor"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            yield Finding(
                "bad", f"The {name} folder {folder} cannot be written ({error.strerror}).", "Set its rights."
            )
            continue
        free = shutil.disk_usage(folder).free >> 20
        if free < 200:
            yield Finding("bad", f"Only {free} MiB are free where {folder} lies.", "Make room.")
    yield Finding("ok", f"Data lie in {folders.data()}, logs in {folders.logs()}")


def devices() -> Iterator[Finding]:
    """What networks can run on."""
    from pluripaint.service import limits

    threads = limits.compute_threads()
    yield Finding("ok", f"The processor computes with {threads} threads at low priority")
    expected = limits.accelerators()
    try:
        import torch
    except Exception as error:
        yield Finding(
            "bad", f"PyTorch cannot be loaded ({type(error).__name__}).", "Run the installer again."
        )
        return
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
        yield Finding("ok", f"Graphics cards: {', '.join(names)}")
    elif torch.backends.mps.is_available():
        yield Finding("ok", "Apple's graphics processor (untried)")
    elif expected:
        yield Finding(
            "bad",
            f"The system has {', '.join(expected)}, but this PyTorch cannot use it.",
            "Update the graphics driver, or run the installer again so that it picks the fitting PyTorch.",
        )
    else:
        yield Finding("note", "No graphics card that PyTorch can use: networks run on the processor, slower")


def daemon() -> Iterator[Finding]:
    """It answers, proves itself and is of this version."""
    from pluripaint import __version__
    from pluripaint_client import Client, DaemonError, NotRunning
    from pluripaint_client import connection as places

    try:
        with Client.connect(start=False, timeout=2.0) as client:
            told = client.status()
            milliseconds = client.ping() * 1000
    except NotRunning as error:
        try:
            program = places.launch_command()
        except NotRunning:
            yield Finding("bad", error.sentence, "Run the installer again.")
            return
        yield Finding("note", f"{error.sentence} Editors start it themselves ({program[0]})", error.next_step)
        return
    except DaemonError as error:
        yield Finding("bad", error.sentence, error.next_step)
        return
    yield Finding("ok", f"The daemon answers in {milliseconds:.1f} ms (process {told['pid']})")
    if told["version"] != __version__:
        yield Finding(
            "bad",
            f"The running daemon is version {told['version']}, this program {__version__}.",
            "Run “pluripaint daemon restart”.",
        )


def weights() -> Iterator[Finding]:
    """Each method's own weights are there and whole."""
    from pluripaint.methods import registry

    for name in registry.names():
        try:
            if not registry.info(name).needs_weights:
                yield Finding("ok", f"{name}: needs no weights")
                continue
            path, _ = registry.weights_file(name)
            yield Finding("ok", f"{name}: {path.name}, checksum right")
        except registry.MethodError as error:
            state = "note" if error.code == "weights-missing" else "bad"
            yield Finding(state, f"{name}: {error.sentence}", error.next_step)
        except Exception as error:
            yield Finding(
                "bad", f"{name} cannot be loaded ({type(error).__name__}).", "Run the installer again."
            )


def autostart() -> Iterator[Finding]:
    """Whether the daemon starts at login, and whether the program named there still exists."""
    if sys.platform == "win32":
        yield Finding("note", "The start at login lies in the registry (HKCU Run); it is untried here")
        return
    found = _login.files()
    if not found:
        yield Finding(
            "note",
            "The daemon does not start at login; editors outside a sandbox start it when they need it",
            "Run the installer without --no-autostart if you want it.",
        )
    for file in found:
        program = _login.program_of(file)
        if program and not Path(program).exists():
            yield Finding("bad", f"{file} starts {program}, which is gone.", "Run the installer again.")
        elif _login.switched_off(file):
            fix = f"Run: systemctl --user enable --now {file.name}"
            yield Finding(
                "bad", f"{file} is there but switched off; the daemon does not start at login.", fix
            )
        else:
            yield Finding("ok", f"Starts at login: {file}")


CHECKS: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
    ("Versions", versions),
    ("Folders", folders_writable),
    ("Devices", devices),
    ("Daemon", daemon),
    ("Methods", weights),
    ("Login", autostart),
    ("Editors", editors),
]
"""What is looked at, in this order. Adding a section = a function above and a line here."""


@click.command()
def command() -> None:
    """Look for what keeps pluripaint from working, and say what to do. Exit status 1 if something does not."""
    signs = {"ok": "✓", "note": "·", "bad": "✗"}
    broken = 0
    for title, check in CHECKS:
        click.echo(title)
        for finding in check():
            broken += finding.state == "bad"
            click.echo(f"  {signs[finding.state]} {finding.what}")
            if finding.next_step:
                click.echo(f"    → {finding.next_step}")
    if broken:
        click.echo(f"{broken} of these keep pluripaint from working as it should.")
    sys.exit(1 if broken else 0)
