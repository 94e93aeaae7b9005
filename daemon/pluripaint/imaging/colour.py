"""Depth and profile ↔ what a model sees: ``float32 [H, W, 3]``, sRGB-encoded.

Profiles go through littleCMS in float (``imagecodecs``), relative colorimetric, to *linear* sRGB primaries:
that keeps colours outside the sRGB gamut, which then lie outside 0…1. :class:`Squeeze` brings those into 0…1
and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def to_srgb(pixels: np.ndarray, space: str | bytes) -> np.ndarray:
    """Colour channels in their own depth → ``float32 [H, W, 3]`` sRGB-encoded, perhaps outside 0…1.

    Args:
        pixels: ``uint8 | uint16 | float32 [H, W, 1 or 3]``; not-a-number becomes 0.
        space: ``"srgb"``, ``"linear"`` or the bytes of an ICC profile.

    Raises:
        ValueError: a profile that cannot be used for these channels.
    """
    values = _to_unit(pixels)
    if isinstance(space, bytes):
        return encode(_through_profile(values, space, forward=True))
    if values.shape[2] == 1:
        values = values.repeat(3, axis=2)
    return encode(values) if space == "linear" else values


def from_srgb(image: np.ndarray, space: str | bytes, like: np.ndarray) -> np.ndarray:
    """The way back: ``float32 [H, W, 3]`` → the depth and the number of colour channels of ``like``.

    Args:
        image: sRGB-encoded.
        space: as in :func:`to_srgb`.
        like: any array of the photograph's dtype whose last axis counts its *colour* channels.
    """
    gray = like.shape[-1] == 1
    if isinstance(space, bytes):
        values = _through_profile(decode(image), space, forward=False, gray=gray)
    else:
        values = image @ _LUMA[:, None] if gray else image
        values = decode(values) if space == "linear" else values
    return _from_unit(values, like.dtype)


def encode(linear: np.ndarray) -> np.ndarray:
    """The sRGB curve (IEC 61966-2-1), continued as an odd function below 0 and as its power beyond 1."""
    size = np.abs(linear)
    curved = np.float32(1.055) * np.power(size, np.float32(1 / 2.4)) - np.float32(0.055)
    return np.copysign(np.where(size <= 0.0031308, size * np.float32(12.92), curved), linear).astype(
        np.float32
    )


def decode(encoded: np.ndarray) -> np.ndarray:
    """The inverse of :func:`encode`."""
    size = np.abs(encoded)
    curved = np.power((size + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    return np.copysign(np.where(size <= 0.04045, size / np.float32(12.92), curved), encoded).astype(
        np.float32
    )


@dataclass(frozen=True)
class Squeeze:
    """An invertible curve from ``low … high`` to 0…1 that leaves ordinary values as they are.

    Between the knees it is the identity; beyond, a logarithm that starts with slope 1 reaches the ends
    exactly.
    """

    low: float = 0.0
    high: float = 1.0

    KNEE_LOW = 0.08
    KNEE_HIGH = 0.8

    @classmethod
    def around(cls, values: np.ndarray) -> Squeeze:
        """The squeeze for these (known) values: the identity when all lie in 0…1."""
        if not values.size:
            return cls()
        return cls(min(0.0, float(values.min())), max(1.0, float(values.max())))

    @property
    def identity(self) -> bool:
        """Whether nothing has to be squeezed."""
        return self.low >= 0 and self.high <= 1

    def forward(self, values: np.ndarray) -> np.ndarray:
        """``low … high`` → 0…1; values beyond the ends are cut."""
        if self.identity:
            return values.clip(0, 1)
        values = values.clip(self.low, self.high)
        out = values.astype(np.float32, copy=True)
        for knee, end, bound in self._ends():
            beyond = values > knee if bound > knee else values < knee
            steep = _steepness((end - knee) / (bound - knee))
            share = (values[beyond] - knee) / (end - knee)
            out[beyond] = knee + (bound - knee) * np.log1p(steep * share) / math.log1p(steep)
        return out.clip(0, 1)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """0…1 → ``low … high``."""
        values = values.clip(0, 1)
        if self.identity:
            return values
        out = values.astype(np.float32, copy=True)
        for knee, end, bound in self._ends():
            beyond = values > knee if bound > knee else values < knee
            steep = _steepness((end - knee) / (bound - knee))
            share = (values[beyond] - knee) / (bound - knee)
            out[beyond] = knee + (end - knee) * np.expm1(math.log1p(steep) * share) / steep
        return out

    def _ends(self) -> list[tuple[float, float, float]]:
        """(knee, the value squeezed onto the bound, bound) of each end that is out of range."""
        ends = []
        if self.low < 0:
            ends.append((self.KNEE_LOW, self.low, 0.0))
        if self.high > 1:
            ends.append((self.KNEE_HIGH, self.high, 1.0))
        return ends


@lru_cache(maxsize=64)
def _steepness(ratio: float) -> float:
    """c with c / log(1 + c) = ratio: the logarithm that starts with slope 1."""
    low, high = 1e-9, 4 * ratio * (1 + math.log1p(ratio)) + 4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if middle / math.log1p(middle) < ratio else (low, middle)
    return (low + high) / 2


# ------------------------------------------------------------------------------------------------ details


def _to_unit(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.float32:
        return np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _from_unit(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.float32:
        return np.ascontiguousarray(values, np.float32)
    top = np.iinfo(dtype).max
    return np.rint(values.clip(0, 1) * np.float32(top)).astype(dtype)


@lru_cache(maxsize=1)
def _linear_srgb() -> bytes:
    import imagecodecs

    primaries = (0.64, 0.33, 1.0, 0.30, 0.60, 1.0, 0.15, 0.06, 1.0)
    return bytes(
        imagecodecs.cms_profile("rgb", whitepoint=(0.3127, 0.3290, 1.0), primaries=primaries, gamma=1.0)
    )


def _through_profile(values: np.ndarray, icc: bytes, forward: bool, gray: bool = False) -> np.ndarray:
    """littleCMS in float, between the photograph's profile and linear sRGB."""
    import imagecodecs

    own = "gray" if gray or values.shape[2] == 1 else "rgb"
    source, target = (icc, _linear_srgb()) if forward else (_linear_srgb(), icc)
    plane = values[..., 0] if values.shape[2] == 1 else values
    try:
        out = imagecodecs.cms_transform(
            np.ascontiguousarray(plane),
            source,
            target,
            colorspace=own if forward else "rgb",
            outcolorspace="rgb" if forward else own,
            outdtype="float32",
            intent=1,
        )
    except Exception as error:
        raise ValueError(f"the colour profile cannot be used for a {own} picture ({error})") from None
    return out[..., None] if out.ndim == 2 else out
