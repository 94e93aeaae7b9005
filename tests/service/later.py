"""A later release: the same program, speaking a later protocol version by itself."""

from __future__ import annotations

from pluripaint_client import protocol


def speak(version: int) -> None:
    """From now on this process speaks ``version`` and understands the one before."""
    protocol.VERSION, protocol.ACCEPTED_VERSIONS = version, (version, version - 1)
    protocol.encode.__defaults__ = (None, version)
