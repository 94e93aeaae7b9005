"""Rectangles: what part of a photograph a job looks at. Integers, half-open, photograph coordinates."""

from __future__ import annotations

from typing import NamedTuple


class Region(NamedTuple):
    """A rectangle: columns ``left … left + width − 1``, rows ``top … top + height − 1``."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column beyond the rectangle."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row beyond the rectangle."""
        return self.top + self.height

    @property
    def area(self) -> int:
        """Pixels in the rectangle."""
        return self.width * self.height
