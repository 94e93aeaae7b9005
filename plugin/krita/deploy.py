"""Put the plug-in where Krita looks, take it away, switch it on, or pack the zip that Krita's own importer takes.

Standard library only: the installer calls :func:`install` and :func:`remove`; by hand::

    python deploy.py install [--data FOLDER] [--config kritarc]
    python deploy.py remove  [--data FOLDER] [--config kritarc]
    python deploy.py zip pluripaint-krita.zip
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

NAME = "pluripaint_krita"
HERE = Path(__file__).resolve().parent
_SKIPPED = ("__pycache__", ".mypy_cache", ".ruff_cache")


class DeployError(Exception):
    """Nothing was changed; the text is a sentence with the next step."""


def data_folder() -> Path:
    """Krita's resource folder for this user on this system (native packages)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "krita"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming")) / "krita"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "krita"


def config_file() -> Path:
    """Krita's kritarc for this user on this system (native packages)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Preferences" / "kritarc"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "kritarc"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kritarc"


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


def install(data: Path | None = None, config: Path | None = None) -> list[Path]:
    """Install or update, and switch on. The old version stays until the new one is whole.

    Args:
        data: Krita's resource folder (holds ``pykrita``); ``None``: the native one.
        config: kritarc; ``None``: the native one. **Krita must not be running**: it writes this file on exit.

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
        switch(config, True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DeployError(
            f"Krita's plug-in could not be written to {pykrita} ({error.strerror or error}); "
            "check its rights and the free space."
        ) from None
    return written


def remove(data: Path | None = None, config: Path | None = None) -> None:
    """Take the plug-in away and its line out of kritarc. What is not there is no error."""
    data, config = data or data_folder(), config or config_file()
    shutil.rmtree(data / "pykrita" / NAME, ignore_errors=True)
    for path in (data / "pykrita" / f"{NAME}.desktop", data / "actions" / f"{NAME}.action"):
        path.unlink(missing_ok=True)
    if config.exists():
        switch(config, None)


def is_on(config: Path | None = None) -> bool:
    """Whether kritarc switches the plug-in on."""
    path = config or config_file()
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    section = ""
    for line in lines:
        section = line.strip() if line.strip().startswith("[") else section
        if section == "[python]" and line.replace(" ", "") == f"enable_{NAME}=true":
            return True
    return False


def switch(config: Path, on: bool | None) -> None:
    """Write ``enable_…`` into the section ``[python]``; ``None`` takes the line out. Every other line stays."""
    lines = config.read_text("utf-8").splitlines() if config.exists() else []
    key = f"enable_{NAME}"
    kept = [line for line in lines if line.split("=")[0].strip() != key]
    if on is not None:
        entry = f"{key}={'true' if on else 'false'}"
        heads = [k for k, line in enumerate(kept) if line.strip() == "[python]"]
        if heads:
            kept.insert(heads[0] + 1, entry)
        else:
            kept += [*([""] if kept and kept[-1] else []), "[python]", entry]
    config.parent.mkdir(parents=True, exist_ok=True)
    partial = config.with_name(config.name + ".pluripaint")
    partial.write_text("\n".join(kept) + "\n", "utf-8")
    if config.exists():
        shutil.copymode(config, partial)
    partial.replace(config)


def pack(target: Path) -> Path:
    """The zip for *Tools → Scripts → Import Python Plugin from File…*: the .desktop file, its folder, the actions."""
    partial = target.with_name(target.name + ".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for source, place in sorted(contents(), key=lambda entry: entry[1]):
            inner = place[len("pykrita/") :] if place.startswith("pykrita/") else place
            # A fixed date: the same files make the same zip.
            entry = zipfile.ZipInfo(inner, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, source.read_bytes())
    partial.replace(target)
    return target


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
