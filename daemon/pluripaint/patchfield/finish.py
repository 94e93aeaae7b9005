"""From offsets to pixels: copy every painted pixel from its source, then join by the screened Poisson
solve."""

from __future__ import annotations

import cv2
import numpy as np

from .kernels import MARGIN, kernel
from .poisson import BORDER, PAINT, VOID, solve
from .pyramid import Region
from .ring import mend_border


@kernel
def _gradient(lab, allowed, source, step, out):
    """Colour step from a source pixel to its neighbour; False where the neighbour may not be copied."""
    if source < 0 or source + step < 0 or source + step >= allowed.size or not allowed[source + step]:
        return False
    for c in range(3):
        out[c] = lab[source + step, c] - lab[source, c]
    return True


@kernel
def _guidance(lab, allowed, offsets, kind, steps, width, divergence, cancel):
    """−Σ g over the edges of each painted pixel; where two sources meet, the larger of their two
    gradients."""
    ga = np.empty(3, np.float32)
    gb = np.empty(3, np.float32)
    moves = (-1, 1, -width, width)
    for p in range(kind.size):
        if kind[p] != 1:
            continue
        if cancel[0]:
            return
        for e in range(4):
            n = p + moves[e]
            if kind[n] == 0:
                continue
            has = _gradient(lab, allowed, offsets[p], steps[e], ga)
            if kind[n] == 1 and offsets[n] != offsets[p] + steps[e]:
                other = _gradient(lab, allowed, offsets[n], -steps[e], gb)
                if other:
                    a = ga[0] * ga[0] + ga[1] * ga[1] + ga[2] * ga[2]
                    b = gb[0] * gb[0] + gb[1] * gb[1] + gb[2] * gb[2]
                    if not has or b > a:
                        has = True
                        for c in range(3):
                            ga[c] = -gb[c]
            if has:
                for c in range(3):
                    divergence[p, c] -= ga[c]


@kernel
def _copy(lab, offsets, kind, out):
    for p in range(kind.size):
        if kind[p] == 1 and offsets[p] >= 0:
            for c in range(3):
                out[p, c] = lab[offsets[p], c]


def crop_box(scene: Region) -> tuple[slice, slice]:
    """Rows and columns, in *padded* coordinates, of the filled pixels and one pixel around them."""
    rows, cols = np.flatnonzero(scene.hole.any(1)), np.flatnonzero(scene.hole.any(0))
    return (
        slice(rows[0] + MARGIN - 1, rows[-1] + MARGIN + 2),
        slice(cols[0] + MARGIN - 1, cols[-1] + MARGIN + 2),
    )


def _cut(array: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    """A copy of what :func:`padded` would have there, without padding a whole region for it."""
    spread, inner = [], []
    for axis, side in zip(box, array.shape):
        first, last = axis.start - MARGIN, axis.stop - MARGIN
        inner.append(slice(max(first, 0), min(last, side)))
        spread.append((max(-first, 0), max(last - side, 0)))
    return np.pad(array[tuple(inner)], spread + [(0, 0)] * (array.ndim - 2))


def padded(array: np.ndarray) -> np.ndarray:
    """``array`` with the engine's margin around its first two axes."""
    spread = [(MARGIN, MARGIN), (MARGIN, MARGIN)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, spread)


def copy_and_join(
    scene: Region,
    lab: np.ndarray,
    offsets: np.ndarray,
    screening: float,
    cancel: np.ndarray,
    towards: np.ndarray | None = None,
) -> np.ndarray:
    """The painted pixels in Lab.

    Args:
        lab: ``float32 [pixels, 3]``, padded, known pixels.
        offsets: ``int32 [pixels]``, padded: flat source of every hole pixel, −1 elsewhere.
        towards: ``float32 [H, W, 3]`` added to the copied colours before joining (guided mode), or ``None``.

    Returns:
        ``float32 [H, W, 3]`` Lab of the whole region: the scene outside ``hole``, the fill inside.
    """
    box = crop_box(scene)
    width = scene.hole.shape[1] + 2 * MARGIN
    source = np.ascontiguousarray(offsets.reshape(-1, width)[box])
    copies, u = _cut(scene.lab, box), _cut(scene.lab, box)
    hole, painted = _cut(scene.hole, box), _cut(scene.core, box)
    _copy(lab, source.ravel(), hole.ravel().astype(np.uint8), copies.reshape(-1, 3))
    if towards is not None:
        copies[hole] += _cut(towards, box)[hole]
    ring = _cut(scene.ring, box)
    kind = np.full(hole.shape, VOID, np.uint8)
    kind[_cut(scene.known, box) | ring] = BORDER
    kind[painted] = PAINT
    touching = cv2.dilate(painted.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    mend_border(u, copies, touching & ring, _cut(scene.clean, box))
    u[painted] = copies[painted]
    divergence = np.zeros(u.shape, np.float32)
    steps = np.array([-1, 1, -width, width], np.int64)
    allowed = padded(scene.allowed).ravel().astype(np.uint8)
    _guidance(
        lab, allowed, source.ravel(), kind.ravel(), steps, hole.shape[1], divergence.reshape(-1, 3), cancel
    )
    solve(u, kind, divergence, copies, screening, cancel)
    copies[painted] = u[painted]
    whole = scene.lab.copy()
    whole[scene.hole] = copies[hole]
    return whole


def smooth(scene: Region, cancel: np.ndarray) -> np.ndarray:
    """The honest fill where there is nothing to copy from: a membrane from the border, mid grey without one.

    Returns ``float32 [H, W, 3]`` Lab.
    """
    kind = np.full(padded(scene.hole).shape, VOID, np.uint8)
    border = scene.known | scene.ring
    inner = kind[MARGIN:-MARGIN, MARGIN:-MARGIN]
    inner[border] = BORDER
    inner[scene.core] = PAINT
    u = padded(scene.lab).astype(np.float32)
    start = scene.lab[border].mean(0) if border.any() else np.array([50.0, 0.0, 0.0], np.float32)
    u[kind == PAINT] = start
    pull = np.broadcast_to(np.asarray(start, np.float32), u.shape)
    solve(u, kind, np.zeros(u.shape, np.float32), pull, 1e-5, cancel)
    out = u[MARGIN:-MARGIN, MARGIN:-MARGIN]
    out[scene.hole & ~scene.core & ~scene.ring] = start
    return np.ascontiguousarray(out)
