"""Removal by the installation's own manifest: all it made and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from . import editors, login_start, service
from .checkout import Checkout
from .environment import Environment
from .manifest import Manifest, remove
from .places import Places
from .programs import Programs, say
from .trouble import Trouble


def recorded_prefix(places: Places) -> str | None:
    """The --prefix of the installation whose launch.json lies here."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        prefix = json.loads(places.launch.read_text(encoding="utf-8")).get("prefix")
        return prefix if isinstance(prefix, str) else None
    return None


def planned(places: Places) -> Manifest:
    if not places.manifest.exists():
        raise Trouble(
            f"There is no installation of pluripaint in {places.prefix}.", "Name its folder with --prefix."
        )
    return Manifest.load(places.manifest)


def uninstall(places: Places, programs: Programs, checkout: Checkout) -> None:
    """Stop the daemon, forget the login start, remove every entry of the manifest, newest first."""
    manifest = planned(places)
    editors.refuse_while_krita_runs(checkout, manifest)
    current = places.prefix / "current"
    if places.system == "windows" and places.current.exists():
        current = places.prefix / places.current.read_text(encoding="utf-8").strip()
    drop_weights = _may_remove_weights(places.data / "weights")
    program = Environment(current, current, programs, None).program("pluripaint")
    if not service.stop(programs, program) and service.runs(programs, program):
        raise Trouble("The daemon would not stop.", "End it, then run --uninstall again.")
    kept: list[str] = []
    for kind, entry in reversed(manifest.entries):
        path = Path(entry)
        try:
            if kind == "login":
                _run(programs, login_start.switch_off(path))
                remove(path)
                _run(programs, login_start.after_removal(path))
            elif kind == "kritarc":
                editors.edit_back(checkout, path)
            elif kind == "folder":
                if path == places.data and drop_weights:
                    remove(path / "weights")
                if path != places.prefix:
                    with contextlib.suppress(OSError):
                        path.rmdir()
            else:
                remove(path)
        except OSError as error:
            kept.append(f"{path} ({error.strerror})")
    if drop_weights:
        remove(places.data / "weights")
    if kept:
        raise Trouble(
            f"Could not be removed: {', '.join(kept)}.", "Remove the cause, then run --uninstall again."
        )
    places.manifest.unlink()
    (places.prefix / ".install.lock").unlink(missing_ok=True)
    for kind, entry in reversed(manifest.entries):
        if kind == "folder":
            with contextlib.suppress(OSError):
                Path(entry).rmdir()
    say("pluripaint is removed." + (f" Kept: {places.data}" if places.data.exists() else ""))


def _run(programs: Programs, commands: list[list[str]]) -> None:
    for command in commands:
        with contextlib.suppress(Trouble):
            programs.run(command, "Removing the login start", limit=60, check=False)


def _may_remove_weights(folder: Path) -> bool:
    """Ask before weights that the user imported or trained; without a terminal they stay."""
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    if not files:
        return True
    if not sys.stdin.isatty():
        say(f"Your {len(files)} files of weights stay in {folder}.")
        return False
    names = ", ".join(sorted(os.path.relpath(path, folder) for path in files)[:5])
    return input(f"Also remove your own weights in {folder} ({names})? [y/N] ").strip().lower() in (
        "y",
        "yes",
    )
