"""EXIF blocks: turned upright without touching anything else, and taken out of a TIFF file."""

from __future__ import annotations

import io
import struct

_ORIENTATION = 0x0112
_DESCRIPTIVE = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
"""Description, make, model, software, date, artist, copyright: what of a TIFF's own tags is about the
photograph.
"""
_SUB_DIRECTORIES = (0x8769, 0x8825)
"""EXIF and GPS."""


def upright(block: bytes | None) -> tuple[bytes | None, int]:
    """The block with its orientation set to 1 in place, and the orientation (1…8) that stood there.

    A block that cannot be parsed is returned as it is, with orientation 1.
    """
    if not block or block[:2] not in (b"II", b"MM"):
        return block or None, 1
    order = "<" if block[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION and kind == 3:
                (value,) = struct.unpack_from(order + "H", block, entry + 8)
                turned = bytearray(block)
                struct.pack_into(order + "H", turned, entry + 8, 1)
                return bytes(turned), value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return block, 1


def from_tiff(data: bytes) -> bytes | None:
    """The EXIF block of a TIFF file: its descriptive tags with the EXIF and GPS directories; ``None``: there
    are none.
    """
    from PIL import Image

    if data[2:4] not in (b"*\0", b"\0*"):  # BigTIFF keeps its tags in another form
        return None
    whole = Image.Exif()
    try:
        whole.load_from_fp(io.BytesIO(data))
        kept = Image.Exif()
        for tag in _DESCRIPTIVE:
            if tag in whole:
                kept[tag] = whole[tag]
        for tag in _SUB_DIRECTORIES:
            directory = whole.get_ifd(tag)
            if directory:
                kept.get_ifd(tag).update(directory)
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) or kept.get_ifd(0x8769) else None
    except Exception:  # a damaged directory must not cost the photograph
        return None
