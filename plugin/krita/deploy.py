"""Find this user's Kritas, put the plug-in where they look, switch it on, take it away again; or pack the zip that
Krita's own importer takes (``pluripaint krita-zip`` does the same from an installation).

Standard library only: the installer and ``pluripaint doctor`` load this file by its path; by hand::

    python deploy.py install [--data FOLDER] [--config kritarc]
    python deploy.py remove  [--data FOLDER] [--config kritarc]
    python deploy.py zip pluripaint-krita.zip
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

NAME = "pluripaint_krita"
HERE = Path(__file__).resolve().parent
FLATPAK = "org.kde.krita"
_OWN_SETTINGS = "[pluripaint]"
_SKIPPED = ("__pycache__", ".mypy_cache", ".ruff_cache")


class DeployError(Exception):
    """Nothing was changed; the text is a sentence with the next step."""


class Home(NamedTuple):
    """One Krita of this user.

    ``how``: ``native`` (on PATH), ``flatpak``, ``snap``, or ``folder``: settings alone, as an AppImage has them;
    ``data``: its resource folder, which holds ``pykrita``; ``config``: its kritarc; ``program``: the native one's path.
    """

    how: str
    data: Path
    config: Path
    program: str = ""

    @property
    def name(self) -> str:
        return "krita"

    @property
    def title(self) -> str:
        return "Krita" + ("" if self.how == "native" else f" ({self.how})")

    @property
    def sandboxed(self) -> bool:
        """It may start nothing outside."""
        return self.how in ("flatpak", "snap")

    @property
    def lacks_python(self) -> bool:
        """A distribution's Krita runs Python plug-ins with the system's PyQt, which it may have come without."""
        python = "/usr/bin/python3"
        if not self.program.startswith(("/usr/bin/", "/bin/")) or not os.access(python, os.X_OK):
            return False
        code = "try:\n import PyQt5.QtCore\nexcept ImportError:\n import PyQt6.QtCore"
        try:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            return (
                subprocess.run([python, "-E", "-s", "-c", code], timeout=60, check=False, **quiet).returncode
                != 0
            )
        except (OSError, subprocess.TimeoutExpired):
            return False


def find(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> list[Home]:
    """Every Krita of this user."""
    data, config = data_folder(environ, home, platform), config_file(environ, home, platform)
    program = shutil.which("krita", path=environ.get("PATH", "")) or ""
    found = []
    if program or os.path.isdir(data) or os.path.isfile(config):
        found.append(Home("native" if program else "folder", data, config, program))
    own = home / ".var" / "app" / FLATPAK
    installed = (home / ".local" / "share" / "flatpak" / "app", Path("/var/lib/flatpak/app"))
    if os.path.isdir(own) or any(os.path.isdir(base / FLATPAK / "current") for base in installed):
        found.append(Home("flatpak", own / "data" / "krita", own / "config" / "kritarc"))
    snap = home / "snap" / "krita" / "current"
    if os.path.isdir(snap):
        found.append(Home("snap", snap / ".local" / "share" / "krita", snap / ".config" / "kritarc"))
    return found


def data_folder(
    environ: Mapping[str, str] = os.environ, home: Path | None = None, platform: str = sys.platform
) -> Path:
    """Krita's resource folder for this user on this system (native packages)."""
    home = home or Path.home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "krita"
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "krita"
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "krita"


def config_file(
    environ: Mapping[str, str] = os.environ, home: Path | None = None, platform: str = sys.platform
) -> Path:
    """Krita's kritarc for this user on this system (native packages)."""
    home = home or Path.home()
    if platform == "darwin":
        return home / "Library" / "Preferences" / "kritarc"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "kritarc"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "kritarc"


def running(config: Path) -> bool:
    """Whether a Krita runs that will write this kritarc when it ends.

    On Linux a process is told by its name and its environment; one that lets nobody look counts. Elsewhere every
    Krita counts.
    """
    if sys.platform.startswith("linux"):
        return any(_keeps_settings_in(process, config) for process in Path("/proc").glob("[0-9]*"))
    command = ["pgrep", "-x", "krita"]
    if sys.platform == "win32":
        command = ["tasklist", "/FI", "IMAGENAME eq krita.exe"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return done.returncode == 0 and (sys.platform != "win32" or b"krita.exe" in done.stdout)


def _keeps_settings_in(process: Path, config: Path) -> bool:
    try:
        if process.stat().st_uid != os.getuid() or (process / "comm").read_text("utf-8").strip() != "krita":
            return False
    except (OSError, ValueError):
        return False
    try:
        pairs = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return True
    environ = dict(os.fsdecode(pair).partition("=")[::2] for pair in pairs if b"=" in pair)
    theirs = config_file(environ, Path(environ.get("HOME") or Path.home()))
    return os.path.realpath(theirs) == os.path.realpath(config)


def client_folder() -> Path:
    """The client package that goes along: beside this folder in a checkout, or as Python imports it.

    Raises:
        DeployError: it is nowhere.
    """
    beside = HERE.parent / "pluripaint_client"
    if beside.is_dir():
        return beside
    from importlib.util import find_spec

    found = find_spec("pluripaint_client")
    if found is not None and found.origin:
        return Path(found.origin).parent
    raise DeployError("The package pluripaint_client is missing; install pluripaint again.")


def contents() -> Iterator[tuple[Path, str]]:
    """Every file of the plug-in: where it is, and its path below Krita's ``pykrita`` or ``actions`` parent."""
    yield HERE / f"{NAME}.desktop", f"pykrita/{NAME}.desktop"
    yield HERE / "actions" / f"{NAME}.action", f"actions/{NAME}.action"
    for path in _files(HERE / NAME):
        if "vendor" not in path.relative_to(HERE / NAME).parts:
            yield path, f"pykrita/{NAME}/{path.relative_to(HERE / NAME).as_posix()}"
    client = client_folder()
    for path in _files(client):
        inner = path.relative_to(client).as_posix()
        yield path, f"pykrita/{NAME}/vendor/pluripaint_client/{inner}"


def install(data: Path | None = None, config: Path | None = None, switch_on: bool = True) -> list[Path]:
    """Install or update, and switch on. The old version stays until the new one is whole.

    Args:
        data: Krita's resource folder (holds ``pykrita``); ``None``: the native one.
        config: kritarc; ``None``: the native one. **Krita must not be running**: it writes this file on exit.
        switch_on: whether kritarc is touched at all.

    Returns:
        What was written, for an uninstaller's list.

    Raises:
        DeployError: a folder cannot be written.
    """
    data, config = data or data_folder(), config or config_file()
    pykrita = data / "pykrita"
    fresh, final, old = (pykrita / f"{NAME}{suffix}" for suffix in (".new", "", ".old"))
    written = [final, pykrita / f"{NAME}.desktop", data / "actions" / f"{NAME}.action"]
    try:
        for folder in (fresh, old):
            shutil.rmtree(folder, ignore_errors=True)
        fresh.mkdir(parents=True)
        loose = []
        for source, place in contents():
            inside = Path(place).parts
            if inside[:2] == ("pykrita", NAME):
                _copy(source, fresh.joinpath(*inside[2:]))
            else:
                loose.append((source, data.joinpath(*inside)))
        if final.exists():
            final.rename(old)
        try:
            fresh.rename(final)
        except OSError:
            if old.exists():
                old.rename(final)
            raise
        for source, target in loose:
            _copy(source, target)
        shutil.rmtree(old, ignore_errors=True)
        if switch_on and not is_on(config):
            switch(config, True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DeployError(
            f"Krita's plug-in could not be written to {pykrita} ({error.strerror or error}); "
            "check its rights and the free space."
        ) from None
    return written


def remove(data: Path | None = None, config: Path | None = None) -> None:
    """Take the plug-in away and its lines out of kritarc. What is not there is no error."""
    data, config = data or data_folder(), config or config_file()
    shutil.rmtree(data / "pykrita" / NAME, ignore_errors=True)
    for path in (data / "pykrita" / f"{NAME}.desktop", data / "actions" / f"{NAME}.action"):
        path.unlink(missing_ok=True)
    forget(config)


def is_on(config: Path | None = None) -> bool:
    """Whether kritarc switches the plug-in on."""
    section = ""
    for line in _lines(config or config_file()):
        section = line.strip() if line.strip().startswith("[") else section
        if section == "[python]" and line.replace(" ", "").strip() == f"enable_{NAME}=true":
            return True
    return False


def switch(config: Path, on: bool) -> None:
    """Write ``enable_…`` into the section ``[python]``. Every other line stays as it is, to the byte."""
    entry = f"enable_{NAME}={'true' if on else 'false'}\n"
    kept = _without_entry(_lines(config))
    heads = [k for k, line in enumerate(kept) if line.strip() == "[python]"]
    if heads:
        kept.insert(heads[0] + 1, entry)
    else:
        if kept and not kept[-1].endswith("\n"):
            kept[-1] += "\n"
        kept += [*(["\n"] if kept and kept[-1].strip() else []), "[python]\n", entry]
    _rewrite(config, kept)


def forget(config: Path) -> None:
    """Take the plug-in's line and its own settings out of kritarc; a file that then says nothing goes."""
    before = _lines(config)
    kept = _without_section(_without_entry(before), _OWN_SETTINGS, filled=True)
    kept = _without_section(kept, "[python]", filled=False)
    if kept == before:
        return
    if "".join(kept).strip():
        _rewrite(config, kept)
    else:
        config.unlink()


def _without_entry(lines: list[str]) -> list[str]:
    return [line for line in lines if line.split("=")[0].strip() != f"enable_{NAME}"]


def _without_section(lines: list[str], head: str, filled: bool) -> list[str]:
    """The lines without a section and the blank line before it; one that holds something only where ``filled``."""
    starts = [k for k, line in enumerate(lines) if line.strip() == head]
    if not starts:
        return lines
    start = starts[0]
    end = next((k for k in range(start + 1, len(lines)) if lines[k].startswith("[")), len(lines))
    if not filled and any(line.strip() for line in lines[start + 1 : end]):
        return lines
    if end == len(lines) and start and not lines[start - 1].strip():
        start -= 1
    return lines[:start] + lines[end:]


def _lines(config: Path) -> list[str]:
    """kritarc's lines with their ends; none where there is no file."""
    try:
        with config.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return list(file)
    except FileNotFoundError:
        return []


def _rewrite(config: Path, lines: list[str]) -> None:
    config = Path(os.path.realpath(config))  # a link into somebody's collection of settings stays one
    config.parent.mkdir(parents=True, exist_ok=True)
    partial = config.with_name(config.name + ".pluripaint")
    with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.writelines(lines)
    partial.chmod(0o600)  # as Krita makes it
    if config.exists():
        shutil.copymode(config, partial)
    partial.replace(config)


def pack(target: Path) -> Path:
    """The zip for *Tools → Scripts → Import Python Plugin from File…*: the .desktop file, its folder, the actions."""
    partial = target.with_name(target.name + ".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        # Krita's importer knows the plug-in's folder by an entry of its own.
        archive.writestr(_entry(f"{NAME}/", 0o40755), b"")
        for source, place in sorted(contents(), key=lambda entry: entry[1]):
            inner = place[len("pykrita/") :] if place.startswith("pykrita/") else place
            archive.writestr(_entry(inner, 0o100644), source.read_bytes())
    partial.replace(target)
    return target


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    """With a fixed date: the same files make the same zip."""
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = mode << 16
    return entry


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part in _SKIPPED for part in path.parts) and path.suffix != ".pyc":
            yield path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    shutil.copyfile(source, partial)
    partial.replace(target)


def main(arguments: list[str] | None = None) -> int:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description="Krita's part of pluripaint")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("install", "remove"):
        one = verbs.add_parser(verb)
        one.add_argument("--data", type=Path, help="Krita's resource folder")
        one.add_argument("--config", type=Path, help="kritarc")
    verbs.add_parser("zip").add_argument("target", type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.verb == "install":
            print("\n".join(str(path) for path in install(given.data, given.config)))
        elif given.verb == "remove":
            remove(given.data, given.config)
        else:
            print(pack(given.target))
    except DeployError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
