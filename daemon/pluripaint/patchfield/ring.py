"""The ring between the painted pixels and the grown hole: which of it is the photograph, which the removed
object.

Where most of the ring around a pixel occurs in the photograph just beyond it, the ring is photograph and given
back to the field. The rest may be the removed object's soft edge, halo or shadow: growth, search and sources
never see it, and as the border that copying and joining have to fit it is mended first.
"""

from __future__ import annotations

import cv2
import numpy as np

from .kernels import kernel

_ALIKE = 8.0
"""Lab units within which a ring pixel counts as occurring among the known pixels near it."""
_BEYOND = 5
"""Pixels beyond the ring in which its colours are looked for."""
_ARC = 12
"""Radius in pixels of the stretch of contour whose usual difference replaces a fringe's own."""
_MOST_SHIFT = 6.0
_TRUST = 3
"""Half side in pixels of the surroundings in which a ring pixel is judged."""
_TRUSTED_SHARE = 0.6


@kernel
def _occurs(lab, ring, known, reach, alike, out):
    height, width = ring.shape
    for y in range(height):
        for x in range(width):
            if not ring[y, x]:
                continue
            limit = alike * alike
            for yy in range(max(0, y - reach), min(height, y + reach + 1)):
                for xx in range(max(0, x - reach), min(width, x + reach + 1)):
                    if known[yy, xx]:
                        d = np.float32(0)
                        for c in range(3):
                            d += (lab[y, x, c] - lab[yy, xx, c]) ** 2
                        if d < limit:
                            out[y, x] = True
                            break
                if out[y, x]:
                    break


def clean_part(lab: np.ndarray, ring: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Ring pixels whose colour occurs among the known pixels just beyond the ring; ``bool [H, W]``.

    A photograph goes on across the ring; the soft edge, halo or shadow of what is removed does not. Colours
    that both share do no harm."""
    out = np.zeros(ring.shape, bool)
    if ring.any() and known.any():
        width = float(cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)[ring].max())
        _occurs(lab, ring, known, int(min(width, 40.0)) + _BEYOND, np.float32(_ALIKE), out)
    return out


def trusted_part(ring: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Ring pixels in whose surroundings most of the ring is clean; ``bool [H, W]``.

    A busy texture has single pixels that occur nowhere else, a fringe has stretches of them.
    """
    side = (2 * _TRUST + 1,) * 2
    of = cv2.boxFilter(ring.astype(np.float32), -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
    fine = cv2.boxFilter(
        (ring & clean).astype(np.float32), -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return ring & (fine > _TRUSTED_SHARE * of)


@kernel
def _arc_medians(places, deltas, clean, reach, out):
    """Per channel median of the clean deltas within ``reach``; 0 where there is none."""
    near = np.empty((places.shape[0], 3), np.float32)
    for i in range(places.shape[0]):
        if clean[i]:
            continue
        n = 0
        for j in range(places.shape[0]):
            dy, dx = places[j, 0] - places[i, 0], places[j, 1] - places[i, 1]
            if clean[j] and dy * dy + dx * dx <= reach * reach:
                near[n] = deltas[j]
                n += 1
        if n > 0:
            for c in range(3):
                out[i, c] = np.median(near[:n, c])


def mend_border(u: np.ndarray, copies: np.ndarray, contour: np.ndarray, clean: np.ndarray) -> None:
    """Give fringe pixels of the contour the copy's colour plus their arc's usual difference, in place.

    Args:
        u: ``float32 [h, w, 3]`` border colours. copies: the same shape, what the field would put there.
        contour: ``bool [h, w]``, ring pixels next to painted ones. clean: ``bool [h, w]``.
    """
    places = np.argwhere(contour)
    fine = clean[contour]
    if fine.all():
        return
    deltas = (u - copies)[contour]
    usual = np.zeros_like(deltas)
    _arc_medians(places, deltas, fine, _ARC, usual)
    mended = u[contour]
    mended[~fine] = copies[contour][~fine] + np.clip(usual[~fine], -_MOST_SHIFT, _MOST_SHIFT)
    u[contour] = mended
