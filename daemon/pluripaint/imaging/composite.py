"""Fills onto a photograph: what an editor does with a layer, for flat files."""

from __future__ import annotations

import numpy as np


def composite(
    pixels: np.ndarray, fill: np.ndarray, selection: np.ndarray, premultiplied: bool = False
) -> np.ndarray:
    """Lay a fill over pixels with the selection as its alpha, once.

    Args:
        pixels: ``uint8 | uint16 | float32 [H, W, C]``, C = 1…4, as in :class:`pluripaint.imaging.Photo`.
        fill: ``[H, W, colours]`` in the same depth, unblended.
        selection: ``uint8 [H, W]``.
        premultiplied: whether the colours of ``pixels`` are multiplied by their alpha.

    Returns:
        A new array. Where the selection is 0 every bit is that of ``pixels``; where it is 255 the fill's.
        Alpha becomes the larger of both.
    """
    out = pixels.copy()
    rows, columns = np.nonzero(selection)
    if not rows.size:
        return out
    colours = fill.shape[2]
    share = selection[rows, columns].astype(np.float64)[:, None] / 255
    below = pixels[rows, columns].astype(np.float64)
    above = fill[rows, columns].astype(np.float64)
    if pixels.shape[2] == colours:
        mixed = above * share + below * (1 - share)
    else:
        mixed = _over(below, above, share, _top(pixels.dtype), premultiplied)
    if pixels.dtype != np.float32:
        mixed = np.rint(mixed).clip(0, _top(pixels.dtype))
    mixed = mixed.astype(pixels.dtype)
    firm = share[:, 0] >= 1
    if not premultiplied:
        mixed[firm, :colours] = fill[rows[firm], columns[firm]]
    out[rows, columns] = mixed
    return out


def _top(dtype: np.dtype) -> float:
    return 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)


def _over(
    below: np.ndarray, above: np.ndarray, share: np.ndarray, top: float, premultiplied: bool
) -> np.ndarray:
    """Colours weighted by what is seen of each; alpha = the larger of the photograph's and the selection."""
    old_alpha = below[:, -1:] / top
    colour = below[:, :-1]
    if premultiplied:
        colour = np.where(old_alpha > 0, colour / np.where(old_alpha > 0, old_alpha, 1), 0)
    weight_below = old_alpha.clip(0, 1) * (1 - share)
    colour = np.where(weight_below > 0, colour, 0)  # not even infinity counts where nothing of it is seen
    mixed = (above * share + colour * weight_below) / (share + weight_below)
    alpha = np.maximum(old_alpha, share)
    return np.concatenate([mixed * alpha if premultiplied else mixed, alpha * top], axis=1)
