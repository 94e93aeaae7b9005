"""Finds this user's GIMPs and puts the plug-in into their profiles: ``plug-ins/pluripaint/pluripaint.py``.

Its packages, its own copy of the client and the gimpfu shim lie beside it. Standard library only: the installer and
``pluripaint doctor`` load this file by its path; by hand::

    python deploy.py PROFILE [PYTHON]

GIMP takes a plug-in only from a folder of its own name and with the run bit set.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAME = "pluripaint"
HERE = Path(__file__).resolve().parent
FLATPAK = "org.gimp.GIMP"
ENV_PYTHON = "/usr/bin/env python3"
OLDEST_PYTHON = (3, 8)

OWN_FOLDERS = (
    *("brushes", "curves", "dynamics", "environ", "filters", "fonts", "fractalexplorer", "gfig", "gflare"),
    *("gimpressionist", "gradients", "icons", "interpreters", "levels", "modules", "palettes", "patterns"),
    *("plug-ins", "scripts", "templates", "themes", "tmp", "tool-presets"),
)
"""What GIMP makes in its profile at its first start. It makes nothing in a profile that is there already, and complains
as it ends; whoever makes a profile makes these."""

_SKIPPED = ("__pycache__", ".mypy_cache", ".ruff_cache")
_SYSTEM_FLATPAKS = Path("/var/lib/flatpak")
_LONGEST_LINE = 120  # what every kernel takes of a first line
_PROBE = """
import sys
gi = gtk = 0
try:
    import gi as one
    gi = 1
    one.require_version("Gtk", "3.0")
    # As the import does, but that would start GTK, which makes folders in the home.
    one.Repository.get_default().require("Gtk", "3.0", 0)
    gtk = 1
except Exception:
    pass
print(sys.executable, sys.version_info[0], sys.version_info[1], int(sys.prefix != sys.base_prefix), gi, gtk, sep="\\n")
"""


class Home(NamedTuple):
    """One GIMP of this user.

    ``version``: its profile folder's name, ``2.10``; ``how``: ``native`` (on PATH), ``flatpak``, ``snap``, or
    ``folder``: a profile alone, as an AppImage has it; ``program``: the native one's path; ``own_gimpfu``: it brings
    Python 2 scripting of its own, which must be left alone.
    """

    version: str
    how: str
    profile: Path
    program: str = ""
    own_gimpfu: bool = False

    @property
    def name(self) -> str:
        return f"gimp-{self.version}"

    @property
    def title(self) -> str:
        return f"GIMP {self.version}" + ("" if self.how == "native" else f" ({self.how})")

    @property
    def plug_in(self) -> Path:
        """Where the plug-in belongs."""
        return self.profile / "plug-ins" / NAME

    @property
    def sandboxed(self) -> bool:
        """It sees its own Python only and may start nothing outside."""
        return self.how in ("flatpak", "snap")

    @property
    def would_migrate(self) -> bool:
        """Never started, and an older GIMP's settings lie beside: GIMP takes those over only while it has no folder."""
        older = (one for one in _profiles(self.profile.parent) if _number(one.name) < _number(self.version))
        return not os.path.isdir(self.profile) and next(older, None) is not None


class Python(NamedTuple):
    """A Python as the first line names it, and what it can import."""

    path: str
    gi: bool
    gtk: bool


# ------------------------------------------------------------------------------------------------ which GIMPs


def find(environ: Mapping[str, str], home: Path, platform: str = sys.platform) -> list[Home]:
    """Every GIMP that this plug-in can serve (2.10, 3.0 and later), each profile once."""
    found: dict[str, Home] = {}
    for one in _candidates(environ, home, platform):
        found.setdefault(os.path.realpath(one.profile), one)
    return list(found.values())


def _candidates(environ: Mapping[str, str], home: Path, platform: str) -> Iterator[Home]:
    shared = _profile_root(environ, home, platform)
    programs = _programs(environ.get("PATH", ""))
    for version, program in programs.items():
        prefix = Path(os.path.realpath(program)).parent.parent
        yield Home(version, "native", shared / version, program, _brings_gimpfu(prefix))
    application = _flatpak(home)
    files = application / "files" if application else None
    own_gimpfu = files is not None and _brings_gimpfu(files)
    for profile in _profiles(home / ".var" / "app" / FLATPAK / "config" / "GIMP"):
        yield Home(profile.name, "flatpak", profile, "", own_gimpfu)
    if application:
        version = _flatpak_version(application)
        sees_ours = "xdg-config/GIMP" in _read(application / "metadata")
        root = shared if sees_ours else home / ".var" / "app" / FLATPAK / "config" / "GIMP"
        if _served(version):
            yield Home(version, "flatpak", root / version, "", own_gimpfu)
    for part in ("current", "common"):
        for profile in _profiles(home / "snap" / "gimp" / part / ".config" / "GIMP"):
            yield Home(profile.name, "snap", profile, "", profile.name == "2.10")
    for profile in _profiles(shared):
        yield Home(profile.name, "folder", profile, "", profile.name == "2.10")


def _profile_root(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "darwin":
        return home / "Library" / "Application Support" / "GIMP"
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "GIMP"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "GIMP"


def _profiles(root: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return
    for name in names:
        if _served(name) and os.path.isdir(root / name):
            yield root / name


def _served(version: str) -> bool:
    if not re.fullmatch(r"\d+\.\d+", version):
        return False
    return _number(version) == (2, 10) or _number(version) >= (3, 0)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _programs(path: str) -> dict[str, str]:
    """Version → program: each ``gimp-N.N`` on PATH; where there is none, a bare ``gimp`` is asked for its version."""
    found: dict[str, str] = {}
    for folder in filter(None, path.split(os.pathsep)):
        for program in sorted(Path(folder).glob("gimp-*")):
            version = program.name[5:].replace(".exe", "")
            if _served(version) and os.access(program, os.X_OK):
                found.setdefault(version, str(program))
    bare = shutil.which("gimp", path=path) if not found else None
    if bare:
        with tempfile.TemporaryDirectory() as home:  # even so little makes folders there
            told = re.search(r"(\d+\.\d+)\.\d+", _said([bare, "--version"], HOME=home))
        if told and _served(told.group(1)):
            found[told.group(1)] = bare
    return found


def _brings_gimpfu(prefix: Path) -> bool:
    """Whether a GIMP 2.10 below this prefix still has Python 2's gimpfu."""
    return any(
        next(prefix.glob(f"{library}/gimp/2.0/python/gimpfu.py*"), None) for library in ("lib*", "lib/*")
    )


def _flatpak(home: Path) -> Path | None:
    """The installed flatpak's folder."""
    for base in (home / ".local" / "share" / "flatpak", _SYSTEM_FLATPAKS):
        active = base / "app" / FLATPAK / "current" / "active"
        if os.path.isdir(active):
            return active
    return None


def _flatpak_version(application: Path) -> str:
    """``3.0`` by the newest release that its description names; empty where it cannot be told."""
    for file in sorted((application / "files" / "share").glob("*/*.xml")):
        told = re.search(r'<release\b[^>]*\bversion="(\d+\.\d+)', _read(file))
        if file.parent.name in ("metainfo", "appdata") and told:
            return told.group(1)
    return ""


# ------------------------------------------------------------------------------------------------ which Python


def find_python(path: str) -> Python | None:
    """The first Python that imports ``gi`` and Gtk 3.0; else the first with ``gi``; else the first at all.

    The system's own comes first: an editor's libraries were built beside it, and it outlives what lies on PATH.
    """
    found = []
    for program in _pythons(path):
        python = look_at(program)
        if python and python.gtk:
            return python
        if python:
            found.append(python)
    return max(found, key=lambda one: one.gi, default=None)


def _pythons(path: str) -> Iterator[str]:
    seen = set()
    folders = ["/usr/bin", *filter(None, path.split(os.pathsep)), "/usr/local/bin"]
    for name in ("python3", *(f"python3.{minor}" for minor in range(14, OLDEST_PYTHON[1] - 1, -1))):
        for folder in folders:
            program = os.path.join(folder, name)
            real = os.path.realpath(program)
            if os.access(program, os.X_OK) and os.path.isfile(program) and real not in seen:
                seen.add(real)
                yield program


def look_at(program: str) -> Python | None:
    """What a Python can import; ``None`` where it is too old, a virtual environment's, or unfit for a first line."""
    said = _said([program, "-c", _PROBE]).splitlines()
    if len(said) < 6:
        return None
    path, major, minor, virtual, gi, gtk = said[-6:]
    unfit = not os.path.isabs(path) or len(path.encode()) > _LONGEST_LINE or any(map(str.isspace, path))
    if unfit or virtual == "1" or (int(major), int(minor)) < OLDEST_PYTHON:
        return None
    return Python(path, gi == "1", gtk == "1")


def missing_packages(python: Python | None) -> str:
    """What this system calls the packages that the window lacks; empty when nothing is missing."""
    missing = _beside("pluripaint_gimp/gtk_packages.py").missing
    return str(missing(python is not None and python.gi, python is not None and python.gtk))


def first_line(home: Home, python: Python | None) -> str:
    """What follows ``#!``: an absolute path, or the Python that a GIMP with its own brings along."""
    if python is None or home.sandboxed or (home.how == "folder" and home.version != "2.10"):
        return ENV_PYTHON
    return python.path


def _said(command: list[str], **more: str) -> str:
    """What a program prints, in an environment that no virtual environment redirects; empty when it fails."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    try:
        done = subprocess.run(
            command, env={**environment, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


# ------------------------------------------------------------------------------------------------ putting it in


def contents(sources: Path | None = None, client: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Every file of the plug-in: where it is, and its path in the plug-in's folder.

    ``sources``: folder with ``gimp``, default: the one this file lies in; ``client``: the client's package, default:
    beside it.
    """
    sources = sources or HERE.parent
    yield sources / "gimp" / "entry.py", f"{NAME}.py"
    for folder, inside in (
        (sources / "gimp" / "pluripaint_gimp", "pluripaint_gimp"),
        (client or sources / "pluripaint_client", "pluripaint_client"),
        (sources / "gimp" / "shim", "shim"),
    ):
        for path in sorted(folder.rglob("*")):
            known = path.suffix not in (".pyc", ".po", ".pot") and not set(_SKIPPED) & set(path.parts)
            if path.is_file() and known:
                yield path, f"{inside}/{path.relative_to(folder).as_posix()}"


def entry_text(source: Path, line: str) -> str:
    """The plug-in's entry with its own first line."""
    return "\n".join([f"#!{line}", *source.read_text(encoding="utf-8").splitlines()[1:], ""])


def deploy(profile: Path, python: str, sources: Path | None = None) -> Path:
    """Installs or updates the plug-in in a GIMP profile (the folder that holds ``plug-ins``).

    The new folder is made beside the old one and takes its place by rename.

    Args:
        python: what the interpreter line names: the absolute path of the Python that runs it, as GIMP sees it.
        sources: folder with ``gimp`` and ``pluripaint_client``; default: where this file lies.

    Returns:
        The plug-in's folder.

    Raises:
        OSError: the profile cannot be written; the old version is still there.
    """
    plug_ins = profile / "plug-ins"
    plug_ins.mkdir(parents=True, exist_ok=True)
    target = plug_ins / NAME
    # The folders beside it start with a dot: GIMP searches every other one for plug-ins.
    making, old = plug_ins / f".{NAME}.new", plug_ins / f".{NAME}.old"
    for left_over in (making, old):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        _fill(making, sources, python)
        if target.exists():
            target.rename(old)
        making.rename(target)
    except OSError:
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(making, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return target


def _fill(folder: Path, sources: Path | None, python: str) -> None:
    for source, place in contents(sources):
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if place == f"{NAME}.py":
            target.write_text(entry_text(source, python), encoding="utf-8")
            target.chmod(0o755)
        else:
            shutil.copyfile(source, target)


def install(home: Home, line: str) -> None:
    """Puts the plug-in in and lets scripts that nobody touched find a Python and ``gimpfu``.

    Raises:
        OSError: the profile cannot be written.
    """
    folder = deploy(home.profile, line)
    if not home.own_gimpfu:
        # A name without a folder is looked for on PATH by GIMP itself.
        python = "python3" if line == ENV_PYTHON else line
        _beside("shim/entries.py").write(home.profile, python, str(folder / "shim"))


def script_files(home: Home) -> list[Path]:
    """The files that let third-party scripts find a Python and ``gimpfu``; none where GIMP brings its own."""
    if home.own_gimpfu:
        return []
    name = _beside("shim/entries.py").NAME
    return [
        home.profile / "interpreters" / f"{name}.interp",
        home.profile / "environ" / f"{name}.env",
    ]


def _beside(file: str) -> Any:
    """A module of the plug-in's, which lies in no package here."""
    spec = importlib.util.spec_from_file_location("pluripaint_beside", HERE / file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def main() -> int:
    """``deploy.py PROFILE [PYTHON]``."""
    if not 2 <= len(sys.argv) <= 3:
        print("usage: deploy.py PROFILE [PYTHON]", file=sys.stderr)
        return 2
    python = sys.argv[2] if len(sys.argv) == 3 else os.path.realpath(sys.executable)
    print(deploy(Path(sys.argv[1]), python))
    return 0


if __name__ == "__main__":
    sys.exit(main())
