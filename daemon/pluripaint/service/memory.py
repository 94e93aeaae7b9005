"""Give memory back to the system, say how much is held, and set a bound to it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path
from typing import Any

resource: Any
try:
    import resource
except ImportError:  # Windows
    resource = None

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


_unbound: tuple[int, int] | None = None


def bound(most: int) -> None:
    """Have the system refuse this process more than ``most`` bytes of its own memory, where it can: on Linux.

    libzmq gathers all frames of a message before anybody can judge it, and bounds only the single frame. When the
    system refuses the next large frame its memory, libzmq hangs up on whoever sent it and frees what came before.
    """
    global _unbound
    if not hasattr(resource, "prlimit"):
        return
    now, highest = resource.getrlimit(resource.RLIMIT_DATA)
    if now == resource.RLIM_INFINITY or now > most:
        resource.setrlimit(resource.RLIMIT_DATA, (most, highest))
        _unbound = now, highest


def lift_bound(pid: int) -> None:
    """A child process, which inherited it, is not meant by :func:`bound`."""
    if _unbound is not None:
        with contextlib.suppress(OSError):  # it has ended already
            resource.prlimit(pid, resource.RLIMIT_DATA, _unbound)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None)
        return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
    except OSError:
        return None
