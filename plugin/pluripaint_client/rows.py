"""Raw pixel rows with nothing but the standard library: channels apart and together, alpha, depths, crops.

Editors hand out interleaved rows (Krita: B, G, R, A for integers, R, G, B, A for floats); the wire takes
R, G, B. Every function works on whole planes by strided slices or byte tables, never pixel by pixel: a plane
of a million samples takes a few milliseconds. Samples are little-endian; ``depth`` is one of :data:`SAMPLE_BYTES`.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from typing import Union

from .geometry import Region

Rows = Union[bytes, bytearray, memoryview]

SAMPLE_BYTES: dict[str, int] = {"uint8": 1, "uint16": 2, "float16": 2, "float32": 4}

_LANES = {1: "B", 2: "H", 4: "I"}
"""Array types that move whole samples, whatever they mean."""

_STRETCH = 2048
"""Samples that are looked at together."""


def planes(rows: Rows, channels: int, depth: str) -> list[bytes]:
    """One block of samples per channel.

    Raises:
        ValueError: ``rows`` does not hold whole pixels.
    """
    samples = _samples(rows, depth)
    if len(samples) % channels:
        raise ValueError(f"{len(samples)} samples are not whole pixels of {channels} channels.")
    return [samples[channel::channels].tobytes() for channel in range(channels)]


def interleaved(parts: Sequence[Rows], depth: str) -> bytes:
    """Pixels from one block of samples per channel, in the order given.

    Raises:
        ValueError: the blocks differ in length.
    """
    lanes = [_samples(part, depth) for part in parts]
    count = len(lanes[0])
    if any(len(lane) != count for lane in lanes):
        raise ValueError("The channels differ in length.")
    size = SAMPLE_BYTES[depth]
    out = array(_LANES[size], bytes(size * count * len(lanes)))
    for channel, lane in enumerate(lanes):
        out[channel :: len(lanes)] = lane
    return out.tobytes()


def reordered(rows: Rows, channels: int, order: Sequence[int], depth: str) -> bytes:
    """Pixels whose k-th channel is channel ``order[k]`` of ``rows``; fewer or more channels than before do.

    ``(2, 1, 0, 3)`` turns B, G, R, A into R, G, B, A and back; ``(0, 1, 2)`` drops alpha; ``(0, 0, 0, 1)``
    makes R, G, B, A of gray and alpha.
    """
    parts = planes(rows, channels, depth)
    return interleaved([parts[channel] for channel in order], depth)


def with_alpha(colour: Rows, channels: int, alpha: Rows, depth: str) -> bytes:
    """Colour pixels of ``channels`` channels with ``alpha`` (samples of the same depth) behind each."""
    return interleaved([*planes(colour, channels, depth), alpha], depth)


def with_alpha_replaced(rows: Rows, channels: int, alpha: Rows, depth: str) -> bytes:
    """The same pixels with another last channel."""
    samples = array(_LANES[SAMPLE_BYTES[depth]], bytes(rows))
    samples[channels - 1 :: channels] = array(samples.typecode, bytes(alpha))
    return samples.tobytes()


# ------------------------------------------------------------------------------------------------ masks


def mask_to_samples(mask: Rows, depth: str) -> bytes:
    """A mask of bytes 0…255 as alpha samples: 255 is the depth's full value, in between by proportion."""
    size = SAMPLE_BYTES[depth]
    if size == 1:
        return bytes(mask)
    plain = bytes(mask)
    out = bytearray(size * len(plain))
    for lane, table in enumerate(_mask_tables(depth)):
        out[lane::size] = plain.translate(table)
    return bytes(out)


def samples_to_mask(samples: Rows, depth: str) -> bytes:
    """Alpha samples as a mask of bytes 0…255, rounded; the exact way back from :func:`mask_to_samples`."""
    if depth == "uint8":
        return bytes(samples)
    if depth == "uint16":
        # x · 257 has x as its high byte; anything else is rounded down by less than half a step.
        return bytes(bytes(samples)[1::2])
    # Most of a picture is wholly opaque or wholly transparent: that is seen a stretch at a time, at C speed.
    view, size = memoryview(samples).cast("B"), SAMPLE_BYTES[depth]
    full = struct.pack("<e" if depth == "float16" else "<f", 1.0) * _STRETCH
    out = []
    for at in range(0, len(view), _STRETCH * size):
        part = bytes(view[at : at + _STRETCH * size])
        if part == full:
            out.append(b"\xff" * _STRETCH)
        elif not part.strip(b"\0"):
            out.append(bytes(len(part) // size))
        else:
            out.append(_floats_to_mask(half_to_float(part) if depth == "float16" else part))
    return b"".join(out)


def _floats_to_mask(samples: bytes) -> bytes:
    floats = array("f", samples)
    if sys.byteorder == "big":
        floats.byteswap()
    return bytes([0 if not v > 0.0 else 255 if v >= 1.0 else int(v * 255.0 + 0.5) for v in floats])


def where_zero(samples: Rows, depth: str) -> bytes:
    """255 for each sample whose value is zero, else 0: transparent pixels as a mask."""
    return samples_mask(samples, depth).translate(_ZERO_TO_FULL)


def where_not_full(mask: Rows) -> bytes:
    """255 for each byte below 255, else 0: pixels that are not wholly opaque."""
    return bytes(mask).translate(_NOT_FULL)


def samples_mask(samples: Rows, depth: str) -> bytes:
    """255 for each sample that is not zero, else 0 (minus zero counts as zero)."""
    size = SAMPLE_BYTES[depth]
    plain = bytes(samples)
    if size == 1:
        return plain.translate(_ANY_TO_FULL)
    # Or-ing the bytes of a sample as huge integers is one pass of C per byte.
    joined = 0
    for lane in range(size):
        part = plain[lane::size]
        if lane == size - 1 and depth.startswith("float"):
            part = part.translate(_WITHOUT_SIGN)
        joined |= int.from_bytes(part, "little")
    return joined.to_bytes(len(plain) // size, "little").translate(_ANY_TO_FULL)


def multiplied(first: Rows, second: Rows) -> bytes:
    """Two masks of 0…255 multiplied, where ``second`` is 0 or 255 (a pixel exists or not)."""
    a, b = int.from_bytes(bytes(first), "little"), int.from_bytes(bytes(second), "little")
    return (a & b).to_bytes(len(first), "little")


# ------------------------------------------------------------------------------------------------ depths


def half_to_float(samples: Rows) -> bytes:
    """16-bit floats as 32-bit floats, exactly."""
    halves = array("H", bytes(samples))
    if sys.byteorder == "big":
        halves.byteswap()
    table = _half_table()
    return _little(array("f", map(table.__getitem__, halves)))


def float_to_half(samples: Rows) -> bytes:
    """32-bit floats as 16-bit floats, rounded to even; what is too large becomes ±65504."""
    floats = array("f", bytes(samples))
    if sys.byteorder == "big":
        floats.byteswap()
    if floats and not (max(floats) <= 65504.0 and min(floats) >= -65504.0):
        floats = array("f", [max(-65504.0, min(65504.0, v)) if v == v else 0.0 for v in floats])
    return struct.pack(f"<{len(floats)}e", *floats)


def finite(samples: Rows) -> bytes:
    """32-bit floats with NaN and infinities replaced by 0; the same object where there are none."""
    plain = bytes(samples)
    # The exponent's eight bits are all ones only in NaN and infinities: look for them in the high byte first.
    if b"\x7f" not in plain[3::4] and b"\xff" not in plain[3::4]:
        return plain
    floats = array("f", plain)
    if sys.byteorder == "big":
        floats.byteswap()
    return _little(array("f", [v if v - v == 0.0 else 0.0 for v in floats]))


# ------------------------------------------------------------------------------------------------ rectangles


def cropped(rows: Rows, outer: Region, inner: Region, pixel_bytes: int) -> bytes:
    """The rows of ``inner`` out of those of ``outer``.

    Raises:
        ValueError: ``inner`` does not lie in ``outer``, or ``rows`` does not fill it.
    """
    _check(rows, outer, inner, pixel_bytes)
    if inner == outer:
        return bytes(rows)
    view, stride = memoryview(rows), outer.width * pixel_bytes
    start = (inner.left - outer.left) * pixel_bytes
    length = inner.width * pixel_bytes
    first = (inner.top - outer.top) * stride + start
    return b"".join(view[at : at + length] for at in range(first, first + inner.height * stride, stride))


def pasted(rows: bytearray, outer: Region, patch: Rows, inner: Region, pixel_bytes: int) -> None:
    """Write ``patch`` (the rows of ``inner``) into ``rows`` (those of ``outer``) in place.

    Raises:
        ValueError: ``inner`` does not lie in ``outer``, or a block has the wrong size.
    """
    _check(rows, outer, inner, pixel_bytes)
    if len(patch) != inner.area * pixel_bytes:
        raise ValueError("The patch does not fill its rectangle.")
    view, stride, length = memoryview(patch), outer.width * pixel_bytes, inner.width * pixel_bytes
    at = (inner.top - outer.top) * stride + (inner.left - outer.left) * pixel_bytes
    for row in range(inner.height):
        rows[at : at + length] = view[row * length : (row + 1) * length]
        at += stride


# ------------------------------------------------------------------------------------------------ details


def _samples(rows: Rows, depth: str) -> array:  # type: ignore[type-arg]
    return array(_LANES[SAMPLE_BYTES[depth]], bytes(rows))


def _check(rows: Rows, outer: Region, inner: Region, pixel_bytes: int) -> None:
    if not outer.contains(inner):
        raise ValueError("The inner rectangle leaves the outer one.")
    if len(rows) != outer.area * pixel_bytes:
        raise ValueError(f"{len(rows)} bytes do not fill {outer.width} × {outer.height} pixels.")


def _little(floats: array) -> bytes:  # type: ignore[type-arg]
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tobytes()


_NOT_FULL = bytes([255] * 255 + [0])
_ANY_TO_FULL = bytes([0] + [255] * 255)
_ZERO_TO_FULL = bytes([255] + [0] * 255)
_WITHOUT_SIGN = bytes([value & 0x7F for value in range(256)])
_tables: dict[str, tuple[bytes, ...]] = {}
_halves: list[float] = []


def _mask_tables(depth: str) -> tuple[bytes, ...]:
    """For each byte of a sample a table from mask value to that byte."""
    if depth not in _tables:
        code = {"uint16": "<H", "float16": "<e", "float32": "<f"}[depth]
        full = 65535 if depth == "uint16" else 1.0
        samples = [struct.pack(code, value * 257 if full == 65535 else value / 255.0) for value in range(256)]
        _tables[depth] = tuple(bytes(lane) for lane in zip(*samples))
    return _tables[depth]


def _half_table() -> list[float]:
    if not _halves:
        every = array("H", range(65536))
        if sys.byteorder == "big":
            every.byteswap()
        _halves.extend(struct.unpack("<65536e", every.tobytes()))
    return _halves
