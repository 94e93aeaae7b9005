"""The nearest-neighbour field: PatchMatch (Barnes, Shechtman, Finkelstein, Goldman 2009) from hole to
known."""

from __future__ import annotations

import numpy as np

from .kernels import below, kernel, masked_distance, patch_distance


@kernel
def _cost(features, lanes, whole, at, source, width, r, bound):
    if whole:
        return patch_distance(features, at, source, width, r, bound)
    return masked_distance(features, lanes, at, source, width, r, bound)


@kernel
def search(
    features, lanes, whole, targets, target_at, is_source, sources, field, cost,
    width, height, r, iterations, window, state, cancel,
):  # fmt: skip
    """Improve ``field`` (``int32 [m]``, absolute source indices) in place; ``cost`` (``int64 [m]``) is
    brought up to date.

    ``lanes``: −1 for pixels inside the picture (known or hole), ``whole``: targets whose patch has no other
    pixels.
    """
    m = targets.size
    pixels = is_source.size
    limit = np.int64(1) << np.int64(60)
    for i in range(m):
        if i % 256 == 0 and cancel[0]:
            return
        cost[i] = _cost(features, lanes, whole[i], targets[i], field[i], width, r, limit)
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
                        d = _cost(features, lanes, whole[i], at, candidate, width, r, bound)
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
                    d = _cost(features, lanes, whole[i], at, candidate, width, r, bound)
                    if d < bound:
                        best, bound = candidate, d
                half //= 2
            field[i] = best
            cost[i] = bound


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


def whole_patches(inside: np.ndarray, targets: np.ndarray, width: int, r: int) -> np.ndarray:
    """``uint8 [m]``: 1 where every pixel of the target's patch is inside; ``inside``: flat ``uint8``."""
    return _whole(inside, targets, width, r)


@kernel
def _whole(inside, targets, width, r):
    out = np.ones(targets.size, np.uint8)
    for i in range(targets.size):
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                if not inside[targets[i] + dy * width + dx]:
                    out[i] = 0
    return out
