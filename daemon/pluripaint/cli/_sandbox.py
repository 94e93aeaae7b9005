"""What an editor in a flatpak or snap needs besides the plug-in: it starts no daemon and sees what it was granted."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path

from pluripaint_client import Client, DaemonError
from pluripaint_client import connection as places

from . import _login
from ._finding import Finding

_SYSTEM_FLATPAKS = Path("/var/lib/flatpak")
_START = "Run “pluripaint daemon start”; the installer without --no-autostart has it start at every login."


def faults(how: str, flatpak: str, snap: str) -> Iterator[Finding]:
    """Why this editor would not reach the daemon, or reach it no longer after the next login.

    Args:
        how: ``flatpak``, ``snap``, or anything else for an editor without a sandbox.
        flatpak: the application's name there; ``snap``: its name as a snap.
    """
    if how == "flatpak":
        yield from _flatpak(flatpak)
    elif how == "snap":
        yield from _snap(snap)
    else:
        return
    if not _daemon_runs():
        yield Finding("bad", "its sandbox keeps it from starting the daemon, which does not run now.", _START)
    elif not _login.works():
        yield Finding(
            "note", "its sandbox keeps it from starting the daemon, which does not start at login", _START
        )


def _daemon_runs() -> bool:
    try:
        with Client.connect(start=False, timeout=1.0):
            return True
    except DaemonError:
        return False


# ------------------------------------------------------------------------------------------------ flatpak


def _flatpak(application: str) -> Iterator[Finding]:
    granted = _granted(application)
    if granted is None:
        return  # settings were left behind; nothing is installed that could be asked
    if "network" not in granted["shared"]:
        yield Finding(
            "bad",
            "its sandbox has no network; without it the daemon, although on this machine, is out of reach.",
            f"Run “flatpak override --user --share=network {application}”.",
        )
    folder = places.folder()
    if not any(_holds(grant, folder) for grant in granted["filesystems"]):
        yield Finding(
            "bad",
            f"its sandbox hides {folder}, where the daemon says how it is reached.",
            f"Run “flatpak override --user --filesystem='{folder}:ro' {application}”.",
        )


def _granted(application: str) -> dict[str, set[str]] | None:
    """What the application may use, by kind: its own wishes, then what the system and the user changed."""
    bases = (_SYSTEM_FLATPAKS, _users_flatpaks())
    wishes = [base / "app" / application / "current" / "active" / "metadata" for base in reversed(bases)]
    installed = next((file for file in wishes if file.is_file()), None)
    if installed is None:
        return None
    granted: dict[str, set[str]] = {"shared": set(), "filesystems": set()}
    overrides = [base / "overrides" / name for base in bases for name in ("global", application)]
    for file in (installed, *overrides):
        told = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            told.read_string(file.read_text("utf-8", "replace"))
        except (OSError, configparser.Error):
            continue
        for kind, held in granted.items():
            for entry in filter(None, told.get("Context", kind, fallback="").split(";")):
                name, _, mode = entry.strip().partition(":")
                if name == "!host" and mode == "reset":
                    held.clear()
                elif name.startswith("!"):
                    held.discard(name[1:])
                else:
                    held.add(name)
    return granted


def _users_flatpaks() -> Path:
    return Path.home() / ".local" / "share" / "flatpak"


def _holds(grant: str, folder: Path) -> bool:
    """Whether a granted place (``host``, ``home``, ``xdg-data/x``, ``~/x``, ``/x``) is this folder or above it."""
    home = Path.home()
    if grant == "host":
        return True
    if grant == "home":
        place = home
    elif grant.startswith("xdg-data"):
        place = home / ".local" / "share" / grant[len("xdg-data") :].strip("/")
    else:
        place = home / grant[2:] if grant.startswith("~/") else home if grant == "~" else Path(grant)
    return place.is_absolute() and folder.is_relative_to(place)


# ------------------------------------------------------------------------------------------------ snap


def _snap(name: str) -> Iterator[Finding]:
    """A snap sees no hidden folders: the daemon writes the way to itself into the snap's own folder as well."""
    copies = [copy for copy in places.snap_copies() if copy.parts[-4] == name]
    for copy in copies:
        try:
            current = places.read(places.folder() / places.FILE)
        except (OSError, places.BadFileError):
            return  # no daemon: said by itself
        try:
            same = places.read(copy) == current
        except (OSError, places.BadFileError):
            same = False
        if not same:
            yield Finding(
                "bad",
                f"{copy}, where it looks for the daemon, does not lead there.",
                f"Make {copy.parent} yours to write, then run “pluripaint daemon restart”.",
            )
