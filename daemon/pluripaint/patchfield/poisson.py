"""The screened Poisson solve that joins copied pixels to each other and to the photograph.

Minimises Σ_edges |u_n − u_p − g_pn|² + λ Σ |u_p − c_p|² over the painted pixels (Pérez, Gangnet, Blake 2003;
screening after Bhat et al. 2008) by multigrid V-cycles (Brandt 1977): a handful whatever the hole's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import kernel

VOID, PAINT, BORDER = 0, 1, 2
_TOLERANCE = 0.02
"""Lab units; what a cycle still changes when it is enough. A step of 8 bits is some 0.4."""
_MOST_CYCLES = 60
_SWEEPS = 2
"""Gauss-Seidel sweeps before a grid's correction and after it."""
_COARSEST_SWEEPS = 16
_SHORT_REACH = 1.0
"""λ from which on a grid needs no coarser one: differences travel one pixel."""


@dataclass(frozen=True)
class _Grid:
    """One grid. ``kind``: ``uint8 [h * w]``; ``weight``: ``float32 [h * w]``, 1 / (number of edges + λ) where painted;
    ``spans``: ``int64 [h, 2]``, first and last + 1 painted column of each row.
    """

    width: int
    kind: np.ndarray
    weight: np.ndarray
    spans: np.ndarray


@kernel
def _sweep(u, kind, weight, rhs, spans, width, backward, cancel):
    """One Gauss-Seidel pass over the painted pixels; returns the largest change, or −1 once cancelled."""
    largest = np.float32(0)
    height = spans.shape[0]
    for row in range(height):
        if cancel[0]:
            return np.float32(-1)
        y = height - 1 - row if backward else row
        first, last = spans[y, 0], spans[y, 1]
        for column in range(last - first):
            x = last - 1 - column if backward else first + column
            p = y * width + x
            if kind[p] != 1:
                continue
            left, right = np.float32(kind[p - 1] != 0), np.float32(kind[p + 1] != 0)
            up, down = np.float32(kind[p - width] != 0), np.float32(kind[p + width] != 0)
            for c in range(3):
                total = rhs[p, c] + left * u[p - 1, c] + right * u[p + 1, c]
                total += up * u[p - width, c] + down * u[p + width, c]
                change = total * weight[p] - u[p, c]
                u[p, c] += change
                largest = max(largest, abs(change))
    return largest


@kernel
def _restrict(u, kind, weight, rhs, spans, width, coarse_kind, coarse_width, out):
    """Sums of the residual over the 2 × 2 pixels of each painted pixel of the coarser grid."""
    out[:] = 0
    for y in range(spans.shape[0]):
        for x in range(spans[y, 0], spans[y, 1]):
            p = y * width + x
            if kind[p] != 1:
                continue
            q = (y // 2 + 1) * coarse_width + x // 2 + 1
            if coarse_kind[q] != 1:
                continue
            left, right = np.float32(kind[p - 1] != 0), np.float32(kind[p + 1] != 0)
            up, down = np.float32(kind[p - width] != 0), np.float32(kind[p + width] != 0)
            for c in range(3):
                total = rhs[p, c] + left * u[p - 1, c] + right * u[p + 1, c]
                total += up * u[p - width, c] + down * u[p + width, c]
                out[q, c] += total - u[p, c] / weight[p]


@kernel
def _prolong(u, kind, spans, width, correction, coarse_kind, coarse_width):
    """Add the coarser grid's correction, bilinear over what is not void; returns the largest change."""
    largest = np.float32(0)
    for y in range(spans.shape[0]):
        cy = y // 2 + 1
        ny = cy + (1 if y % 2 else -1)
        for x in range(spans[y, 0], spans[y, 1]):
            p = y * width + x
            if kind[p] != 1:
                continue
            cx = x // 2 + 1
            nx = cx + (1 if x % 2 else -1)
            a, b = cy * coarse_width + cx, cy * coarse_width + nx
            d, e = ny * coarse_width + cx, ny * coarse_width + nx
            wa, wb = np.float32(9 * (coarse_kind[a] != 0)), np.float32(3 * (coarse_kind[b] != 0))
            wd, we = np.float32(3 * (coarse_kind[d] != 0)), np.float32(1 * (coarse_kind[e] != 0))
            whole = wa + wb + wd + we
            if whole == 0:
                continue
            for c in range(3):
                change = wa * correction[a, c] + wb * correction[b, c]
                change = (change + wd * correction[d, c] + we * correction[e, c]) / whole
                u[p, c] += change
                largest = max(largest, abs(change))
    return largest


@kernel
def _spans(kind, width):
    height = kind.size // width
    spans = np.zeros((height, 2), np.int64)
    for y in range(height):
        first, last = width, 0
        for x in range(width):
            if kind[y * width + x] == 1:
                first = min(first, x)
                last = x + 1
        if last > 0:
            spans[y, 0], spans[y, 1] = first, last
    return spans


@kernel
def _weights(kind, width, screening):
    out = np.zeros(kind.size, np.float32)
    for p in range(width, kind.size - width):
        if kind[p] == 1:
            n = 0
            for step in (-1, 1, -width, width):
                if kind[p + step] != 0:
                    n += 1
            out[p] = 1.0 / max(n + screening[p], 1e-6)
    return out


def _grid(kind: np.ndarray, screening: np.ndarray) -> _Grid:
    flat, width = np.ascontiguousarray(kind).ravel(), kind.shape[1]
    return _Grid(width, flat, _weights(flat, width, screening.ravel()), _spans(flat, width))


def _in_fours(values: np.ndarray) -> np.ndarray:
    """``[h, w]`` → ``[⌈h/2⌉, 2, ⌈w/2⌉, 2]``, filled up with 0."""
    height, width = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2)))
    return even.reshape(even.shape[0] // 2, 2, -1, 2)


def _grids(kind: np.ndarray, screening: float) -> list[_Grid]:
    """Finest first, as long as differences travel farther than a pixel and something is painted.

    A pixel of a coarser grid that holds any border is border, where the correction is 0: rather too small a correction
    than too large a one. λ is summed up: it grows with the area that is painted.
    """
    pulled = np.where(kind == PAINT, np.float32(screening), np.float32(0))
    grids = [_grid(kind, pulled)]
    while screening < _SHORT_REACH:
        kind, pulled = np.pad(_in_fours(kind).max((1, 3)), 1), np.pad(_in_fours(pulled).sum((1, 3)), 1)
        screening *= 4.0
        if not (kind == PAINT).any() or kind.size >= grids[-1].kind.size:
            break
        grids.append(_grid(kind, pulled))
    return grids


def _cycle(grids: list[_Grid], at: int, u: np.ndarray, rhs: np.ndarray, cancel: np.ndarray) -> float:
    """One V-cycle; returns the largest change of its last parts on this grid, below 0 once cancelled."""
    grid = grids[at]

    def sweeps(count: int, backward: bool) -> float:
        change = 0.0
        for _ in range(count):
            change = float(_sweep(u, grid.kind, grid.weight, rhs, grid.spans, grid.width, backward, cancel))
        return change

    if at + 1 == len(grids):
        return sweeps(_COARSEST_SWEEPS if at else _SWEEPS, False)
    coarse = grids[at + 1]
    sweeps(_SWEEPS, False)
    residual = np.empty((coarse.kind.size, 3), np.float32)
    _restrict(u, grid.kind, grid.weight, rhs, grid.spans, grid.width, coarse.kind, coarse.width, residual)
    correction = np.zeros_like(residual)
    _cycle(grids, at + 1, correction, residual, cancel)
    corrected = _prolong(u, grid.kind, grid.spans, grid.width, correction, coarse.kind, coarse.width)
    last = sweeps(_SWEEPS, True)
    return last if last < 0 else max(float(corrected), last)


def solve(
    u: np.ndarray,
    kind: np.ndarray,
    divergence: np.ndarray,
    pull: np.ndarray,
    screening: float,
    cancel: np.ndarray,
) -> None:
    """Solve in place.

    Args:
        u: ``float32 [h, w, 3]``: the start where painted, the fixed colours on the border.
        kind: ``uint8 [h, w]``: VOID (no equation, no edge), PAINT, BORDER; the outermost rows and columns are
        not PAINT.
        divergence: ``float32 [h, w, 3]``: −Σ g_pn over the edges of p.
        pull: ``float32 [h, w, 3]``: c.
        screening: λ ≥ 0.
    """
    grids = _grids(kind, float(screening))
    rhs = (divergence + np.float32(screening) * pull).reshape(-1, 3).astype(np.float32)
    values = u.reshape(-1, 3)
    for _ in range(_MOST_CYCLES):
        if _cycle(grids, 0, values, rhs, cancel) < _TOLERANCE:
            return
