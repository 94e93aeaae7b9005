"""Give memory back to the system, and say how much is held."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGEST_ASKED, _LARGEST_OF_OLD_GLIBC = 1 << 30, 32 << 20


def reuse_blocks() -> None:
    """For a process that computes: freed blocks serve again until :func:`trim`.

    Left alone glibc gives every large block back and fetches it anew, empty: a tenth of a large job's time.
    """
    libc = _glibc()
    if libc is not None:
        if not libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_ASKED):
            libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_OF_OLD_GLIBC)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGEST_ASKED)
        libc.mallopt(_M_ARENA_MAX, 2)


def give_blocks_back() -> None:
    """For a process that waits: have glibc give large blocks back when they are freed.

    Left alone it raises its threshold to the largest block ever freed (up to 32 MiB), and pixels that came
    and went stay resident.
    """
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_MMAP_THRESHOLD, 128 << 10)
        libc.mallopt(_M_TRIM_THRESHOLD, 256 << 10)
        libc.mallopt(_M_ARENA_MAX, 2)


def trim() -> None:
    """Give free pages back now."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def resident_bytes(pid: int | str = "self") -> int:
    """Resident memory of a process; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None)
        return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
    except OSError:
        return None
