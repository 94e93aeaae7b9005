"""PNG chunks: what a copy has to keep besides its pixels, and a writer that keeps it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"pHYs")
"""Chunks about colour and resolution, copied as they are; profile and EXIF are handled apart."""


def read_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, body) of each chunk up to the pixel data and of the EXIF and animation chunks wherever they
    stand.

    Raises:
        ValueError: the file ends inside a chunk.
    """
    chunks, place = [], len(SIGNATURE)
    while place < len(data):
        if place + 12 > len(data):
            raise ValueError("the file ends too early")
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + 8]
        if place + 12 + length > len(data):
            raise ValueError("the file ends too early")
        if kind != b"IDAT":
            chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
        if kind == b"IEND":
            return chunks
    raise ValueError("the file ends too early")


def profile(chunk: bytes | None) -> bytes | None:
    """The ICC profile inside an iCCP chunk."""
    if not chunk or b"\0" not in chunk[:80]:
        return None
    name_end = chunk.index(b"\0")
    return zlib.decompress(chunk[name_end + 2 :])


def encode(
    pixels: np.ndarray,
    icc: bytes | None = None,
    exif: bytes | None = None,
    chunks: Sequence[tuple[bytes, bytes]] = (),
    level: int = 3,
) -> bytes:
    """A PNG file of ``uint8 | uint16 [H, W, 1…4]`` pixels with profile, EXIF and further chunks before the
    pixels.
    """
    import imagecodecs

    plain = imagecodecs.png_encode(
        np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), level
    )
    extra = list(chunks)
    if icc:
        extra.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if exif:
        extra.append((b"eXIf", exif))
    after_header = len(SIGNATURE) + 25
    between = b"".join(_chunk(kind, body) for kind, body in extra)
    return bytes(plain[:after_header] + between + plain[after_header:])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
