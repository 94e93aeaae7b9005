"""What is measured on a fill, given the photograph it stands in for.

Pictures are ``uint8 [H, W, 3]``, holes ``bool [H, W]``. Only LPIPS and the kernel distance need a network.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

VERSION = 2
"""Goes up when a definition below changes; kept measurements of another version are made again."""
SEAM_FLOOR = 0.5
"""Units of L (0…100): what a photograph's own roughness along a contour counts at least."""
COLOUR_BAND = 8
"""Pixels on either side of the contour over which the colour step is averaged."""
LAYOUT_CELL = 8
"""Side of the cells whose mean colours are the layout."""


def lab(image: np.ndarray) -> np.ndarray:
    """``float32 [H, W, 3]`` CIE L*a*b* (D65), L in 0…100."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def psnr(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over the hole's pixels; infinite where they are equal."""
    error = np.mean((fill[hole].astype(np.float64) - photo[hole].astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity at every pixel, ``float64 [H, W]`` (Wang et al. 2004).

    Gaussian window, σ 1.5, 11×11; K .01 and .03; mean over the channels; borders mirrored.
    """
    x, y = a.astype(np.float64), b.astype(np.float64)

    def blur(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(image, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)

    mean_x, mean_y = blur(x), blur(y)
    var_x, var_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    similarity = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1) * structure
    return similarity.mean(-1) if similarity.ndim == 3 else similarity


def ssim(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> float:
    """Mean of :func:`ssim_map` over the hole's pixels."""
    return float(ssim_map(fill, photo)[hole].mean())


def sharpness(image: np.ndarray, hole: np.ndarray) -> float:
    """Mean absolute Laplacian (four neighbours) of the luma, 0…255, over the hole's pixels."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(cv2.Laplacian(luma, cv2.CV_32F, ksize=1))[hole].mean())


def sharpness_ratio(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> float:
    """Sharpness of the fill over the photograph's own: 1 is like the photograph, 0 is haze, 2 is noise."""
    return sharpness(fill, hole) / max(sharpness(photo, hole), 0.25)


def seam_jump(image: np.ndarray, hole: np.ndarray) -> float:
    """Mean jump across the contour beyond the slopes on both sides, in units of L.

    Over all pairs of neighbours p (hole) and q (kept) with one more pixel of the same kind behind each:
    ``|(u_p − u_q) − ((u_p' − u_p) + (u_q − u_q')) / 2|``. 0 where there is no such pair.
    """
    luma = lab(image)[..., 0]
    total, count = 0.0, 0
    for axis in (0, 1):
        u, m = (luma, hole) if axis == 0 else (luma.T, hole.T)
        u0, u1, u2, u3 = u[:-3], u[1:-2], u[2:-1], u[3:]
        m0, m1, m2, m3 = m[:-3], m[1:-2], m[2:-1], m[3:]
        across = (m0 == m1) & (m1 != m2) & (m2 == m3)
        excess = np.abs((u2 - u1) - ((u1 - u0) + (u3 - u2)) / 2)
        total += float(excess[across].sum(dtype=np.float64))
        count += int(across.sum())
    return total / count if count else 0.0


def seam_ratio(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> float:
    """:func:`seam_jump` of the fill over the photograph's own, both at least :data:`SEAM_FLOOR`."""
    own = max(seam_jump(photo, hole), SEAM_FLOOR)
    return max(seam_jump(fill, hole), SEAM_FLOOR) / own


def colour_step(image: np.ndarray, hole: np.ndarray) -> float:
    """Distance in Lab between the mean colours of the bands just inside and just outside of the contour."""
    mask = hole.astype(np.uint8)
    inside = hole & (cv2.distanceTransform(mask, cv2.DIST_L2, 5) <= COLOUR_BAND)
    outside = ~hole & (cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) <= COLOUR_BAND)
    if not outside.any():
        return 0.0
    values = lab(image)
    return float(np.linalg.norm(values[inside].mean(0) - values[outside].mean(0)))


def colour_difference(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> float:
    """:func:`colour_step` of the fill minus the photograph's own: above 0 is a visible patch."""
    return colour_step(fill, hole) - colour_step(photo, hole)


def inner_radius(hole: np.ndarray) -> float:
    """Pixels from the deepest point of the hole to what is kept or to the picture's border: how wide it is."""
    return float(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 5).max())


def layout_distance(fill: np.ndarray, guide: np.ndarray, hole: np.ndarray) -> float:
    """How far the layout of two fills lies apart: mean distance in Lab of their means over 8×8 cells.

    Only pixels of the hole enter a cell's mean, and a cell counts as much as it holds of the hole.
    """
    step = lab(fill) - lab(guide)
    share, means = _cells(hole.astype(np.float64)), _cells(step * hole[..., None])
    apart = np.linalg.norm(means / np.maximum(share, 1e-9)[..., None], axis=-1)
    return float((apart * share).sum() / max(share.sum(), 1e-9))


def _cells(values: np.ndarray) -> np.ndarray:
    """Sums over cells of :data:`LAYOUT_CELL` pixels; the last ones may be cut off."""
    over_rows = np.add.reduceat(values, np.arange(0, values.shape[0], LAYOUT_CELL), axis=0)
    return np.add.reduceat(over_rows, np.arange(0, values.shape[1], LAYOUT_CELL), axis=1)


def pixel_measures(fill: np.ndarray, photo: np.ndarray, hole: np.ndarray) -> dict[str, float]:
    """Everything that needs no network, for one fill."""
    return {
        "sharp": sharpness_ratio(fill, photo, hole),
        "seam": seam_ratio(fill, photo, hole),
        "colour": colour_difference(fill, photo, hole),
        "psnr": min(psnr(fill, photo, hole), 99.0),
        "ssim": ssim(fill, photo, hole),
    }


def kernel_distance(fills: np.ndarray, photos: np.ndarray) -> float:
    """KID (Bińkowski et al. 2018) of paired sets ``[n, d]``: unbiased MMD² with the kernel (x·y/d + 1)³.

    Row k of both is of the same case, so that pairs of equal index say nothing about the sets and are left out
    on all sides (Gretton et al. 2012, lemma 6). Features are divided by the root mean square of the photographs',
    without which a cubic kernel means nothing. ``nan`` with fewer than two rows. May be below 0.
    """
    n, d = fills.shape
    if n < 2:
        return float("nan")
    scale = np.sqrt(np.mean(np.square(photos, dtype=np.float64))) or 1.0
    x, y = fills / scale, photos / scale
    within_x, within_y, between = ((p @ q.T / d + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    terms = within_x + within_y - between - between.T
    return float((terms.sum() - np.trace(terms)) / (n * (n - 1)))


class Networks:
    """The judges: LPIPS and the features for KID, loaded once from a folder."""

    def __init__(self, folder: str) -> None:
        from pathlib import Path

        from pluripaint.layers.feature_networks import Lpips, TinyDarknet

        self._lpips = Lpips.load(Path(folder))
        self._darknet = TinyDarknet.load(Path(folder))
        self.lpips_name = Lpips.name
        self.kid_name = TinyDarknet.name

    def perceptual(self, fills: Sequence[np.ndarray], photo: np.ndarray) -> tuple[list[float], float]:
        """LPIPS of each fill against the photograph, and the fills' mean pairwise LPIPS (``nan`` for one).

        All are the same crop, ``uint8 [h, w, 3]``.
        """
        import torch

        with torch.inference_mode():
            reference = self._lpips.features(_tensor(photo))
            features = [self._lpips.features(_tensor(fill)) for fill in fills]
            distances = [float(self._lpips.compare(f, reference)) for f in features]
            pairs = [
                float(self._lpips.compare(features[i], features[j]))
                for i in range(len(features))
                for j in range(i)
            ]
        return distances, float(np.mean(pairs)) if pairs else float("nan")

    def kid_features(self, image: np.ndarray) -> list[float]:
        """128 values of one crop ``uint8 [h, w, 3]``, scaled to 224×224 (area where it shrinks)."""
        import torch

        from pluripaint.layers.feature_networks import TinyDarknet

        side = TinyDarknet.side
        shrinks = image.shape[0] >= side and image.shape[1] >= side
        square = cv2.resize(
            image, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        with torch.inference_mode():
            return [float(v) for v in self._darknet(_tensor(square), layer=15)[0]]


def _tensor(image: np.ndarray):
    import torch

    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
