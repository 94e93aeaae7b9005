"""Selections and holes. Two masks, never mixed up: the user's soft selection and the model's binary hole."""

from __future__ import annotations

import cv2
import numpy as np

from pluripaint_client import geometry
from pluripaint_client.geometry import Region

WIDE_FEATHER = 24.0
"""A feather that fades below :data:`FAINT` over more pixels than this is cut there (ANCHORS: hipass)."""
FAINT = 26
"""Selection values below (a tenth of 255): the fill is hardly seen there."""


def as_selection(mask: np.ndarray) -> np.ndarray:
    """``bool`` or ``uint8 [H, W]`` → ``uint8``, 255 = replace."""
    return mask.astype(np.uint8) * 255 if mask.dtype == np.bool_ else mask.astype(np.uint8, copy=False)


def selection_box(selection: np.ndarray) -> Region | None:
    """The smallest rectangle around selection > 0, or ``None``."""
    height, width = selection.shape
    return geometry.bounds(np.ascontiguousarray(selection, np.uint8).tobytes(), width, height)


def core(selection: np.ndarray) -> np.ndarray:
    """``bool [H, W]``: what will be painted: selection > 0, or ≥ 0.1 where the feather is very wide."""
    touched = selection > 0
    firm = selection >= FAINT
    if not firm.any() or (touched == firm).all():
        return touched
    away = cv2.distanceTransform((~firm).astype(np.uint8), cv2.DIST_L2, 5)
    return firm if float(away[touched].max()) > WIDE_FEATHER else touched


def grown_hole(painted: np.ndarray, grow: int) -> np.ndarray:
    """``bool [H, W]``: ``painted`` grown by a disc of ``grow`` pixels: what a model must not see."""
    if grow <= 0:
        return painted.copy()
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    return cv2.dilate(painted.astype(np.uint8), disc).astype(bool)
