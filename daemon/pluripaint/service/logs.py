"""Rotating logs: job names, sizes, times and errors, never picture content or passwords."""

from __future__ import annotations

import logging
import logging.handlers
import os
import traceback
from pathlib import Path
from typing import IO

from pluripaint import folders

LOG = logging.getLogger("pluripaint")

_BYTES, _OLDER = 1 << 20, 3


def file(name: str) -> Path:
    """The log of a part of the daemon: ``daemon`` or ``worker-DEVICE``."""
    return folders.logs() / f"{name.replace(':', '-')}.log"


def configure(name: str) -> None:
    """Write this process's log to its rotating file, readable by its owner only."""
    path = file(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.umask(0o077)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def raw(name: str) -> IO[bytes]:
    """An append-only file for a process's standard error, started afresh when it is large."""
    path = file(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = not path.exists() or path.stat().st_size > _BYTES
    opened = path.open("wb" if fresh else "ab")
    path.chmod(0o600)
    return opened


def error_without_content(error: BaseException) -> str:
    """Where an error happened and its kind; the text is cut, for some libraries print arrays in it."""
    where = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}: {str(error)[:200]}\n{where}"
