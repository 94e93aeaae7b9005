"""The Python scripts that GIMP 2.10 itself came with: from its Debian source package, never part of this repository.

They are GPL and belong to their authors. They are fetched once with apt, in a configuration of its own that needs no
root, and kept outside the clone. ``PLURIPAINT_PYGIMP`` names a folder that holds them already.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

PLACE = "/plug-ins/pygimp/plug-ins/"
_SUITE = "bookworm"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")


class Unreachable(Exception):
    """The scripts cannot be had; one sentence says why."""


def scripts() -> Path:
    """The folder that holds the scripts.

    Raises:
        Unreachable: apt, its mirror or the named folder is missing.
    """
    named = os.environ.get("PLURIPAINT_PYGIMP")
    if named:
        if not (Path(named) / "foggify.py").is_file():
            raise Unreachable(f"PLURIPAINT_PYGIMP names {named}, where GIMP 2.10's Python scripts are not.")
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pluripaint-tests"
    folder = cache / "pygimp-2.10"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "pygimp-2.10.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            making = cache / "pygimp-2.10.making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            _extract(_download(making), making / "scripts")
            (making / "scripts").rename(folder)
            shutil.rmtree(making)
    return folder


def _mirror() -> str:
    """The Debian mirror of this system's own apt."""
    files = [Path(_SOURCES[0]), *sorted(Path(_SOURCES[1]).glob("*"))]
    text = "\n".join(file.read_text(errors="replace") for file in files if file.is_file())
    found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+/debian)/*(?:\s|$)", text, re.MULTILINE)
    return os.environ.get("MIRROR") or (found[1] if found else "http://deb.debian.org/debian")


def _download(folder: Path) -> Path:
    """Fetches the source package into ``folder``; the archive of the original source."""
    if not shutil.which("apt-get") or not _KEYRING.exists():
        raise Unreachable(
            "GIMP 2.10's own Python scripts come from its Debian source package: apt is not here."
        )
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb-src [signed-by={_KEYRING}] {_mirror()} {_SUITE} main\n")
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Retries": "5",
        "APT::Sandbox::User": "",
    }
    options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
    for command in (["update"], ["source", "--download-only", "gimp"]):
        done = subprocess.run(
            ["apt-get", "-q", *options, *command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            why = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise Unreachable(f"GIMP 2.10's source package cannot be fetched: {' '.join(why)}")
    return next(folder.glob("gimp_2.10*.orig.tar.*"))


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(archive) as package:
        for member in package:
            if PLACE in member.name and member.name.endswith(".py"):
                source = package.extractfile(member)
                assert source
                (folder / Path(member.name).name).write_bytes(source.read())
