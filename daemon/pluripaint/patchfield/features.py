"""Texture channels: how much the lightness changes nearby, along x and along y."""

from __future__ import annotations

import cv2
import numpy as np


def texture(lightness: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean over 5×5 pixels of |∂L/∂x| and |∂L/∂y|, pairs of known pixels only.

    Voting prefers flat patches, which ends in grey haze; these channels, voted like colours, keep busy busy.

    Returns:
        ``float32 [H, W, 2]``; 0 where no pair is known.
    """
    k = known.astype(np.float32)
    channels = []
    for axis in (1, 0):
        pair = np.zeros_like(lightness)
        there = np.zeros_like(lightness)
        near = (slice(None), slice(None, -1)) if axis == 1 else (slice(None, -1), slice(None))
        far = (slice(None), slice(1, None)) if axis == 1 else (slice(1, None), slice(None))
        there[near] = k[near] * k[far]
        pair[near] = np.abs(lightness[far] - lightness[near]) * there[near]
        mean = cv2.boxFilter(pair, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
        cover = cv2.boxFilter(there, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
        channels.append(np.where(cover > 0.5, mean / np.maximum(cover, 1.0), np.float32(0)))
    return np.stack(channels, -1).astype(np.float32)
