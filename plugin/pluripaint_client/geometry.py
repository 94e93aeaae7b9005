"""Rectangles, and the rectangles around what a mask selects. Integers, half-open, photograph coordinates.

Standard library only: editors' own Pythons run this file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

    def contains(self, other: Region) -> bool:
        """Whether ``other`` lies wholly inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def overlaps(self, other: Region) -> bool:
        """Whether the two share a pixel."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def union(self, other: Region) -> Region:
        """The smallest rectangle around both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Region(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def intersection(self, other: Region) -> Region | None:
        """What both share, or ``None``."""
        if not self.overlaps(other):
            return None
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Region(left, top, min(self.right, other.right) - left, min(self.bottom, other.bottom) - top)

    def grown(self, margin: int) -> Region:
        """Larger by ``margin`` on every side; may leave the photograph."""
        return Region(
            self.left - margin, self.top - margin, self.width + 2 * margin, self.height + 2 * margin
        )

    def moved(self, right: int, down: int) -> Region:
        """The same size elsewhere."""
        return Region(self.left + right, self.top + down, self.width, self.height)

    def shifted_inside(self, canvas: Region) -> Region:
        """Moved into ``canvas`` with its size kept; a side longer than the canvas becomes the canvas's
        side.
        """
        width, height = min(self.width, canvas.width), min(self.height, canvas.height)
        left = min(max(self.left, canvas.left), canvas.right - width)
        top = min(max(self.top, canvas.top), canvas.bottom - height)
        return Region(left, top, width, height)


def bounds(mask: bytes, width: int, height: int) -> Region | None:
    """The smallest rectangle around the non-zero bytes of ``mask`` (rows of ``width`` bytes), or ``None``."""
    if len(mask) != width * height:
        raise ValueError(f"A mask of {width}×{height} pixels has {width * height} bytes, not {len(mask)}.")
    first = len(mask) - len(mask.lstrip(b"\0"))
    if first == len(mask):
        return None
    top = first // width
    bottom = (len(mask.rstrip(b"\0")) - 1) // width + 1
    joined = _join_rows(mask, width, top, bottom)
    left = width - len(joined.lstrip(b"\0"))
    right = len(joined.rstrip(b"\0"))
    return Region(left, top, right - left, bottom - top)


def islands(mask: bytes, width: int, height: int, most: int = 1024) -> list[Region]:
    """Boxes of the parts of a mask that lie apart, exact to the pixel, top to bottom.

    Parts are told apart on a grid of cells of 8 pixels, coarser for large photographs and until at most
    ``most`` parts remain; cells that touch, also by a corner, are one part.
    """
    box = bounds(mask, width, height)
    if box is None:
        return []
    cell = max(8, -(-max(box.width, box.height) // 256))
    while True:
        parts = _connected(_occupied_cells(mask, width, box, cell))
        if len(parts) <= most:
            break
        cell *= 2
    found = [_tight(mask, width, box, cell, part) for part in parts]
    return sorted(found, key=lambda region: (region.top, region.left))


def rounded(left: float, top: float, right: float, bottom: float) -> Region:
    """The smallest whole-pixel rectangle around a fractional one."""
    x, y = math.floor(left), math.floor(top)
    return Region(x, y, math.ceil(right) - x, math.ceil(bottom) - y)


# ------------------------------------------------------------------------------------------------ details


def _join_rows(mask: bytes, width: int, top: int, bottom: int) -> bytes:
    """One row: non-zero where any of the rows is. Whole rows are or-ed as large integers: at C speed."""
    joined = 0
    for row in range(top, bottom):
        joined |= int.from_bytes(mask[row * width : (row + 1) * width], "big")
    return joined.to_bytes(width, "big")


def _occupied_cells(mask: bytes, width: int, box: Region, cell: int) -> list[tuple[int, int]]:
    """(row, column) of the cells, counted from the box's corner, that hold a selected pixel."""
    occupied = []
    for down in range(-(-box.height // cell)):
        top = box.top + down * cell
        row = _join_rows(mask, width, top, min(top + cell, box.bottom))
        for along in range(-(-box.width // cell)):
            left = box.left + along * cell
            if row[left : min(left + cell, box.right)].strip(b"\0"):
                occupied.append((down, along))
    return occupied


def _connected(cells: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Groups of cells that touch by an edge or a corner."""
    waiting = set(cells)
    groups = []
    for seed in cells:
        if seed not in waiting:
            continue
        waiting.remove(seed)
        group, front = [seed], [seed]
        while front:
            down, along = front.pop()
            for neighbour in [(down + a, along + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                if neighbour in waiting:
                    waiting.remove(neighbour)
                    group.append(neighbour)
                    front.append(neighbour)
        groups.append(group)
    return groups


def _tight(mask: bytes, width: int, box: Region, cell: int, part: Sequence[tuple[int, int]]) -> Region:
    """The exact box of the selected pixels in a group of cells."""
    result: Region | None = None
    for down, along in part:
        left, top = box.left + along * cell, box.top + down * cell
        right, bottom = min(left + cell, box.right), min(top + cell, box.bottom)
        patch = b"".join(mask[row * width + left : row * width + right] for row in range(top, bottom))
        tight = bounds(patch, right - left, bottom - top)
        if tight is not None:
            tight = tight.moved(left, top)
            result = tight if result is None else result.union(tight)
    if result is None:
        raise ValueError("A group of cells without a selected pixel.")
    return result
