"""What every compiled kernel shares: where compiled code is kept, random numbers, the patch distance.

Features are stored as one flat ``int16`` array, eight lanes a pixel (unused lanes are zero), a unit being an
eighth
of a Lab unit: integer sums are exact in any order, so the compiler may vectorise them freely and a seed alone
still reproduces an answer bit for bit. Around every picture lies a margin of ``MARGIN`` pixels that takes
part in nothing, so a patch never has to ask whether it is inside."""

from __future__ import annotations

import logging
import os
import sys

from pluripaint import folders

# Site-packages may be read-only: compiled kernels belong to the user's cache. Set before numba is first
# imported;
# where somebody imported it earlier, its own configuration is told.
os.environ.setdefault("NUMBA_CACHE_DIR", str(folders.cache() / "numba"))
if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # type: ignore[attr-defined]

import numba
import numpy as np

LANES = 8
MARGIN = 3
SCALE = 8.0
"""Feature units per Lab unit."""


def _kept() -> bool:
    """Whether compiled code can be kept: where no folder may be written, numba refuses functions that should be."""
    try:
        numba.njit(cache=True)(_kept)
    except RuntimeError:
        folder = os.environ["NUMBA_CACHE_DIR"]
        logging.getLogger("pluripaint").warning(
            "Compiled code cannot be kept in %s; it is compiled anew at each start, which takes some seconds.",
            folder,
        )
        return False
    return True


_KEPT = _kept()
kernel = numba.njit(nogil=True, cache=_KEPT)
inline = numba.njit(nogil=True, cache=_KEPT, inline="always")

_U = np.uintp


@kernel
def seed_state(seed, state):
    """Fill ``state`` (``uint64 [1]``) from a seed with one round of splitmix64 (Vigna 2015)."""
    z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    if z == np.uint64(0):
        z = np.uint64(1)
    state[0] = z


@kernel
def below(state, n):
    """A random integer 0 … n−1 (xorshift64*, Marsaglia 2003, Vigna 2016; n far below 2³²)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    high = (x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32)
    return np.int64((high * np.uint64(n)) >> np.uint64(32))


@kernel
def patch_distance(features, a, b, width, r, bound):
    """Sum of squared differences of two patches of side 2r+1; gives up row by row once above ``bound``.

    ``a`` and ``b`` are flat pixel indices of the centres, ``width`` the padded width.
    """
    stride = _U(width * 8)
    ia = _U((a - r * width - r) * 8)
    ib = _U((b - r * width - r) * 8)
    total = np.int64(0)
    if r == 3:
        # a constant length lets the compiler unroll the row into whole vectors
        for _ in range(7):
            row = np.int32(0)
            for k in range(_U(56)):
                d = np.int16(features[ia + k] - features[ib + k])
                row = np.int32(row + np.int32(d) * np.int32(d))
            total += row
            if total > bound:
                return total
            ia += stride
            ib += stride
        return total
    side = 2 * r + 1
    for _ in range(side):
        row = np.int32(0)
        for k in range(_U(side * 8)):
            d = np.int16(features[ia + k] - features[ib + k])
            row = np.int32(row + np.int32(d) * np.int32(d))
        total += row
        if total > bound:
            return total
        ia += stride
        ib += stride
    return total


@kernel
def masked_distance(features, taking_part, a, b, width, r, bound):
    """As :func:`patch_distance`, over those pixels of patch ``a`` whose lanes in ``taking_part`` are −1 (else
    0)."""
    stride = _U(width * 8)
    ia = _U((a - r * width - r) * 8)
    ib = _U((b - r * width - r) * 8)
    total = np.int64(0)
    if r == 3:
        for _ in range(7):
            row = np.int32(0)
            for k in range(_U(56)):
                d = np.int16(np.int16(features[ia + k] - features[ib + k]) & taking_part[ia + k])
                row = np.int32(row + np.int32(d) * np.int32(d))
            total += row
            if total > bound:
                return total
            ia += stride
            ib += stride
        return total
    side = 2 * r + 1
    for _ in range(side):
        row = np.int32(0)
        for k in range(_U(side * 8)):
            d = np.int16(np.int16(features[ia + k] - features[ib + k]) & taking_part[ia + k])
            row = np.int32(row + np.int32(d) * np.int32(d))
        total += row
        if total > bound:
            return total
        ia += stride
        ib += stride
    return total


@kernel
def _spread(flags, first, last, lanes):
    for p in range(first, last):
        if flags[p]:
            for k in range(8):
                lanes[p * 8 + k] = -1


def in_lanes(flags: np.ndarray, first: int = 0, last: int | None = None) -> np.ndarray:
    """``int16 [pixels * LANES]``: −1 in every lane of a pixel whose flag (``uint8 [pixels]``) is 1, else 0.

    Only pixels ``first`` … ``last`` − 1 are looked at: what nobody asks of a large picture is memory not touched.
    """
    lanes = np.zeros(flags.size * LANES, np.int16)
    _spread(flags, first, flags.size if last is None else last, lanes)
    return lanes


@kernel
def count_in_patch(flags, centre, width, r):
    """How many pixels of the patch have a non-zero flag (``flags``: one value a pixel, flat)."""
    n = 0
    for dy in range(-r, r + 1):
        at = centre + dy * width
        for dx in range(-r, r + 1):
            if flags[at + dx] != 0:
                n += 1
    return n
