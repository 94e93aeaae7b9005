"""Where a start at login of the daemon may lie, and what it says."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from pluripaint_client import connection


def files() -> list[Path]:
    """Every unit, desktop entry and launch agent of ours; none on Windows, where the registry holds it."""
    home = connection.real_home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = [config / "systemd" / "user", config / "autostart", home / "Library" / "LaunchAgents"]
    return [
        file for place in places if place.is_dir() for file in place.glob("*pluripaint*") if file.is_file()
    ]


def works() -> bool:
    """Whether one of them starts the daemon, as far as can be seen."""
    return any(Path(program_of(file)).is_file() and not switched_off(file) for file in files())


def switched_off(unit: Path) -> bool:
    """Whether systemd says so of a unit of ours; other kinds of login start have no such switch."""
    if unit.suffix != ".service" or not shutil.which("systemctl"):
        return False
    command = ["systemctl", "--user", "is-enabled", unit.name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == "disabled"


def program_of(file: Path) -> str:
    """The daemon's program in a systemd unit, desktop entry or launch agent; empty where it cannot be told."""
    words: list[str] = []
    try:
        if file.suffix == ".plist":
            words = [str(word) for word in plistlib.loads(file.read_bytes()).get("ProgramArguments", [])]
        else:
            # On top of the quoting: a unit doubles dollars, a desktop entry backslashes, both per cent signs.
            doubled = "$" if file.suffix == ".service" else "\\"
            for line in file.read_text("utf-8", "replace").splitlines():
                if line.startswith(("ExecStart=", "Exec=")):
                    text = line.partition("=")[2].replace("%%", "%").replace(doubled * 2, doubled)
                    words = [re.sub(r"\\([$`])", r"\1", word) for word in shlex.split(text)]
    except (OSError, ValueError):
        return ""
    # A shell or env may stand before it.
    return next((word for word in words if "pluripaint-daemon" in word), "")
