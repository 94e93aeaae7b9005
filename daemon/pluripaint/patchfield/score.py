"""The network-free sign of a good fill: what is in the hole occurs in the photograph, also at a coarser
scale.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from .kernels import LANES, SCALE, in_lanes, kernel, masked_distance
from .pyramid import Level, Region, build_level
from .settings import Settings

_SHRINK = 4.0
_MOST_PATCHES = 1000


def judge_level(scene: Region, settings: Settings) -> Level | None:
    """The level fills are judged on: ÷4, coarser for very large holes; ``None`` where nothing can be
    compared.
    """
    shrink = max(_SHRINK, math.sqrt(np.count_nonzero(scene.hole) / _MOST_PATCHES))
    size = tuple(max(1, round(side / shrink)) for side in scene.hole.shape)
    if min(size) < 8:
        return None
    level = build_level(scene, size, settings.patch_radius, settings)
    return level if level.sources.size and level.hole.any() else None


@kernel
def _nearest(features, lanes, hole, sources, width, r, cancel):
    """For each hole pixel the mean squared distance of its patch to the nearest source."""
    n = 0
    for p in range(hole.size):
        n += hole[p]
    out = np.zeros(n)
    k = 0
    guess = np.int64(sources[0])
    for p in range(hole.size):
        if not hole[p]:
            continue
        if cancel[0]:
            return out
        taking_part = 0
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                if lanes[(p + dy * width + dx) * 8]:
                    taking_part += 1
        # the neighbour's best, shifted, is a good first bound
        best = masked_distance(features, lanes, p, guess, width, r, np.int64(1) << np.int64(60))
        for i in range(sources.size):
            d = masked_distance(features, lanes, p, sources[i], width, r, best)
            if d < best:
                best = d
                guess = np.int64(sources[i])
        out[k] = best / (max(taking_part, 1) * 64.0)
        k += 1
    return out


def strangeness(level: Level | None, scene: Region, lab: np.ndarray, cancel: np.ndarray) -> float:
    """Mean distance (Lab units, root of the mean square over a 7×7 patch) of the hole's patches to the
    nearest wholly known one; lower is better, 0 where nothing can be compared.

    Args:
        lab: ``float32 [H, W, 3]``, the filled region.
    """
    if level is None:
        return 0.0
    height, width = level.inner
    whole = np.where((scene.hole | scene.known)[..., None], lab, np.float32(0))
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    features = level.features.copy().reshape(-1, LANES)
    features[:, 3:] = 0
    shrunk = np.pad(np.rint(small * SCALE), ((3, 3), (3, 3), (0, 0))).astype(np.int16).reshape(-1, 3)
    inside = level.hole.astype(bool)
    features[inside, :3] = shrunk[inside]
    lanes = in_lanes(level.known | level.hole)
    found = _nearest(features.ravel(), lanes, level.hole, level.sources, level.width, level.radius, cancel)
    return float(np.sqrt(found).mean())
