"""Which GIMP started this process, and the port to it."""

from __future__ import annotations

import functools
import os
import sys

from .port import Port


@functools.lru_cache(maxsize=None)
def find() -> Port:
    """The port for the GIMP that started this process."""
    _reach_backend()
    if _is_210():
        from .port_ctypes import CtypesPort

        return CtypesPort()
    from .port_gi import GiPort

    return GiPort()


def _is_210() -> bool:
    """GIMP 2.10 passes two descriptors and then the mode (``-run``); GIMP 3 puts its protocol's number before them."""
    arguments = sys.argv
    if len(arguments) > 1 and arguments[1] == "-gimp":
        return len(arguments) > 4 and arguments[4].startswith("-")
    return "gi.repository.Gimp" not in sys.modules


def _reach_backend() -> None:
    """The backend's libgimp declarations lie in the folder above the one with ``gimpfu``."""
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if above not in sys.path:
        sys.path.append(above)
