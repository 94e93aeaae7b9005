"""The start at the coarsest level: the hole grows inwards, structure first, each pixel copied from its best
fit.

Order after Criminisi, Pérez, Toyama 2004 (confidence × data term, here confidence × (w + data)); choice after
Harrison's Resynthesizer 2005 (coherent neighbours' sources and random probes).
"""

from __future__ import annotations

import numpy as np

from .kernels import LANES, SCALE, below, in_lanes, kernel, masked_distance
from .pyramid import Level
from .settings import Settings


@kernel
def _slope(features, filled, at, step):
    """Central (or one-sided) difference of L over filled pixels, in feature units."""
    a, b = at - step, at + step
    if filled[a] and filled[b]:
        return 0.5 * (features[b * 8] - features[a * 8])
    if filled[b]:
        return 1.0 * (features[b * 8] - features[at * 8])
    if filled[a]:
        return 1.0 * (features[at * 8] - features[a * 8])
    return 0.0


@kernel
def _update_slopes(features, filled, slopes, at, width):
    """Gradient of L at one filled pixel: ``slopes[at]`` = (∂x, ∂y, squared length)."""
    sx = _slope(features, filled, at, 1)
    sy = _slope(features, filled, at, width)
    slopes[at, 0], slopes[at, 1], slopes[at, 2] = sx, sy, sx * sx + sy * sy


@kernel
def _priority(filled, confidence, slopes, at, width, structure, full_slope):
    """Confidence × (w + data term) of a front pixel, and the confidence itself."""
    mass, cx, cy = 0.0, 0.0, 0.0
    steepest = 0.0
    where = at
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            p = at + dy * width + dx
            if filled[p]:
                mass += confidence[p]
                cx += dx
                cy += dy
                if slopes[p, 2] > steepest:
                    steepest = slopes[p, 2]
                    where = p
    trust = mass / 49.0
    length = np.sqrt(cx * cx + cy * cy)
    data = 0.0
    if length > 1e-6 and steepest > 0.0:
        # the isophote is the gradient turned by 90°, the inward normal points away from the filled pixels
        data = min(abs(slopes[where, 0] * cy - slopes[where, 1] * cx) / length / full_slope, 1.0)
    return trust * (structure + data), trust


@kernel
def _drawn_near(is_source, at, width, state):
    """A random source around a pixel, the likelier the nearer; −1 where none was hit."""
    height = is_source.size // width
    half = (max(height, width) // 2) >> below(state, 4)
    y = at // width + below(state, 2 * half + 1) - half
    x = at % width + below(state, 2 * half + 1) - half
    if 0 <= y < height and 0 <= x < width and is_source[y * width + x]:
        return y * width + x
    return np.int64(-1)


@kernel
def _fit(
    features, lanes, filled, is_source, sources, field, at, width, r, probes, near_probes, loose, state, found, cost
):  # fmt: skip
    """Draw a source for one pixel among those nearly as good as the best; −1 where there is none."""
    n = 0
    known = 0
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            if filled[at + dy * width + dx]:
                known += 1
    slack = np.int64(0.5 * SCALE * SCALE * known)
    best = np.int64(1) << np.int64(60)
    bound = best
    for k in range(8 + probes):
        if k < 8:
            j = k if k < 4 else k + 1
            step = (j // 3 - 1) * width + (j % 3 - 1)
            if field[at + step] < 0:
                continue
            candidate = np.int64(field[at + step]) - step
            if candidate < 0 or candidate >= is_source.size or not is_source[candidate]:
                continue
        elif probes >= sources.size:
            if k - 8 >= sources.size:
                break
            candidate = np.int64(sources[k - 8])
        elif k - 8 < near_probes:
            candidate = _drawn_near(is_source, at, width, state)
            if candidate < 0:
                continue
        else:
            candidate = np.int64(sources[below(state, sources.size)])
        d = masked_distance(features, lanes, at, candidate, width, r, bound)
        if d <= bound:
            found[n] = candidate
            cost[n] = d
            n += 1
            if d < best:
                best = d
                bound = np.int64(best * (1.0 + loose)) + slack
    fits = 0
    for i in range(n):
        if cost[i] <= bound:
            found[fits] = found[i]
            fits += 1
    if fits == 0:
        return np.int64(-1)
    return found[below(state, fits)]


@kernel
def _grow(
    features, lanes, filled, confidence, field, hole, is_source, sources,
    width, r, probes, near_probes, loose, structure, full_slope, voted, state, cancel,
):  # fmt: skip
    found = np.empty(8 + probes, np.int64)
    cost = np.empty(8 + probes, np.int64)
    pixels = hole.size
    priority = np.full(pixels, -1.0)
    trust = np.zeros(pixels)
    front = np.empty(pixels, np.int64)
    slopes = np.zeros((pixels, 3))
    for p in range(width, pixels - width):
        if filled[p]:
            _update_slopes(features, filled, slopes, p, width)
    size = 0
    for p in range(pixels):
        if hole[p] and (filled[p - 1] or filled[p + 1] or filled[p - width] or filled[p + width]):
            priority[p], trust[p] = _priority(filled, confidence, slopes, p, width, structure, full_slope)
            front[size] = p
            size += 1
    while size > 0:
        if cancel[0]:
            return
        chosen = 0
        for i in range(1, size):
            if priority[front[i]] > priority[front[chosen]]:
                chosen = i
        at = front[chosen]
        size -= 1
        front[chosen] = front[size]
        source = _fit(
            features,
            lanes,
            filled,
            is_source,
            sources,
            field,
            at,
            width,
            r,
            probes,
            near_probes,
            loose,
            state,
            found,
            cost,
        )
        if source < 0:
            source = np.int64(sources[below(state, sources.size)])
        field[at] = source
        filled[at] = 1
        confidence[at] = trust[at]
        for k in range(voted):
            features[at * 8 + k] = features[source * 8 + k]
            lanes[at * 8 + k] = -1
        for step in (0, -1, 1, -width, width):
            if filled[at + step]:
                _update_slopes(features, filled, slopes, at + step, width)
        for dy in range(-3, 4):
            for dx in range(-3, 4):
                p = at + dy * width + dx
                if p < width or p >= pixels - width or not hole[p] or filled[p]:
                    continue
                if priority[p] < 0:
                    if not (filled[p - 1] or filled[p + 1] or filled[p - width] or filled[p + width]):
                        continue
                    front[size] = p
                    size += 1
                priority[p], trust[p] = _priority(filled, confidence, slopes, p, width, structure, full_slope)


def grow_field(
    level: Level,
    features: np.ndarray,
    settings: Settings,
    state: np.ndarray,
    cancel: np.ndarray,
    voted: int,
) -> np.ndarray:
    """Fill the first ``voted`` lanes of ``features`` inside the level's hole in place.

    Lanes above (where a pixel lies, a guide) are known everywhere: they are compared also where nothing has grown yet.

    Returns:
        ``int32 [height * width]``: source of each filled pixel, −1 elsewhere.
    """
    filled = level.known.copy()
    lanes = in_lanes(level.known)
    beyond = lanes.reshape(-1, LANES)[:, voted:]
    beyond[level.hole != 0] = -1
    field = np.full(level.hole.size, -1, np.int32)
    _grow(
        features, lanes, filled, level.known.astype(np.float64), field, level.hole, level.is_source,
        level.sources, level.width, level.radius, settings.probes, settings.near_probes, settings.looseness,
        settings.structure, 20.0 * SCALE, voted, state, cancel,
    )  # fmt: skip
    return field
