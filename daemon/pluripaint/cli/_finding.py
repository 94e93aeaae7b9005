"""What ``pluripaint doctor`` says about one thing."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One line of the report. ``state``: ``ok``, ``note`` (works, worth knowing) or ``bad`` (does not work)."""

    state: str
    what: str
    next_step: str = ""
