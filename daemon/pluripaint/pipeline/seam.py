"""The colour step at the seam of a network's fill: measured on the ring, spread into the fill, faded."""

from __future__ import annotations

import cv2
import numpy as np

from pluripaint.methods.base import Scene
from pluripaint.pipeline.region import KNOBS

_ARC = 16
"""Ring pixels within one cell of this side are an arc: their median is one measurement."""
_LEAST = 6
"""Fewer ring pixels than this are no measurement."""
_GRID = 4
"""The correction is smooth: it is computed on every fourth pixel."""


def match_colour(fill: np.ndarray, scene: Scene) -> np.ndarray:
    """A fill whose colours meet the photograph's at the seam.

    Photograph − fill is taken on the ring (hidden from the model, yet the photograph's own), as the median of
    each arc so that fringes of a removed object do not count; it is interpolated over the fill by inverse
    squared distance, cut to ±``KNOBS.seam_clamp``, and fades with the distance from the seam.

    Args:
        fill: ``float32 [H, W, 3]``, meaningful in the scene's hole.

    Returns:
        A new array, changed in the hole only.
    """
    ring = scene.hole & ~scene.core & scene.valid
    places, steps = _arcs(ring, scene.image - fill)
    if not len(places):
        return fill
    correction = _spread(places, steps, fill.shape[:2])
    inside = cv2.distanceTransform(scene.core.astype(np.uint8), cv2.DIST_L2, 5)
    reach = max(KNOBS.seam_fade, KNOBS.seam_fade_share * float(inside.max()))
    weight = (1 - inside / reach).clip(0, 1) * scene.hole
    matched: np.ndarray = (fill + correction * weight[..., None]).clip(0, 1).astype(np.float32)
    return matched


def _arcs(ring: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, column) of each arc's middle and its median step, clamped."""
    rows, columns = np.nonzero(ring)
    cells = rows // _ARC * (ring.shape[1] // _ARC + 1) + columns // _ARC
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    places, steps = [], []
    for group in np.split(order, starts[1:]):
        if len(group) >= _LEAST:
            places.append((rows[group].mean(), columns[group].mean()))
            steps.append(np.median(step[rows[group], columns[group]], axis=0))
    clamp = KNOBS.seam_clamp
    return np.array(places, np.float32), np.array(steps, np.float32).clip(-clamp, clamp)


def _spread(places: np.ndarray, steps: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape[0], shape[1]
    rows = np.arange(0, height + _GRID, _GRID, dtype=np.float32)
    columns = np.arange(0, width + _GRID, _GRID, dtype=np.float32)
    total = np.zeros((len(rows), len(columns)), np.float32)
    summed = np.zeros((len(rows), len(columns), 3), np.float32)
    for (row, column), step in zip(places, steps):
        share = 1 / ((rows[:, None] - row) ** 2 + (columns[None, :] - column) ** 2 + 1)
        total += share
        summed += share[..., None] * step
    coarse = summed / total[..., None]
    maps = np.meshgrid(
        np.arange(width, dtype=np.float32) / _GRID, np.arange(height, dtype=np.float32) / _GRID
    )
    return np.asarray(
        cv2.remap(coarse, *maps, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
