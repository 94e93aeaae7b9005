"""The screened Poisson solve that joins copied pixels to each other and to the photograph.

Minimises Σ_edges |u_n − u_p − g_pn|² + λ Σ |u_p − c_p|² over the painted pixels (Pérez, Gangnet, Blake 2003;
screening after Bhat et al. 2008). The screening bounds how far a difference travels (1/√λ pixels), so
successive over- relaxation with the ω that fits λ converges in a few dozen sweeps whatever the hole's size.
"""

from __future__ import annotations

import math

import numpy as np

from .kernels import kernel

VOID, PAINT, BORDER = 0, 1, 2
_TOLERANCE = 0.02
"""Lab units; what a sweep still changes when it is enough. A step of 8 bits is some 0.4."""
_MOST_SWEEPS = 4000


@kernel
def _sweep(u, kind, weight, rhs, rows, width, omega, cancel):
    """One pass over the painted pixels; returns the largest change, or −1 once cancelled."""
    largest = np.float32(0)
    relax = np.float32(omega)
    for y in range(rows.shape[0]):
        if cancel[0]:
            return np.float32(-1)
        for x in range(rows[y, 0], rows[y, 1]):
            p = y * width + x
            if kind[p] != 1:
                continue
            left, right = np.float32(kind[p - 1] != 0), np.float32(kind[p + 1] != 0)
            up, down = np.float32(kind[p - width] != 0), np.float32(kind[p + width] != 0)
            for c in range(3):
                total = rhs[p, c] + left * u[p - 1, c] + right * u[p + 1, c]
                total += up * u[p - width, c] + down * u[p + width, c]
                change = relax * (total * weight[p] - u[p, c])
                u[p, c] += change
                largest = max(largest, abs(change))
    return largest


@kernel
def _row_spans(kind, width):
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
            out[p] = 1.0 / max(n + screening, 1e-6)
    return out


def solve(
    u: np.ndarray,
    kind: np.ndarray,
    divergence: np.ndarray,
    pull: np.ndarray,
    screening: float,
    reach: float,
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
        reach: inner radius of the painted area in pixels (bounds the slowest wave where λ is small).
    """
    width = u.shape[1]
    flat_kind = np.ascontiguousarray(kind).ravel()
    values = u.reshape(-1, 3)
    rhs = (divergence + np.float32(screening) * pull).reshape(-1, 3).astype(np.float32)
    weight = _weights(flat_kind, width, float(screening))
    slowest = 4.0 / (4.0 + screening) * math.cos(math.pi / (2.0 * reach + 3.0))
    omega = 2.0 / (1.0 + math.sqrt(1.0 - slowest * slowest))
    rows = _row_spans(flat_kind, width)
    for _ in range(_MOST_SWEEPS):
        change = _sweep(values, flat_kind, weight, rhs, rows, width, omega, cancel)
        if change < _TOLERANCE:
            return
