"""Krita's colour spaces: how pixels lie in memory, what the daemon is told about them, conversions by Krita itself.

A space is (model, depth, profile) as Krita names them, e.g. ``("RGBA", "U16", "LargeRGB-elle-V2-g22.icc")``.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Tuple

from pluripaint_client import Region, rows
from pluripaint_client.texts import _

from .qt import QtCore

Space = Tuple[str, str, str]

DEPTHS = {"U8": "uint8", "U16": "uint16", "F16": "float16", "F32": "float32"}
CHANNELS = {"RGBA": 4, "GRAYA": 2}

LINEAR_FLOAT: Space = ("RGBA", "F32", "sRGB-elle-V2-g10.icc")
SCREEN: Space = ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")

_SRGB = {"sRGB-elle-V2-srgbtrc.icc", "Gray-D50-elle-V2-srgbtrc.icc", "sRGB built-in"}
_LINEAR = {
    "sRGB-elle-V2-g10.icc",
    "Gray-D50-elle-V2-g10.icc",
    "scRGB (linear)",
    "krita-2.5, lcms sRGB built-in with linear gamma TRC",
}
"""Krita's own profiles that the wire has a word for; every other one travels as the profile itself."""


class Wire(NamedTuple):
    """How pixels of a space go to the daemon: straight, or through linear float (``converted``)."""

    depth: str
    channels: int
    space: str | bytes
    converted: bool


_STRIP_PIXELS = 1 << 16


class ColourError(Exception):
    """Krita has no such colour space; the text is a sentence."""


def pixel_bytes(space: Space) -> int:
    """Bytes of one pixel."""
    return CHANNELS[space[0]] * rows.SAMPLE_BYTES[DEPTHS[space[1]]]


def is_known(space: Space) -> bool:
    """Whether variations can be made in this space."""
    return space[0] in CHANNELS and space[1] in DEPTHS


def wire(app: Any, space: Space) -> Wire:
    """What the daemon is told about pixels of ``space``. Half floats travel as floats, which is exact."""
    depth = "float32" if space[1] in ("F16", "F32") else DEPTHS[space[1]]
    channels = CHANNELS[space[0]]
    if space[2] in _SRGB:
        return Wire(depth, channels, "srgb", False)
    if space[2] in _LINEAR:
        return Wire(depth, channels, "linear", False)
    profile = profile_bytes(app, space[0], space[2])
    if profile is not None:
        return Wire(depth, channels, profile, False)
    return Wire("float32", 4, "linear", True)


def strips(region: Region, whole: bool) -> Iterator[Region]:
    """A region in parts, top to bottom: turning pixels takes several copies of them, which are to be small ones.

    Args:
        whole: in one part, where Krita turns them: it makes a document for each.
    """
    height = region.height if whole else max(1, _STRIP_PIXELS // region.width)
    for top in range(region.top, region.bottom, height):
        yield Region(region.left, top, region.width, min(height, region.bottom - top))


def to_wire(app: Any, pixels: bytes, size: tuple[int, int], space: Space, how: Wire) -> bytes:
    """Krita's rows as the daemon takes them."""
    if how.converted:
        return rows.finite(converted(app, pixels, size, space, LINEAR_FLOAT))
    if space[1] == "F16":
        pixels = rows.half_to_float(pixels)
    if how.depth == "float32":
        return rows.finite(pixels)
    return rows.reordered(pixels, 4, (2, 1, 0, 3), how.depth) if space[0] == "RGBA" else pixels


def from_wire(
    app: Any, fill: bytes, selection: bytes, size: tuple[int, int], space: Space, how: Wire
) -> bytes:
    """A fill (colour only, as the daemon sends it) as Krita's rows, alpha = the selection."""
    alpha = rows.mask_to_samples(selection, how.depth)
    pixels = rows.with_alpha(fill, how.channels - 1, alpha, how.depth)
    if how.converted:
        pixels = converted(app, pixels, size, LINEAR_FLOAT, space)
        depth = DEPTHS[space[1]]
        return rows.with_alpha_replaced(
            pixels, CHANNELS[space[0]], rows.mask_to_samples(selection, depth), depth
        )
    if how.depth != "float32" and space[0] == "RGBA":
        return rows.reordered(pixels, 4, (2, 1, 0, 3), how.depth)
    if space[1] == "F16":
        halves = rows.float_to_half(pixels)
        return rows.with_alpha_replaced(
            halves, CHANNELS[space[0]], rows.mask_to_samples(selection, "float16"), "float16"
        )
    return pixels


def alpha_mask(pixels: bytes, space: Space) -> bytes:
    """The alpha of Krita's rows as a mask 0…255."""
    depth = DEPTHS[space[1]]
    return rows.samples_to_mask(rows.planes(pixels, CHANNELS[space[0]], depth)[-1], depth)


def shown_by_krita(space: Space, how: Wire) -> bool:
    """Whether :func:`on_screen` needs Krita to convert."""
    return how.depth == "float32" or space[:2] != ("RGBA", "U8") or how.space != "srgb"


def on_screen(app: Any, pixels: bytes, size: tuple[int, int], space: Space, how: Wire) -> bytes:
    """Pixels as they went to the daemon (with alpha) as 8-bit B, G, R, A in sRGB: ``QImage.Format_ARGB32``."""
    if how.converted:
        return converted(app, pixels, size, LINEAR_FLOAT, SCREEN)
    if how.depth == "float32":
        return converted(app, pixels, size, (space[0], "F32", space[2]), SCREEN)
    if space[0] == "RGBA":
        pixels = rows.reordered(pixels, 4, (2, 1, 0, 3), how.depth)
    return converted(app, pixels, size, space, SCREEN) if shown_by_krita(space, how) else pixels


def colour_only(pixels: bytes, how: Wire) -> bytes:
    """Pixels as they go to the daemon, without their alpha."""
    return rows.reordered(pixels, how.channels, range(how.channels - 1), how.depth)


def opaque(fill: bytes, how: Wire) -> bytes:
    """A fill (colour only) with full alpha."""
    pixels = len(fill) // ((how.channels - 1) * rows.SAMPLE_BYTES[how.depth])
    alpha = rows.mask_to_samples(b"\xff" * pixels, how.depth)
    return rows.with_alpha(fill, how.channels - 1, alpha, how.depth)


def converted(app: Any, pixels: bytes, size: tuple[int, int], source: Space, target: Space) -> bytes:
    """Rows of one space in another, by Krita: a layer of a document that nobody sees changes its space.

    Raises:
        ColourError: Krita refuses.
    """
    if source == target:
        return pixels
    width, height = size
    scratch = app.createDocument(width, height, "pluripaint", *source, 72.0)
    if scratch is None:
        raise ColourError(_("Krita cannot work in the colour space “{name}”.").format(name=" ".join(source)))
    try:
        scratch.setBatchmode(True)
        layer = scratch.createNode("pixels", "paintlayer")
        layer.setPixelData(QtCore.QByteArray(pixels), 0, 0, width, height)
        if not layer.setColorSpace(*target):
            raise ColourError(_("Krita cannot convert to “{name}”.").format(name=" ".join(target)))
        scratch.waitForDone()
        return bytes(layer.pixelData(0, 0, width, height))
    finally:
        scratch.close()


# ------------------------------------------------------------------------------------------------ profiles

_profiles: dict[tuple[str, str], bytes | None] = {}


def profile_bytes(app: Any, model: str, profile: str) -> bytes | None:
    """The ICC profile behind a name, or ``None``.

    Krita's scripting gives only names, but a PNG that Krita writes carries the profile: one pixel is written to
    a temporary file and read back. Remembered for the session.
    """
    key = (model, profile)
    if key not in _profiles:
        _profiles[key] = _profile_from_png(app, model, profile)
    return _profiles[key]


def _profile_from_png(app: Any, model: str, profile: str) -> bytes | None:
    from krita import InfoObject

    scratch = app.createDocument(1, 1, "pluripaint", model, "U16", profile, 72.0)
    if scratch is None:
        return None
    try:
        scratch.setBatchmode(True)
        if scratch.colorProfile() != profile:
            return None
        options = InfoObject()
        for name, value in _PNG_OPTIONS.items():
            options.setProperty(name, value)
        with tempfile.TemporaryDirectory(prefix="pluripaint-") as folder:
            path = Path(folder) / "profile.png"
            if not scratch.exportImage(str(path), options):
                return None
            return icc_in_png(path.read_bytes())
    except OSError:
        return None
    finally:
        scratch.close()


_PNG_OPTIONS = {
    "alpha": True,
    "compression": 1,
    "forceSRGB": False,
    "indexed": False,
    "interlaced": False,
    "saveSRGBProfile": True,
    "saveAsHDR": False,
    "storeMetaData": False,
    "storeAuthor": False,
}


def icc_in_png(png: bytes) -> bytes | None:
    """The profile of a PNG's iCCP chunk, or ``None``."""
    at = 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"iCCP":
            packed = png[at + 8 : at + 8 + length].split(b"\0", 1)[-1][1:]
            try:
                profile = zlib.decompress(packed)
            except zlib.error:
                return None
            return profile if profile[36:40] == b"acsp" else None
        at += 12 + length
    return None
