"""How different two fills of the same hole look, without a network: low-resolution colour and edge
direction.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import colour

_SIDE = 48
_COLOUR_UNIT = 20.0
"""Lab units that count as one whole difference of colour."""
_FAINT = 4.0
"""L units a pixel (squared: structure tensor) below which a direction means nothing."""


def _orientation(lightness: np.ndarray) -> np.ndarray:
    """Doubled-angle gradient ``[h, w, 2]``, smoothed: edges of either sign along one line agree."""
    gx = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, scale=0.125)
    gy = cv2.Sobel(lightness, cv2.CV_32F, 0, 1, scale=0.125)
    return cv2.GaussianBlur(np.dstack([gx * gx - gy * gy, 2 * gx * gy]), (0, 0), 1.0)


def difference(one: np.ndarray, other: np.ndarray, hole: np.ndarray) -> float:
    """Mean over the hole of colour difference plus difference of edge direction.

    Args:
        one, other: ``float32 [H, W, 3]``, sRGB-encoded 0…1, the same photograph with two fills.
        hole: ``bool [H, W]``; nothing outside it counts.

    Returns:
        0 for the same fill; symmetric. About 0.1 for two answers that only differ in texture, above 0.5 for
        different layouts.
    """
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    if not rows.size:
        return 0.0
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    h, w = hole[box].shape
    shrink = max(1.0, max(h, w) / _SIDE)
    size = (max(1, round(w / shrink)), max(1, round(h / shrink)))
    inside = hole[box].astype(np.float32)
    weight = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    views = []
    for image in (one, other):
        lab = colour.to_lab(np.clip(image[box], 0, 1)) * inside[..., None]
        views.append(
            cv2.resize(lab, size, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-3)[..., None]
        )
    a, b = views
    total = np.sqrt(((a - b) ** 2).sum(-1)) / _COLOUR_UNIT
    oa, ob = (_orientation(np.ascontiguousarray(v[..., 0])) for v in views)
    apart = np.sqrt(((oa - ob) ** 2).sum(-1))
    total += apart / (np.sqrt((oa**2).sum(-1)) + np.sqrt((ob**2).sum(-1)) + _FAINT)
    return float((total * weight).sum() / max(weight.sum(), 1e-6))
