"""Holes for training and judging, made in batch on the device of their random numbers.

Every generator takes the wanted share of the hole for each mask, ``shares float [B]``, and gives
``bool [B, S, S]``, true = hole.  ``walk``, ``objects``, ``boxes`` and ``border`` meet their share to one
row, column or cell; the painted kinds stop at the first stroke that reaches it.

Sources: strokes that paint the known part: PUT (CVPR 2022), its program; random walk over four neighbours: Partial
Convolutions (arXiv 1804.07723); large holes of boxes and wide strokes: MAT (arXiv 2203.15270), section 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

#: the side at which published brush sizes are given.
_PUBLISHED_SIDE = 256
#: strokes after which a painter gives up: shares near 1 would never be reached by chance.
_MOST_STROKES = 200


def _uniform(generator: Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    return torch.rand(*shape, generator=generator, device=generator.device) * (high - low) + low


@dataclass(frozen=True)
class Brush:
    """Free-form polylines; lengths and widths in pixels of a 256 px image."""

    vertices: tuple[int, int] = (5, 10)
    longest: float = 100.0
    width: tuple[float, float] = (10.0, 30.0)

    def strokes(self, count: int, side: int, generator: Generator) -> Tensor:
        """One polyline with round ends for each of ``count`` masks: ``bool [count, side, side]``."""
        scale = side / _PUBLISHED_SIDE
        most = self.vertices[1]
        angle = _uniform(generator, count, most, high=2 * math.pi)
        length = _uniform(generator, count, most, high=self.longest * scale)
        moves = torch.stack([angle.sin(), angle.cos()], -1) * length.unsqueeze(-1)
        start = _uniform(generator, count, 1, 2, high=side)
        points = torch.cat([start, start + moves.cumsum(1)], 1).clamp(0, side - 1)
        used = torch.randint(*self.vertices, (count, 1), generator=generator, device=generator.device)
        radius = _uniform(generator, count, 1, low=self.width[0], high=self.width[1]) * scale / 2
        unused = torch.arange(most, device=generator.device)[None] >= used
        squared = _segment_distance(points[:, :-1], points[:, 1:], side)
        squared = squared.masked_fill(unused.unsqueeze(-1), math.inf).amin(1)
        return (squared <= radius.clamp(min=0.5) ** 2).view(count, side, side)


def _segment_distance(a: Tensor, b: Tensor, side: int) -> Tensor:
    """Squared distance of every pixel to segments ``a``–``b`` ``[B, V, 2]``: ``[B, V, side²]``."""
    axis = torch.arange(side, device=a.device, dtype=a.dtype)
    pixels = torch.cartesian_prod(axis, axis).t()
    d = b - a
    squared = pixels.pow(2).sum(0) - 2 * (a @ pixels) + a.pow(2).sum(-1, keepdim=True)
    along = d @ pixels - (a * d).sum(-1, keepdim=True)
    length = d.pow(2).sum(-1, keepdim=True)
    t = (along / length.clamp(min=1e-6)).clamp(0, 1)
    return squared - 2 * t * along + t * t * length


def _painted(
    shares: Tensor, side: int, generator: Generator, stroke: Callable[[int, int, Generator], Tensor]
) -> Tensor:
    """Strokes added to each mask until its painted share reaches ``shares``: ``bool [B, side, side]``."""
    painted = torch.zeros(len(shares), side, side, dtype=torch.bool, device=generator.device)
    for _ in range(_MOST_STROKES):
        short = (painted.float().mean((1, 2)) < shares).nonzero().flatten()
        if not len(short):
            break
        painted[short] |= stroke(len(short), side, generator)
    return painted


def strokes(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """The published kind: strokes paint what is *known*; the hole is what they leave.

    Specks of the hole that hold no square of side/32 become known, as small contours do in the published program.
    """
    hole = ~_painted(1 - shares, side, generator, Brush().strokes)
    grain = max(2, side // 32)
    solid = 1 - functional.max_pool2d((~hole).float().unsqueeze(1), grain, 1)
    kept = functional.max_pool2d(functional.pad(solid, [grain - 1] * 4), grain, 1)
    near = functional.max_pool2d(kept, 3, 1, 1).squeeze(1) > 0
    return hole & near


def brush(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """Strokes paint the hole, as a retoucher's brush does."""
    return _painted(shares, side, generator, Brush(width=(8.0, 24.0), longest=80.0).strokes)


def large(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """Boxes and wide strokes, mixed, until the share is reached."""
    wide = Brush(vertices=(4, 8), longest=120.0, width=(36.0, 90.0))

    def stroke(count: int, side: int, generator: Generator) -> Tensor:
        box = _rectangles(_uniform(generator, count, 2, low=0.2, high=0.6) * side, side, generator)
        pick = _uniform(generator, count, 1, 1) < 0.5
        return torch.where(pick, box, wide.strokes(count, side, generator))

    return _painted(shares, side, generator, stroke)


def _rectangles(sizes: Tensor, side: int, generator: Generator) -> Tensor:
    """One box of ``sizes [B, 2]`` (height, width) at a random place inside each mask."""
    sizes = sizes.round().clamp(1, side)
    corner = (_uniform(generator, len(sizes), 2) * (side - sizes + 1)).floor()
    axis = torch.arange(side, device=sizes.device)[None]
    rows = (axis >= corner[:, :1]) & (axis < corner[:, :1] + sizes[:, :1])
    columns = (axis >= corner[:, 1:]) & (axis < corner[:, 1:] + sizes[:, 1:])
    return rows.unsqueeze(2) & columns.unsqueeze(1)


def boxes(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """One box each, aspect 1:2 … 2:1 where it fits."""
    area = shares * side * side
    aspect = 2 ** _uniform(generator, len(shares), low=-1.0, high=1.0)
    height = (area * aspect).sqrt().clamp(max=side)
    height = torch.maximum(height.round(), (area / side).ceil()).clamp(1, side)
    return _rectangles(torch.stack([height, area / height], 1), side, generator)


def border(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """What lies beyond an edge of the photograph: a strip at one side, or an L at two."""
    count = len(shares)
    split = torch.where(_uniform(generator, count) < 0.5, 1.0, _uniform(generator, count, low=0.2, high=0.8))
    left = 1 - (1 - shares).pow(split)
    columns = (left * side).round()
    rows = ((shares * side * side - columns * side) / (side - columns).clamp(min=1)).round().clamp(min=0)
    axis = torch.arange(side, device=generator.device)
    hole = (axis[None, None] < columns[:, None, None]) | (axis[None, :, None] < rows[:, None, None])
    turns = torch.randint(4, (count,), generator=generator, device=generator.device)
    for quarter in range(1, 4):
        hole = torch.where((turns == quarter)[:, None, None], hole.rot90(quarter, (1, 2)), hole)
    return hole


def objects(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """Object-like shapes: one to three bumps roughened by smooth noise, cut at the level that gives the share."""
    count = len(shares)
    axis = (torch.arange(side, device=generator.device) + 0.5) / side
    height = torch.full((count, side, side), -math.inf, device=generator.device)
    bumps = torch.randint(1, 4, (count,), generator=generator, device=generator.device)
    for k in range(3):
        centre = _uniform(generator, count, 2, low=0.15, high=0.85)
        stretch = 2 ** _uniform(generator, count, 2, low=-0.7, high=0.7)
        y = (axis[None] - centre[:, :1]) * stretch[:, :1]
        x = (axis[None] - centre[:, 1:]) * stretch[:, 1:]
        bump = -(y.pow(2).unsqueeze(2) + x.pow(2).unsqueeze(1)).sqrt()
        height = torch.where((bumps > k)[:, None, None], torch.maximum(height, bump), height)
    rough = torch.zeros_like(height)
    for cells, weight in ((4, 0.10), (9, 0.05)):
        noise = torch.randn(count, 1, cells, cells, generator=generator, device=generator.device)
        rough += weight * functional.interpolate(noise, size=(side, side), mode="bicubic")[:, 0]
    return _largest(height + rough, shares)


def _largest(values: Tensor, shares: Tensor) -> Tensor:
    """The given share of each ``values [B, S, S]``, largest first."""
    flat = values.flatten(1)
    order = flat.argsort(1, descending=True)
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(flat.shape[1], device=flat.device).expand_as(order).contiguous()
    )
    return (rank < (shares * flat.shape[1]).round().unsqueeze(1)).view_as(values)


def walk(shares: Tensor, side: int, generator: Generator, pen: int | None = None) -> Tensor:
    """A random walk over four neighbours, stopped when it has covered the share.

    Args:
        pen: side in pixels of the walk's cells; default: side/64, at least 1.
    """
    pen = pen or max(1, side // 64)
    cells = side // pen
    count, device = len(shares), generator.device
    wanted = (shares * cells * cells).round().long().clamp(1, cells * cells)
    first = torch.full((count, cells * cells), 2**31, dtype=torch.int64, device=device)
    place = torch.randint(cells, (count, 2), generator=generator, device=device)
    steps = 4 * cells * cells
    time = 0
    while bool(((first < 2**31).sum(1) < wanted).any()):
        turn = torch.randint(4, (count, steps), generator=generator, device=device)
        moves = torch.stack(
            [(turn == 0).long() - (turn == 1).long(), (turn == 2).long() - (turn == 3).long()], 2
        )
        # Reflected at the edges: a free walk folded back into the square.
        path = (place.unsqueeze(1) + moves.cumsum(1)).remainder(2 * cells)
        path = torch.minimum(path, 2 * cells - 1 - path)
        index = path[..., 0] * cells + path[..., 1]
        when = torch.arange(time, time + steps, device=device).expand(count, -1)
        first = first.scatter_reduce(1, index, when, "amin")
        place, time = path[:, -1], time + steps
    limit = first.sort(1).values.gather(1, wanted.unsqueeze(1) - 1)
    covered = (first <= limit).view(count, cells, cells)
    hole = covered.repeat_interleave(pen, 1).repeat_interleave(pen, 2)
    rest = side - cells * pen
    return functional.pad(hole, (0, rest, 0, rest)) if rest else hole


def everything(shares: Tensor, side: int, generator: Generator) -> Tensor:
    """Nothing is known (``zero_mask`` of the published training)."""
    return torch.ones(len(shares), side, side, dtype=torch.bool, device=generator.device)


KINDS: dict[str, Callable[[Tensor, int, Generator], Tensor]] = {
    "strokes": strokes,
    "brush": brush,
    "walk": walk,
    "large": large,
    "objects": objects,
    "boxes": boxes,
    "border": border,
    "everything": everything,
}


def mixed(
    recipe: Mapping[str, tuple[float, float, float]], count: int, side: int, generator: Generator
) -> Tensor:
    """Holes ``bool [count, side, side]`` of several kinds.

    Args:
        recipe: kind → (weight, lowest share of the hole, highest).

    Raises:
        KeyError: a kind that is not in :data:`KINDS`.
    """
    names = list(recipe)
    weights = torch.tensor([recipe[name][0] for name in names], device=generator.device)
    kinds = torch.multinomial(weights, count, replacement=True, generator=generator)
    spread = _uniform(generator, count)
    holes = torch.zeros(count, side, side, dtype=torch.bool, device=generator.device)
    for k, name in enumerate(names):
        mine = (kinds == k).nonzero().flatten()
        if len(mine):
            _, low, high = recipe[name]
            holes[mine] = KINDS[name](low + (high - low) * spread[mine], side, generator)
    return holes
