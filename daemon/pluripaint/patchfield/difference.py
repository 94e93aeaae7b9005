"""How different two fills of the same hole look, without a network: low-resolution colour and edge
direction.
"""

from __future__ import annotations

from typing import NamedTuple

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


class Look(NamedTuple):
    """A fill as it is compared: ``h × w`` at most 48 pixels a side, over the hole's box.

    Attributes:
        lab: ``float32 [h, w, 3]``. edges: ``float32 [h, w, 2]``, doubled-angle gradients.
        weight: ``float32 [h, w]``, the share of each pixel that is hole.
    """

    lab: np.ndarray
    edges: np.ndarray
    weight: np.ndarray


def look(image: np.ndarray, hole: np.ndarray) -> Look:
    """How a fill looks from afar: taken once a fill, for a pool is compared pair by pair.

    Args:
        image: ``float32 [H, W, 3]``, sRGB-encoded 0…1, the photograph with a fill.
        hole: ``bool [H, W]``, not empty; nothing outside it counts.
    """
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    h, w = hole[box].shape
    shrink = max(1.0, max(h, w) / _SIDE)
    size = (max(1, round(w / shrink)), max(1, round(h / shrink)))
    inside = hole[box].astype(np.float32)
    weight = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    lab = colour.to_lab(np.clip(image[box], 0, 1)) * inside[..., None]
    small = cv2.resize(lab, size, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-3)[..., None]
    return Look(small, _orientation(np.ascontiguousarray(small[..., 0])), weight)


def difference(one: Look, other: Look) -> float:
    """Mean over the hole of colour difference plus difference of edge direction, of two fills of the same hole.

    Returns:
        0 for the same fill; symmetric. About 0.1 for two answers that only differ in texture, above 0.5 for
        different layouts.
    """
    total = np.sqrt(((one.lab - other.lab) ** 2).sum(-1)) / _COLOUR_UNIT
    lengths = [np.sqrt((edges**2).sum(-1)) for edges in (one.edges, other.edges)]
    total += np.sqrt(((one.edges - other.edges) ** 2).sum(-1)) / (lengths[0] + lengths[1] + _FAINT)
    return float((total * one.weight).sum() / max(one.weight.sum(), 1e-6))
