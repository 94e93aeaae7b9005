"""``exemplar``: several patch-built fills, no weights: nothing that the photograph does not hold.

A scene goes in, one fill per seed comes out as they are ready. The engine is ``pluripaint.patchfield``.
"""

from __future__ import annotations

from .method import INFO, Exemplar

__all__ = ["INFO", "Exemplar"]
