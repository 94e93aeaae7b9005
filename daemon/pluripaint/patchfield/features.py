"""Texture channels: how much the lightness changes nearby, along x and along y."""

from __future__ import annotations

import cv2
import numpy as np

from .kernels import kernel


@kernel
def _pairs(lightness, known, down, right, pair, there):
    """|difference| to the pixel ``down`` below and ``right`` beside, and 1, where both are known."""
    for y in range(lightness.shape[0] - down):
        for x in range(lightness.shape[1] - right):
            if known[y, x] and known[y + down, x + right]:
                pair[y, x] = abs(lightness[y + down, x + right] - lightness[y, x])
                there[y, x] = 1


@kernel
def _divide(total, cover, out):
    for y in range(total.shape[0]):
        for x in range(total.shape[1]):
            if cover[y, x] > 0.5:
                out[y, x] = total[y, x] / cover[y, x]


def texture(lightness: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean over 5×5 pixels of |∂L/∂x| and |∂L/∂y|, pairs of known pixels only.

    Voting prefers flat patches, which ends in grey haze; these channels, voted like colours, keep busy busy.

    Returns:
        ``float32 [H, W, 2]``; 0 where no pair is known.
    """
    out = np.zeros((*known.shape, 2), np.float32)
    for channel, (down, right) in enumerate(((0, 1), (1, 0))):
        pair = np.zeros(known.shape, np.float32)
        there = np.zeros(known.shape, np.float32)
        _pairs(lightness, known, down, right, pair, there)
        total, cover = (
            cv2.boxFilter(of, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
            for of in (pair, there)
        )
        _divide(total, cover, out[..., channel])
    return out
