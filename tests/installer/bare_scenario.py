"""What a person does on a bare machine, done inside it: install, look, upgrade, a failed upgrade, uninstall.

    python3 bare_scenario.py WHEELS CHECKOUT BROKEN_CHECKOUT

Runs as an unprivileged user with nothing but Python's standard library. Prints what it saw; any surprise ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

WHEELS, CHECKOUT, BROKEN = sys.argv[1:]
HOME = Path.home()
DATA = HOME / ".local" / "share" / "pluripaint"
PROGRAM = str(HOME / ".local" / "bin" / "pluripaint")


def installer(checkout: str, *options: str) -> subprocess.CompletedProcess[str]:
    began = time.monotonic()
    command = ["python3", f"{checkout}/installer/install.py", "--wheels", WHEELS, *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    print(
        f"$ {' '.join(command)}\n{done.stdout}{done.stderr}→ {done.returncode}, {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return done


def everything() -> dict[str, str]:
    """Each path of the home folder, with the target where it is a link."""
    found = [Path(folder) / name for folder, folders, files in os.walk(HOME) for name in [*folders, *files]]
    return {str(path): os.readlink(path) if path.is_symlink() else "" for path in found}


def settled() -> dict[str, str]:
    """The same without what a running daemon changes by itself."""
    live = ("cache", "logs", "__pycache__", "state")
    return {path: link for path, link in everything().items() if not set(live) & set(Path(path).parts)}


def daemon() -> dict[str, object]:
    subprocess.run([PROGRAM, "daemon", "status"], check=True, stdout=subprocess.DEVNULL)
    return json.loads((DATA / "connection.json").read_text())


def sheet(done: subprocess.CompletedProcess[str]) -> Path:
    path = Path(done.stdout.splitlines()[-1].rpartition(": ")[2])
    assert path.read_bytes().startswith(b"\x89PNG"), path
    return path


assert os.getuid() != 0
before = everything()

done = installer(CHECKOUT)
assert done.returncode == 0
print("contact sheet:", sheet(done), sheet(done).stat().st_size, "bytes")
first, environment = daemon(), os.readlink(DATA / "current")
starts = list((HOME / ".config" / "autostart").glob("*.desktop"))
assert len(starts) == 1, starts

done = installer(CHECKOUT)
assert done.returncode == 0 and sheet(done)
assert os.readlink(DATA / "current") != environment
assert [path.name for path in DATA.glob("env-*")] == [os.readlink(DATA / "current")], (
    "the replaced one is gone"
)
second = daemon()
assert second["pid"] != first["pid"]

whole = settled()
done = installer(BROKEN)
assert done.returncode == 1 and "Traceback" not in done.stderr
assert settled() == whole, set(settled()) ^ set(whole)
assert daemon() == second, "the failed upgrade did not touch the daemon that runs"

done = installer(CHECKOUT, "--uninstall")
assert done.returncode == 0
assert everything() == before, set(everything()) ^ set(before)
for folder in Path("/proc").glob("[0-9]*"):
    try:
        assert b"pluripaint-daemon" not in (folder / "cmdline").read_bytes(), "a daemon is left"
    except (FileNotFoundError, ProcessLookupError):
        continue
print("Nothing is left.")
