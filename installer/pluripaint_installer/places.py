"""Where things lie on each system: platformdirs' rules in the few lines the installer needs.

``pluripaint.folders`` asks platformdirs itself; a test holds the two against each other.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "pluripaint"


@dataclass(frozen=True)
class Places:
    """Folders of one installation.

    ``prefix`` holds the environments, the ``current`` link and the manifest; ``data`` the user's weights and
    the sample; ``connection`` the connection file and launch.json; ``config`` is the system's folder for
    login starts. ``private`` is PLURIPAINT_HOME where that is set: then everything lies there, apart from any
    other installation.
    """

    system: str
    home: Path
    prefix: Path
    data: Path
    connection: Path
    config: Path
    logs: Path
    cache: Path
    private: str | None = None

    @property
    def unit_name(self) -> str:
        """Name of the login start; a private installation has its own."""
        if self.private is None:
            return NAME
        return f"{NAME}-{hashlib.sha256(self.private.encode()).hexdigest()[:8]}"

    @property
    def current(self) -> Path:
        """Link to the environment in use (Windows: a text file with its name)."""
        return self.prefix / ("current.txt" if self.system == "windows" else "current")

    @property
    def manifest(self) -> Path:
        return self.prefix / "install-manifest.json"

    @property
    def launch(self) -> Path:
        return self.connection / "launch.json"


def system_name(platform: str = sys.platform) -> str:
    return {"darwin": "macos", "win32": "windows"}.get(platform, "linux")


def account_home() -> Path:
    """The home folder that the password database names: a sandbox may have set another HOME."""
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        return Path.home()


def find(
    system: str, environ: Mapping[str, str], home: Path, account: Path, prefix: str | None = None
) -> Places:
    """The folders for ``system`` ("linux", "macos" or "windows") under the given environment; ``account``:
    home by the password database."""

    def xdg(variable: str, default: str) -> Path:
        value = environ.get(variable, "").strip()
        return Path(value) if value else home / default

    if system == "windows":
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        data = connection = local / NAME
        config, logs, cache = data, data / "Logs", data / "Cache"
    elif system == "macos":
        library = home / "Library"
        data = xdg("XDG_DATA_HOME", "Library/Application Support") / NAME
        connection = account / "Library" / "Application Support" / NAME
        config, logs = library, library / "Logs" / NAME
        cache = xdg("XDG_CACHE_HOME", "Library/Caches") / NAME
    else:
        data = xdg("XDG_DATA_HOME", ".local/share") / NAME
        connection = account / ".local" / "share" / NAME
        config = xdg("XDG_CONFIG_HOME", ".config")
        logs = xdg("XDG_STATE_HOME", ".local/state") / NAME / "log"
        cache = xdg("XDG_CACHE_HOME", ".cache") / NAME
    private = environ.get("PLURIPAINT_HOME") or None
    if private:
        private = os.path.abspath(private)
        data = connection = Path(private)
        logs, cache = data / "logs", data / "cache"
    chosen = Path(os.path.abspath(prefix)) if prefix else data
    return Places(system, home, chosen, data, connection, config, logs, cache, private)
