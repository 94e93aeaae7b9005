"""Which GIMP started this process, and the backend for it."""

from __future__ import annotations

import sys

from .backend import Backend


def find() -> Backend:
    """The backend for the GIMP that started this process.

    GIMP 2.10 starts a plug-in as ``FILE -gimp FD FD MODE STACKTRACE``, GIMP 3 puts its protocol's number before the
    two descriptors.
    """
    if len(sys.argv) > 4 and sys.argv[4].startswith("-"):
        from .backend_ctypes import CtypesBackend

        return CtypesBackend()
    from .backend_gi import GiBackend

    return GiBackend()
