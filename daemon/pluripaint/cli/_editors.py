"""The part of ``pluripaint doctor`` about editors: is the plug-in where each of them looks, and can it run there?"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pluripaint_client

from . import _sandbox
from ._deploy import load
from ._finding import Finding

_AGAIN = "Run the installer again."
_TICK = (
    "Tick it in Settings › Configure Krita › Python Plugin Manager, or run the installer with Krita closed."
)
_GIMP_TRACES = ("pluginrc", "themerc", "theme.css")
"""Files that GIMP writes as it starts (not as it ends: it may have run while the plug-in was put in)."""


def editors() -> Iterator[Finding]:
    """Every editor of this user: folder, run bit, Python, last start."""
    home = Path.home()
    gimp, krita = load("gimp"), load("krita")
    gimps, kritas = gimp.find(os.environ, home), krita.find(os.environ, home)
    if not gimps and not kritas:
        yield Finding("note", "No GIMP or Krita was found", "Run the installer again once one is there.")
    for one in gimps:
        yield from _judged(
            one.title, one.plug_in, list(_gimp_faults(gimp, one)), lambda one=one: _gimp_told(one)
        )
    for one in kritas:
        faults = list(_krita_faults(krita, one))
        yield from _judged(
            one.title, one.data / "pykrita" / krita.NAME, faults, lambda one=one: _krita_told(krita, one)
        )


def _judged(title: str, folder: Path, faults: list[Finding], told: Any) -> Iterator[Finding]:
    """The faults under the editor's name; a line on what is well where nothing is bad."""
    if not any(fault.state == "bad" for fault in faults) and folder.is_dir():
        yield Finding("ok", f"{title}: {folder}, {told()}")
    for state, what, next_step in faults:
        yield Finding(state, f"{title}: {what}", next_step)


# ------------------------------------------------------------------------------------------------ GIMP


def _gimp_faults(gimp: Any, one: Any) -> Iterator[Finding]:
    entry = one.plug_in / f"{gimp.NAME}.py"
    if not entry.is_file():
        yield from _not_in_place(gimp, one)
        return
    if not os.access(entry, os.X_OK):
        yield Finding("bad", f"{entry} has no run bit, so GIMP passes over it.", f"Run “chmod +x '{entry}'”.")
    line = _first_line(entry)
    yield from _python_of(gimp, one, line)
    client = Path(pluripaint_client.__file__).parent
    if _differs(one.plug_in, gimp.contents(client=client), gimp, line):
        yield Finding("bad", f"{one.plug_in} is of another version than this program.", _AGAIN)
    yield from _scripts(gimp, one, line)
    yield from _sandbox.faults(one.how, gimp.FLATPAK, "gimp")
    taken = _taken_by_gimp(one, entry)
    if taken is False:
        yield Finding(
            "bad",
            f"it was started on {_last(one.profile)} and did not take the plug-in.",
            "Start it from a terminal with --verbose: it says there why.",
        )


def _not_in_place(gimp: Any, one: Any) -> Iterator[Finding]:
    plug_ins = one.plug_in.parent
    strays = [plug_ins / f"{gimp.NAME}.py", *plug_ins.glob(f"*/{gimp.NAME}.py")]
    stray = next((file for file in strays if file.is_file()), None)
    if stray:
        yield Finding("bad", f"the plug-in lies in {stray.parent}, where GIMP does not look for it.", _AGAIN)
    elif one.would_migrate:
        yield Finding("note", "never started", "Start it once, then run the installer again.")
    else:
        yield Finding(
            "note", f"no plug-in in {plug_ins}", f"Run the installer again, with --editors {one.name}."
        )


def _first_line(entry: Path) -> str:
    with entry.open(encoding="utf-8", errors="replace") as file:
        return file.readline()[2:].strip()


def _python_of(gimp: Any, one: Any, line: str) -> Iterator[Finding]:
    """Whether the Python that the first line names is there and has what the window needs."""
    if line == gimp.ENV_PYTHON and one.how != "native":
        return  # the sandbox's or the AppImage's own, which nobody can ask from outside
    program = shutil.which("python3") if line == gimp.ENV_PYTHON else line
    python = gimp.look_at(program) if program else None
    if python is None:
        yield Finding("bad", f"the plug-in is run by {line}, which does not run.", _AGAIN)
    elif not python.gtk:
        packages = gimp.missing_packages(python)
        if one.version == "2.10":
            what = (
                f"{line} has no GTK 3, so that there is no window, only Generate Variations (last settings)"
            )
            yield Finding("note", what, f"Install {packages}, then run the installer again.")
        else:
            yield Finding(
                "bad", f"{line} has no GTK 3.", f"Install {packages}, then run the installer again."
            )


def _scripts(gimp: Any, one: Any, own: str) -> Iterator[Finding]:
    """Whether third-party gimpfu scripts find a Python and the shim; ``own`` is the plug-in's Python, told apart."""
    files = gimp.script_files(one)
    if not files:
        return
    if not all(file.is_file() for file in files):
        yield Finding("note", "old gimpfu scripts find no Python", _AGAIN)
        return
    words = [
        line.partition("=")[2].strip() for file in files for line in file.read_text("utf-8").splitlines()
    ]
    places = [word for word in words if word != own and Path(word).is_absolute()]
    gone = next((place for place in places if not Path(place).exists()), None)
    if gone:
        yield Finding("bad", f"old gimpfu scripts are sent to {gone}, which is gone.", _AGAIN)


def _taken_by_gimp(one: Any, entry: Path) -> bool | None:
    """Whether GIMP took the plug-in when it looked at its plug-ins; ``None`` where it has not looked since."""
    list_of_plug_ins = one.profile / "pluginrc"
    if not list_of_plug_ins.is_file() or _newest(one.profile) < entry.stat().st_mtime:
        return None
    return f"{entry.parent.name}/{entry.name}" in list_of_plug_ins.read_text("utf-8", "replace")


def _gimp_told(one: Any) -> str:
    entry = one.plug_in / "pluripaint.py"
    words = f"run by {_first_line(entry)}"
    if _taken_by_gimp(one, entry):
        return f"{words}, taken by GIMP, last started {_last(one.profile)}"
    return f"{words}; GIMP was not started since it was put there"


def _newest(profile: Path) -> float:
    found = [file.stat().st_mtime for name in _GIMP_TRACES if (file := profile / name).is_file()]
    return max(found, default=0.0)


def _last(profile: Path) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(_newest(profile)))


# ------------------------------------------------------------------------------------------------ Krita


def _krita_faults(krita: Any, one: Any) -> Iterator[Finding]:
    if one.lacks_python:
        yield Finding("bad", "runs no Python plug-in, since PyQt is missing.", "Install python3-pyqt5.")
    folder = one.data / "pykrita" / krita.NAME
    desktop = folder.with_suffix(".desktop")
    if not folder.is_dir() and not desktop.is_file():
        yield Finding(
            "note", f"no plug-in in {folder.parent}", "Run the installer again, with --editors krita."
        )
        return
    if not (folder / "__init__.py").is_file() or not desktop.is_file():
        yield Finding(
            "bad", f"{desktop.name} and its folder are not side by side in {folder.parent}.", _AGAIN
        )
        return
    if _differs(one.data, krita.contents()):
        yield Finding("bad", f"{folder} is of another version than this program.", _AGAIN)
    if not krita.is_on(one.config):
        yield Finding("bad", f"{one.config} does not switch the plug-in on.", _TICK)
    yield from _sandbox.faults(one.how, krita.FLATPAK, "krita")


def _krita_told(krita: Any, one: Any) -> str:
    folder = one.data / "pykrita" / krita.NAME
    compiled = max((file.stat().st_mtime for file in folder.glob("__pycache__/*.pyc")), default=0.0)
    if compiled >= (folder / "__init__.py").stat().st_mtime:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(compiled))
        return f"switched on, first loaded by Krita {when}"
    return "switched on; Krita was not started since it was put there"


# ------------------------------------------------------------------------------------------------ both


def _differs(folder: Path, contents: Iterable[tuple[Path, str]], gimp: Any = None, line: str = "") -> bool:
    """Whether a file of the plug-in is missing in ``folder`` or is not the one that this program came with."""
    for source, place in contents:
        wanted = source.read_bytes()
        if gimp is not None and place == f"{gimp.NAME}.py":
            wanted = gimp.entry_text(source, line).encode()
        there = folder / place
        if not there.is_file() or there.read_bytes() != wanted:
            return True
    return False
