"""The patch field: fills drawn from the photograph's own patches, free or guided by a low-resolution fill.

Arrays in, arrays out: ``prepare`` a region once, then ``grow`` an answer per seed; ``free.py`` is the file
to open first. Deterministic: a seed alone reproduces its answer bit for bit.
"""

from __future__ import annotations

from .difference import Look, difference, look
from .free import Prepared, Result, grow, prepare
from .guided import detail, prepare_guided
from .settings import Interrupted, Settings, Turn

__all__ = [
    "Interrupted",
    "Look",
    "Prepared",
    "Result",
    "Settings",
    "Turn",
    "detail",
    "difference",
    "grow",
    "look",
    "prepare",
    "prepare_guided",
]
