"""Where the user's own files lie: weights, logs, compiled kernels.

``PLURIPAINT_HOME``, where set, holds them all, so that a test or a second installation keeps to itself.
Otherwise the system's own rules decide (platformdirs).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def _home() -> Path | None:
    home = os.environ.get("PLURIPAINT_HOME")
    return Path(home) if home else None


def data() -> Path:
    """Folder of the installation and of everything the user gave to pluripaint."""
    return _home() or Path(platformdirs.user_data_dir("pluripaint", appauthor=False))


def weights() -> Path:
    """Folder of imported and trained weights, one file and one record each."""
    return data() / "weights"


def logs() -> Path:
    """Folder of the daemon's rotating logs."""
    home = _home()
    return home / "logs" if home else Path(platformdirs.user_log_dir("pluripaint", appauthor=False))


def cache() -> Path:
    """Folder of what can be made again: compiled kernels."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir("pluripaint", appauthor=False))
