"""The environment variables that child processes get: an active virtual environment, PYTHONPATH or a pip
setting must not redirect where things go, while the user's package index, proxy and certificates must keep
working."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

# What says where packages come from. Everything else pip can be told (target, prefix, user, root, no-deps …)
# is ours.
SOURCES = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "constraint",
    "cert",
    "client-cert",
    "trusted-host",
    "proxy",
    "timeout",
    "default-timeout",
    "retries",
    "cache-dir",
    "keyring-provider",
)


def pip_files(environ: Mapping[str, str], home: Path, system: str) -> list[Path]:
    """pip's configuration files, weakest first, as pip itself finds them."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    if system == "windows":
        shared = [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "pip" / "pip.ini"]
        own = [home / "pip" / "pip.ini", Path(environ.get("APPDATA", home)) / "pip" / "pip.ini"]
        site = Path(sys.base_prefix) / "pip.ini"
    elif system == "macos":
        shared = [Path("/Library/Application Support/pip/pip.conf")]
        own = [
            home / ".pip/pip.conf",
            home / "Library/Application Support/pip/pip.conf",
            home / ".config/pip/pip.conf",
        ]
        site = Path(sys.base_prefix) / "pip.conf"
    else:
        folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        shared = [Path(folder) / "pip" / "pip.conf" for folder in folders.split(":") if folder]
        shared += [Path("/etc/pip.conf")]
        own = [
            home / ".pip/pip.conf",
            Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf",
        ]
        site = Path(sys.base_prefix) / "pip.conf"
    return [*shared, *own, site, *([Path(named)] if named else [])]


def pip_settings(environ: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """Where the user's pip takes packages from: option name to value; files first, then PIP_* variables, as
    in pip."""
    settings: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, configparser.Error):
            continue
        for section in ("global", "download", "wheel", "install"):
            if parser.has_section(section):
                found = {key.replace("_", "-"): value for key, value in parser.items(section)}
                settings.update({key: value for key, value in found.items() if key in SOURCES and value})
    for key in SOURCES:
        value = environ.get("PIP_" + key.upper().replace("-", "_"))
        if value:
            settings[key] = value
    return settings


def child_environment(environ: Mapping[str, str], settings: Mapping[str, str], **more: str) -> dict[str, str]:
    """A copy of ``environ`` in which Python and pip do what we say, with the user's package sources."""
    dropped = ("PYTHON", "PIP_", "VIRTUAL_ENV", "CONDA_", "__PYVENV", "_PYI")
    child = {key: value for key, value in environ.items() if not key.startswith(dropped)}
    for key, value in settings.items():
        child["PIP_" + key.upper().replace("-", "_")] = value
    child.update(
        PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PYTHONNOUSERSITE="1"
    )
    child.update(more)
    return child
