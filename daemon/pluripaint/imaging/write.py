"""Writing: PNG for 8 and 16 bit, TIFF for what PNG cannot hold, profile and EXIF kept."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pluripaint.imaging import png
from pluripaint.imaging.photo import Photo

_EXIF_TAG = 0x8769
_TEXTS = (0x010F, 0x0110, 0x013B, 0x8298)
_PLACEHOLDER = 0x876A
"""tifffile leaves the EXIF tag out: its unused neighbour (tags are sorted) is written and renamed."""


def suffix(photo: Photo) -> str:
    """``.png`` or, for what PNG cannot hold bit for bit (float pixels, premultiplied ones), ``.tif``."""
    return ".tif" if photo.pixels.dtype == np.float32 or photo.premultiplied else ".png"


def encode_png(photo: Photo) -> bytes:
    """The photograph as a PNG file (8 or 16 bit); premultiplied colours are divided by alpha, as PNG wants."""
    chunks = photo.chunks
    if photo.linear and not photo.icc and not any(kind == b"gAMA" for kind, _ in chunks):
        chunks = (*chunks, (b"gAMA", (100_000).to_bytes(4, "big")))
    return png.encode(photo.straight, photo.icc, photo.exif, chunks)


def write_photo(path: Path, photo: Photo) -> None:
    """Write ``photo`` at its own depth; ``path`` carries :func:`suffix`."""
    path.write_bytes(encode_tiff(photo) if suffix(photo) == ".tif" else encode_png(photo))


def encode_tiff(photo: Photo) -> bytes:
    """The photograph as a TIFF file with lossless compression."""
    import tifffile

    channels = photo.pixels.shape[2]
    extra = ["assocalpha" if photo.premultiplied else "unassalpha"] if channels in (2, 4) else None
    pixels = photo.pixels[..., 0] if channels == 1 else photo.pixels
    tags = [(_PLACEHOLDER, "I", 1, 0, False), *_descriptive(photo.exif)] if photo.exif else []
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(
            pixels,
            photometric="rgb" if channels >= 3 else "minisblack",
            planarconfig="contig" if channels > 1 else None,
            extrasamples=extra,
            compression="zlib",
            predictor=True,
            iccprofile=photo.icc,
            extratags=tags,
            metadata=None,
            software=False,
            **_resolution(photo),
        )
    return _with_exif(buffer, photo.exif) if photo.exif else buffer.getvalue()


def _resolution(photo: Photo) -> dict[str, Any]:
    """A PNG's pixels per metre as TIFF has them: whole numbers per inch where they are some, else per
    centimetre.
    """
    body = dict(photo.chunks).get(b"pHYs", b"")
    if len(body) != 9 or not (body[:4].strip(b"\0") and body[4:8].strip(b"\0")):
        return {}
    x, y, unit = struct.unpack(">IIB", body)
    if unit == 0:
        return {"resolution": (x, y), "resolutionunit": "none"}
    inches = [round(value * 0.0254) for value in (x, y)]
    if [round(value / 0.0254) for value in inches] == [x, y]:
        return {"resolution": inches, "resolutionunit": "inch"}
    return {"resolution": ((x, 100), (y, 100)), "resolutionunit": "centimeter"}


def _descriptive(block: bytes) -> list[tuple[int, str, int, str, bool]]:
    """Make, model, artist and copyright, which TIFF keeps among its own tags."""
    from PIL import Image

    exif = Image.Exif()
    exif.load(block)
    return [(tag, "s", 0, exif[tag], False) for tag in _TEXTS if isinstance(exif.get(tag), str)]


def _with_exif(buffer: io.BytesIO, block: bytes) -> bytes:
    """Append the EXIF directory and let the tag that was kept free for it point there."""
    import tifffile
    from PIL import Image
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    exif = Image.Exif()
    exif.load(block)
    directory = exif.get_ifd(_EXIF_TAG)
    order: Literal["little", "big"]
    with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as file:
        entry = file.pages.first.tags[_PLACEHOLDER]
        order = "little" if file.byteorder == "<" else "big"
        place, name = entry.valueoffset, entry.offset
    data = bytearray(buffer.getvalue())
    data += b"\0" * (len(data) % 2)
    written = ImageFileDirectory_v2(
        b"II*\0\0\0\0\0" if order == "little" else b"MM\0*\0\0\0\0", group=_EXIF_TAG
    )
    for tag, value in directory.items():
        written[tag] = value
    data[name : name + 2] = _EXIF_TAG.to_bytes(2, order)
    data[place : place + 4] = len(data).to_bytes(4, order)
    return bytes(data) + written.tobytes(len(data))


def with_pixels(photo: Photo, pixels: np.ndarray) -> Photo:
    """The same photograph with other pixels."""
    return replace(photo, pixels=pixels)
