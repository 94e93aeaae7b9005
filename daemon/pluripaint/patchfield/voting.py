"""From a field to colours: every patch that covers a pixel votes for it (Wexler, Shechtman, Irani 2007)."""

from __future__ import annotations

import numpy as np

from .kernels import LANES, SCALE, count_in_patch, kernel

_AROUND = 2
"""Pixels around a painted one in which it has to go with the photograph."""


def vote_weights(
    cost: np.ndarray | None, counts: np.ndarray, distance: np.ndarray, falloff: float
) -> np.ndarray:
    """w_q = γ^(−dist(q)) · exp(−d_q / 2σ²), 2σ² twice the 75th percentile of d.

    Args:
        cost: ``int64 [m]``, summed squared feature distances; ``None``: all alike.
        counts: ``int32 [m]``, pixels compared.
        distance: ``float32 [m]``, from the target to the known region.
    """
    weights = np.power(np.float64(falloff), -distance.astype(np.float64))
    if cost is not None and cost.size:
        d = cost / (np.maximum(counts, 1) * SCALE * SCALE)
        spread = 2.0 * np.partition(d, int(0.75 * (d.size - 1)))[int(0.75 * (d.size - 1))] + 1e-3
        weights *= np.exp(-d / spread)
    return (weights + 1e-12).astype(np.float32)


@kernel
def vote(features, hole, target_at, field, weights, width, r, lanes_voted, cancel):
    """Write the weighted means into the hole's first ``lanes_voted`` lanes of ``features``."""
    sums = np.empty(8, np.float32)
    for p in range(hole.size):
        if not hole[p]:
            continue
        if cancel[0]:
            return
        total = np.float32(0)
        for k in range(8):
            sums[k] = 0
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                shift = dy * width + dx
                j = target_at[p + shift]
                if j < 0:
                    continue
                w = weights[j]
                total += w
                source = np.uintp((field[j] - shift) * 8)
                for k in range(np.uintp(8)):
                    sums[k] += w * np.float32(features[source + k])
        if total > 0:
            for k in range(lanes_voted):
                features[p * 8 + k] = np.int16(np.rint(sums[k] / total))


@kernel
def _misfit(features, certain, at, source, width):
    """Mean squared difference in Lab of the certain pixels around ``at`` and what lies so around ``source``."""
    total, n = 0, 0
    for dy in range(-_AROUND, _AROUND + 1):
        for dx in range(-_AROUND, _AROUND + 1):
            p = at + dy * width + dx
            if certain[p]:
                n += 1
                q = source + dy * width + dx
                for c in range(3):
                    d = np.int64(features[p * LANES + c]) - np.int64(features[q * LANES + c])
                    total += d * d
    return np.float32(total) / np.float32(max(n, 1) * SCALE * SCALE)


@kernel
def best_offsets(features, certain, hole, target_at, field, weights, width, r):
    """For each hole pixel the source pixel named by the single heaviest near patch, w_q / (1 + 0.05·|p−q|²).

    Beside certain pixels (``uint8 [pixels]``) a source weighs less, by 1 + its surroundings' mean squared difference
    in Lab, the less it goes on where the photograph ends: what differs there would be a seam.

    Returns ``int32 [pixels]``, −1 outside the hole.
    """
    out = np.full(hole.size, -1, np.int32)
    for p in range(hole.size):
        if not hole[p]:
            continue
        best = np.float32(-1)
        beside = count_in_patch(certain, p, width, _AROUND) > 0
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                shift = dy * width + dx
                j = target_at[p + shift]
                if j >= 0:
                    w = weights[j] / np.float32(1.0 + 0.05 * (dy * dy + dx * dx))
                    if w > best and beside:
                        w /= np.float32(1) + _misfit(features, certain, p, field[j] - shift, width)
                    if w > best:
                        best = w
                        out[p] = field[j] - shift
    return out
