"""sRGB-encoded pixels to CIE Lab (D65) and back, float32, by compiled loops."""

from __future__ import annotations

import numpy as np

from .kernels import kernel

# IEC 61966-2-1 primaries, rows divided by the D65 white so that white has X = Y = Z = 1.
_TO_XYZ = np.array(
    [
        [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883],
    ]
)
_FROM_XYZ = np.linalg.inv(_TO_XYZ)


@kernel
def _to_lab(rgb, out, m):
    linear = np.empty(3)
    xyz = np.empty(3)
    for i in range(rgb.shape[0]):
        for k in range(3):
            v = rgb[i, k]
            linear[k] = v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for c in range(3):
            t = m[c, 0] * linear[0] + m[c, 1] * linear[1] + m[c, 2] * linear[2]
            xyz[c] = np.cbrt(t) if t > 216.0 / 24389.0 else (24389.0 / 27.0 * t + 16.0) / 116.0
        out[i, 0] = 116.0 * xyz[1] - 16.0
        out[i, 1] = 500.0 * (xyz[0] - xyz[1])
        out[i, 2] = 200.0 * (xyz[1] - xyz[2])


@kernel
def _to_rgb(lab, out, m):
    xyz = np.empty(3)
    for i in range(lab.shape[0]):
        y = (lab[i, 0] + 16.0) / 116.0
        xyz[0] = y + lab[i, 1] / 500.0
        xyz[1] = y
        xyz[2] = y - lab[i, 2] / 200.0
        for c in range(3):
            f = xyz[c]
            xyz[c] = f * f * f if f > 6.0 / 29.0 else (116.0 * f - 16.0) * 27.0 / 24389.0
        for c in range(3):
            v = m[c, 0] * xyz[0] + m[c, 1] * xyz[1] + m[c, 2] * xyz[2]
            v = 12.92 * v if v <= 0.0031308 else 1.055 * v ** (1.0 / 2.4) - 0.055
            out[i, c] = min(max(v, 0.0), 1.0)


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """``float32 [..., 3]`` sRGB-encoded 0…1 → Lab, L 0…100."""
    flat = np.ascontiguousarray(rgb, np.float32).reshape(-1, 3)
    out = np.empty_like(flat)
    _to_lab(flat, out, _TO_XYZ)
    return out.reshape(rgb.shape)


def to_rgb(lab: np.ndarray) -> np.ndarray:
    """The inverse of :func:`to_lab`, clipped to 0…1."""
    flat = np.ascontiguousarray(lab, np.float32).reshape(-1, 3)
    out = np.empty_like(flat)
    _to_rgb(flat, out, _FROM_XYZ)
    return out.reshape(lab.shape)
