"""The regions of a job: what part of a photograph is looked at around each hole, and which holes share one.

Standard library only: editors' own Pythons run this file. :func:`plan` is the way in: a selection goes in,
the regions come out. Every number is a field of :class:`RegionRules`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import accumulate
from typing import NamedTuple

from .geometry import Region, islands
from .texts import _


class RegionRules(NamedTuple):
    """How large a region is and which islands share one. Lengths in native pixels.

    ``context`` is the region's side over the hole's side (1.5 … 4 is sensible); ``grow`` the most that a
    method may grow the hole by; ``least_side`` what patches need as sources; ``most_area`` bounds a region
    (4096²); ``least_margin`` is what must remain around a hole when ``most_area`` cuts the context; two
    islands share a region when the joint side is at most ``join`` times the larger own side;
    ``most_regions`` bounds a job and is what the daemon takes.
    """

    context: float = 2.0
    grow: int = 4
    least_side: int = 256
    most_area: int = 4096 * 4096
    least_margin: int = 96
    join: float = 1.25
    most_regions: int = 64


RULES = RegionRules()


class TooLarge(ValueError):
    """A hole that no region may hold; the message is a sentence for the user."""


class Empty(ValueError):
    """No pixel is selected; the message is a sentence for the user."""


def region_around(box: Region, canvas: Region, rules: RegionRules = RULES) -> Region:
    """The region for one hole: a square of ``context`` times the hole's longer side, shifted inside the
    canvas.

    A square beyond ``most_area`` gives way to the largest even margin around the hole that keeps to it.

    Raises:
        TooLarge: not even ``least_margin`` around the hole keeps to ``most_area``.
    """
    region = _context(box, canvas, rules)
    if region.area <= rules.most_area:
        return region
    low, high = 0, _side(box, rules)
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

    Every box lies inside exactly one region, no two regions overlap, smallest first. Islands that are too many, or
    that would grow together beyond ``most_area`` (dust on a scan), are parted along lines that cross none of them.
    Wherever one region around all would do there is an answer.

    Raises:
        TooLarge: see :func:`region_around`.
    """
    if not boxes:
        return []
    groups = [_Group(box, region_around(box, canvas, rules)) for box in boxes]
    try:
        found = _gathered(groups, canvas, rules)
    except TooLarge:
        found = []
    if found and len(found) <= rules.most_regions:
        regions = _loosened(found, groups, rules)
    else:
        regions = _parted(groups, canvas, rules, 2 * rules.grow, rules.most_regions)
    return sorted(regions, key=lambda region: (region.area, region.top, region.left))


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


# ------------------------------------------------------------------------------------------------ details


def _side(box: Region, rules: RegionRules) -> int:
    return max(math.ceil(rules.context * max(box.width, box.height)) + 2 * rules.grow, rules.least_side)


def _context(box: Region, canvas: Region, rules: RegionRules) -> Region:
    """A hole's square, however large."""
    side = _side(box, rules)
    left, top = box.left - (side - box.width) // 2, box.top - (side - box.height) // 2
    return Region(left, top, side, side).shifted_inside(canvas)


def _clipped(region: Region, canvas: Region) -> Region:
    shared = region.intersection(canvas)
    return shared if shared is not None else canvas


class _Group(NamedTuple):
    """Islands that share a region: the box around them, and the region."""

    box: Region
    region: Region


def _gathered(groups: Sequence[_Group], canvas: Region, rules: RegionRules) -> list[_Group]:
    """Groups joined until no two regions overlap and no two should be one.

    Raises:
        TooLarge: two regions overlap that together are larger than one may be.
    """
    done: list[_Group] = []
    waiting = list(reversed(groups))
    while waiting:
        group = waiting.pop()
        for k, other in enumerate(done):
            if group.region.overlaps(other.region) or _worth_joining(group, other, canvas, rules):
                del done[k]
                waiting.append(_joint(group, other, canvas, rules))
                break
        else:
            done.append(group)
    return done


def _joint(one: _Group, other: _Group, canvas: Region, rules: RegionRules) -> _Group:
    """What two groups become. The context of both together, unless that is more than twice what each has for itself:
    specks far apart would draw in more and more of the photograph.
    """
    box, both = one.box.union(other.box), one.region.union(other.region)
    # The hole's joint region can be smaller than what the two had together: keep both inside it.
    whole = _context(box, canvas, rules).union(both)
    if whole.area <= min(rules.most_area, 2 * (one.region.area + other.region.area)):
        return _Group(box, whole)
    if both.area <= rules.most_area:
        return _Group(box, both)
    return _Group(box, region_around(box, canvas, rules))


def _worth_joining(one: _Group, other: _Group, canvas: Region, rules: RegionRules) -> bool:
    (a, region_a), (b, region_b) = one, other
    most = rules.join * max(region_a.width, region_a.height, region_b.width, region_b.height)
    # A joint region holds both boxes: most pairs are too far apart for that, which is seen at once.
    if (
        max(a.right, b.right) - min(a.left, b.left) > most
        or max(a.bottom, b.bottom) - min(a.top, b.top) > most
    ):
        return False
    joint = _context(a.union(b), canvas, rules)
    return joint.area <= rules.most_area and max(joint.width, joint.height) <= most


def _loosened(found: Sequence[_Group], groups: Sequence[_Group], rules: RegionRules) -> list[Region]:
    """The regions of gathered groups. A wide one that holds nothing but specks, whose regions met in a chain, is parted
    again where each keeps ``least_margin``.
    """
    regions: list[Region] = []
    for k, group in enumerate(found):
        inside = [one for one in groups if group.region.contains(one.box)]
        most = rules.most_regions - len(regions) - (len(found) - k - 1)
        if group.region.area > 16 * max(one.region.area for one in inside):
            regions += _parted(inside, group.region, rules, 2 * rules.least_margin, most)
        else:
            regions.append(group.region)
    return regions


class _Part(NamedTuple):
    """Groups inside ``cell``, a rectangle whose sides cross no island and that shares no pixel with another part's."""

    groups: Sequence[_Group]
    cell: Region

    @property
    def wanted(self) -> Region:
        """All their regions, as far as they lie in the cell."""
        return _clipped(_around([group.region for group in self.groups]), self.cell)

    def region(self, rules: RegionRules) -> Region:
        """What they share.

        Raises:
            TooLarge: more than a region may be.
        """
        wanted = self.wanted
        if wanted.area <= rules.most_area:
            return wanted
        return region_around(_around([group.box for group in self.groups]), self.cell, rules)


def _parted(
    groups: Sequence[_Group], canvas: Region, rules: RegionRules, least_gap: int, most: int
) -> list[Region]:
    """The largest part is cut in two, where a gap of ``least_gap`` allows, until all are small or there are ``most``.

    Raises:
        TooLarge: see :func:`region_around`.
    """
    done: list[_Part] = []
    waiting = [_Part(groups, canvas)]
    while waiting and len(done) + len(waiting) < most:
        largest = max(waiting, key=lambda part: part.wanted.area)
        waiting.remove(largest)
        small = largest.wanted.area <= (2 * rules.least_side) ** 2
        halves = () if small else _halves(largest, rules, least_gap)
        waiting.extend(halves)
        if not halves:
            done.append(largest)
    return [part.region(rules) for part in done + waiting]


def _halves(part: _Part, rules: RegionRules, least_gap: int) -> tuple[_Part, ...]:
    """A part cut along the line that leaves the smaller larger half; none where no line passes between its islands.

    A line that leaves ``least_margin`` on both its sides is preferred as long as it helps.
    """
    cuts: list[tuple[int, int, _Part, _Part]] = []
    for across in (False, True):
        ordered = sorted(part.groups, key=lambda group: group.box.top if across else group.box.left)
        before = _running([group.region for group in ordered])
        behind = _running([group.region for group in reversed(ordered)])[::-1]
        ends = _running([group.box for group in ordered])
        for k in range(1, len(ordered)):
            box, last = ordered[k].box, ends[k - 1]
            end, start = (last.bottom, box.top) if across else (last.right, box.left)
            if start - end >= least_gap:
                first, second = _cells(part.cell, across, (start + end) // 2)
                larger = max(_clipped(before[k - 1], first).area, _clipped(behind[k], second).area)
                cuts.append((larger, end - start, _Part(ordered[:k], first), _Part(ordered[k:], second)))
    enough = 0.75 * part.wanted.area
    wide = [cut for cut in cuts if cut[0] <= enough and -cut[1] >= 2 * rules.least_margin]
    best = min(wide or cuts, key=lambda cut: cut[:2], default=None)
    return best[2:] if best else ()


def _cells(cell: Region, across: bool, at: int) -> tuple[Region, Region]:
    """A rectangle cut at a row (``across``) or a column."""
    if across:
        return cell._replace(height=at - cell.top), cell._replace(top=at, height=cell.bottom - at)
    return cell._replace(width=at - cell.left), cell._replace(left=at, width=cell.right - at)


def _running(regions: Sequence[Region]) -> list[Region]:
    """The rectangles around the first one, the first two …"""
    return list(accumulate(regions, Region.union))


def _around(regions: Sequence[Region]) -> Region:
    """The smallest rectangle around all."""
    return reduce(Region.union, regions)
