"""The nearest-neighbour field: PatchMatch (Barnes, Shechtman, Finkelstein, Goldman 2009) from hole to
known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import below, count_in_patch, in_lanes, kernel, masked_distance, patch_distance
from .pyramid import Level


@dataclass(frozen=True)
class Compared:
    """What of each target's patch is compared: all pixels inside the picture once, those that are known once more,
    because they are certain and the others are what is being looked for.

    Attributes:
        inside, known: ``int16 [pixels * LANES]``, −1 where a pixel is inside the picture, is known, else 0; only in
            the rows that targets' patches reach.
        whole, touching: ``uint8 [m]``, targets whose patch has only pixels inside, any known pixel.
        counts: ``int32 [m]``, pixels compared, known ones counted twice.
    """

    inside: np.ndarray
    known: np.ndarray
    whole: np.ndarray
    touching: np.ndarray
    counts: np.ndarray


def compared(level: Level, known: np.ndarray | None = None) -> Compared:
    """For a level; ``known``: flat ``uint8``, where other pixels than the level's are known."""
    known = level.known if known is None else known
    inside = known | level.hole
    of_inside = _counts(inside, level.targets, level.width, level.radius)
    of_known = _counts(known, level.targets, level.width, level.radius)
    whole = (of_inside == (2 * level.radius + 1) ** 2).astype(np.uint8)
    reach = level.radius * (level.width + 1)
    first, last = (level.targets[0] - reach, level.targets[-1] + reach + 1) if level.targets.size else (0, 0)
    known_lanes = in_lanes(known, first, last)
    return Compared(
        # Where every patch is whole nobody asks what is inside: the usual case, and a region's largest array less.
        known_lanes if whole.all() else in_lanes(inside, first, last),
        known_lanes,
        whole,
        (of_known > 0).astype(np.uint8),
        of_inside + of_known,
    )


@kernel
def _counts(flags, targets, width, r):
    out = np.zeros(targets.size, np.int32)
    for i in range(targets.size):
        out[i] = count_in_patch(flags, targets[i], width, r)
    return out


@kernel
def _cost(features, inside, known, whole, touching, at, source, width, r, bound):
    certain = np.int64(0)
    if touching:
        certain = masked_distance(features, known, at, source, width, r, bound)
        if certain > bound:
            return certain
    if whole:
        return certain + patch_distance(features, at, source, width, r, bound - certain)
    return certain + masked_distance(features, inside, at, source, width, r, bound - certain)


@kernel
def _search(
    features, inside, known, whole, touching, targets, target_at, is_source, field, cost,
    width, height, r, iterations, window, state, cancel,
):  # fmt: skip
    m = targets.size
    pixels = is_source.size
    limit = np.int64(1) << np.int64(60)
    for i in range(m):
        if i % 256 == 0 and cancel[0]:
            return
        cost[i] = _cost(features, inside, known, whole[i], touching[i], targets[i], field[i], width, r, limit)
    for iteration in range(iterations):
        backward = iteration % 2 == 1
        step = -1 if backward else 1
        for n in range(m):
            if n % 256 == 0 and cancel[0]:
                return
            i = m - 1 - n if backward else n
            at = np.int64(targets[i])
            best = np.int64(field[i])
            bound = cost[i]
            for axis in range(2):
                shift = step if axis == 0 else step * width
                j = target_at[at - shift]
                if j >= 0:
                    candidate = np.int64(field[j]) + shift
                    if candidate != best and 0 <= candidate < pixels and is_source[candidate]:
                        d = _cost(
                            features, inside, known, whole[i], touching[i], at, candidate, width, r, bound
                        )
                        if d < bound:
                            best, bound = candidate, d
            half = window
            while half >= 1:
                y, x = best // width, best % width
                top, bottom = max(y - half, r), min(y + half, height - 1 - r)
                left, right = max(x - half, r), min(x + half, width - 1 - r)
                candidate = (
                    (top + below(state, bottom - top + 1)) * width + left + below(state, right - left + 1)
                )
                if is_source[candidate] and candidate != best:
                    d = _cost(features, inside, known, whole[i], touching[i], at, candidate, width, r, bound)
                    if d < bound:
                        best, bound = candidate, d
                half //= 2
            field[i] = best
            cost[i] = bound


def search(
    level: Level,
    over: Compared,
    features: np.ndarray,
    field: np.ndarray,
    cost: np.ndarray,
    iterations: int,
    window: int,
    state: np.ndarray,
    cancel: np.ndarray,
) -> None:
    """Improve ``field`` (``int32 [m]``, absolute source indices) in place; ``cost`` (``int64 [m]``) is
    brought up to date.
    """
    _search(
        features, over.inside, over.known, over.whole, over.touching, level.targets, level.target_at,
        level.is_source, field, cost, level.width, level.height, level.radius, iterations, window, state, cancel,
    )  # fmt: skip


@kernel
def carry_up(coarse_field, coarse_at, coarse_width, coarse_height, targets, width, height, margin,
             is_source, sources, state):  # fmt: skip
    """A finer level's field from a coarser one: offsets scaled, clamped into the sources, random where that
    fails."""
    field = np.empty(targets.size, np.int32)
    sy = (height - 2 * margin) / (coarse_height - 2 * margin)
    sx = (width - 2 * margin) / (coarse_width - 2 * margin)
    for i in range(targets.size):
        y, x = targets[i] // width, targets[i] % width
        cy = min(max(int((y - margin + 0.5) / sy), 0), coarse_height - 2 * margin - 1) + margin
        cx = min(max(int((x - margin + 0.5) / sx), 0), coarse_width - 2 * margin - 1) + margin
        j = coarse_at[cy * coarse_width + cx]
        source = -1
        if j >= 0:
            dy = int(np.rint((coarse_field[j] // coarse_width - cy) * sy))
            dx = int(np.rint((coarse_field[j] % coarse_width - cx) * sx))
            ty = min(max(y + dy, 0), height - 1)
            tx = min(max(x + dx, 0), width - 1)
            # the nearest source within two pixels keeps a field that points at the sources' rim
            nearest = 100
            for ey in range(-2, 3):
                for ex in range(-2, 3):
                    if 0 <= ty + ey < height and 0 <= tx + ex < width:
                        candidate = (ty + ey) * width + tx + ex
                        if ey * ey + ex * ex < nearest and is_source[candidate]:
                            nearest = ey * ey + ex * ex
                            source = candidate
        if source < 0:
            source = sources[below(state, sources.size)]
        field[i] = source
    return field


@kernel
def random_field(count, sources, state):
    """``int32 [count]``: a random source for every target."""
    field = np.empty(count, np.int32)
    for i in range(count):
        field[i] = sources[below(state, sources.size)]
    return field
