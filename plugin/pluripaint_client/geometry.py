"""Rectangles: what part of a photograph a job looks at. Integers, half-open, photograph coordinates.

Standard library only: editors' own Pythons run this file. :func:`plan` is the way in: a selection goes in,
the regions of a job come out. Every number is a field of :class:`RegionRules`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .texts import _


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


class RegionRules(NamedTuple):
    """How large a region is and which islands share one. Lengths in native pixels.

    ``context`` is the region's side over the hole's side (1.5 … 4 is sensible); ``grow`` the most that a
    method may grow the hole by; ``least_side`` what patches need as sources; ``most_area`` bounds a region
    (4096²); ``least_margin`` is what must remain around a hole when ``most_area`` cuts the context; two
    islands share a region when the joint side is at most ``join`` times the larger own side;
    ``most_regions`` bounds a job.
    """

    context: float = 2.0
    grow: int = 4
    least_side: int = 256
    most_area: int = 4096 * 4096
    least_margin: int = 96
    join: float = 1.25
    most_regions: int = 12


RULES = RegionRules()


class TooLarge(ValueError):
    """A hole that no region may hold; the message is a sentence for the user."""


class Empty(ValueError):
    """No pixel is selected; the message is a sentence for the user."""


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


def islands(mask: bytes, width: int, height: int, most: int = 64) -> list[Region]:
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


def region_around(box: Region, canvas: Region, rules: RegionRules = RULES) -> Region:
    """The region for one hole: a square of ``context`` times the hole's longer side, shifted inside the
    canvas.

    A square beyond ``most_area`` gives way to the largest even margin around the hole that keeps to it.

    Raises:
        TooLarge: not even ``least_margin`` around the hole keeps to ``most_area``.
    """
    longer = max(box.width, box.height)
    side = max(math.ceil(rules.context * longer) + 2 * rules.grow, rules.least_side)
    left, top = box.left - (side - box.width) // 2, box.top - (side - box.height) // 2
    region = Region(left, top, side, side).shifted_inside(canvas)
    if region.area <= rules.most_area:
        return region
    low, high = 0, side
    while low < high:
        margin = (low + high + 1) // 2
        if _clipped(box.grown(margin), canvas).area <= rules.most_area:
            low = margin
        else:
            high = margin - 1
    region = _clipped(box.grown(low), canvas)
    if low < rules.least_margin or region.area > rules.most_area:
        raise TooLarge(
            _(
                "The hole of {width} × {height} pixels is too large to fill at once "
                "(about {side} × {side} with its surroundings); select and fill it in parts."
            ).format(width=box.width, height=box.height, side=math.isqrt(rules.most_area))
        )
    return region


def cluster(boxes: Sequence[Region], canvas: Region, rules: RegionRules = RULES) -> list[Region]:
    """The regions of a job: islands near each other share one, overlapping regions are merged.

    Every box lies inside exactly one region, no two regions overlap, smallest first.

    Raises:
        TooLarge: see :func:`region_around`.
    """
    groups: list[tuple[Region, Region]] = [(box, region_around(box, canvas, rules)) for box in boxes]
    while True:
        pair = _pair_to_join(groups, canvas, rules)
        if pair is None:
            break
        first, second, joint = pair
        groups = [group for k, group in enumerate(groups) if k not in (first, second)] + [joint]
    return sorted((region for _, region in groups), key=lambda region: (region.area, region.top, region.left))


def plan(mask: bytes, canvas: Region, rules: RegionRules = RULES) -> list[Region]:
    """The regions for a selection that covers ``canvas``: one byte a pixel, non-zero where selected.

    The canvas may start anywhere (a layer's offset): regions come out in its coordinates.

    Raises:
        Empty: nothing is selected.
        TooLarge: a part is larger than one region may be.
    """
    found = islands(mask, canvas.width, canvas.height)
    if not found:
        raise Empty(_("Nothing is selected; select what is to be replaced."))
    try:
        return cluster([box.moved(canvas.left, canvas.top) for box in found], canvas, rules)
    except TooLarge:
        if len(found) == 1:
            raise
        raise TooLarge(
            _(
                "The selected places are too large or too far apart to fill in one go; "
                "select and fill fewer at a time."
            )
        ) from None


def rounded(left: float, top: float, right: float, bottom: float) -> Region:
    """The smallest whole-pixel rectangle around a fractional one."""
    x, y = math.floor(left), math.floor(top)
    return Region(x, y, math.ceil(right) - x, math.ceil(bottom) - y)


# ------------------------------------------------------------------------------------------------ details


def _clipped(region: Region, canvas: Region) -> Region:
    shared = region.intersection(canvas)
    return shared if shared is not None else canvas


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


def _pair_to_join(
    groups: Sequence[tuple[Region, Region]], canvas: Region, rules: RegionRules
) -> tuple[int, int, tuple[Region, Region]] | None:
    """The next two groups that must or should share a region, with what they become."""
    for first in range(len(groups)):
        for second in range(first + 1, len(groups)):
            (box_a, region_a), (box_b, region_b) = groups[first], groups[second]
            box = box_a.union(box_b)
            if region_a.overlaps(region_b) or _worth_joining(box, region_a, region_b, canvas, rules):
                # The hole's joint region can be smaller than what the two had together: keep both inside it.
                region = region_around(box, canvas, rules)
                whole = region.union(region_a).union(region_b)
                return first, second, (box, whole if whole.area <= rules.most_area else region)
    if len(groups) > rules.most_regions:
        return _nearest(groups, canvas, rules)
    return None


def _worth_joining(
    box: Region, region_a: Region, region_b: Region, canvas: Region, rules: RegionRules
) -> bool:
    try:
        joint = region_around(box, canvas, rules)
    except TooLarge:
        return False
    larger = max(region_a.width, region_a.height, region_b.width, region_b.height)
    return max(joint.width, joint.height) <= rules.join * larger


def _nearest(
    groups: Sequence[tuple[Region, Region]], canvas: Region, rules: RegionRules
) -> tuple[int, int, tuple[Region, Region]]:
    """The two groups whose joint box is smallest."""
    pairs = [(a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))]
    first, second = min(pairs, key=lambda pair: groups[pair[0]][0].union(groups[pair[1]][0]).area)
    box = groups[first][0].union(groups[second][0])
    return first, second, (box, region_around(box, canvas, rules))
