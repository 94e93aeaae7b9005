"""Reading: files become arrays at their own depth, in displayed orientation, with profile and EXIF beside
them.

PNG goes through libpng and TIFF through tifffile because Pillow opens 16-bit RGB as 8 bit without a word;
JPEG and WebP, which are 8 bit, go through Pillow.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from pluripaint.imaging import exif as exif_data
from pluripaint.imaging import png

MOST_PIXELS = 250_000_000
"""Photographs beyond this many pixels are refused before anything is decoded."""

_Chunks = tuple[tuple[bytes, bytes], ...]
_FORMATS = "PNG, TIFF, JPEG or WebP"


class ImageError(Exception):
    """A file that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Photo:
    """A photograph in displayed orientation.

    Attributes:
        pixels: ``uint8 | uint16 | float32 [H, W, C]``: 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA.
        icc: the embedded profile or ``None``.
        exif: an EXIF block (TIFF structure, no prefix), orientation reset to 1, or ``None``.
        linear: without a profile: linear light instead of the sRGB curve (float TIFF, PNG with gamma 1).
        premultiplied: colour channels are multiplied by alpha (TIFF's *associated* alpha).
        chunks: what a copy has to keep about colour and resolution, as PNG chunks, in file order.
    """

    pixels: np.ndarray
    icc: bytes | None = None
    exif: bytes | None = None
    linear: bool = False
    premultiplied: bool = False
    chunks: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def space(self) -> str | bytes:
        """What :class:`pluripaint.pipeline.FillRequest` calls ``space``."""
        return self.icc if self.icc else "linear" if self.linear else "srgb"

    @property
    def alpha(self) -> np.ndarray | None:
        """``[H, W]`` in the photograph's depth, or ``None``."""
        return self.pixels[..., -1] if self.pixels.shape[2] in (2, 4) else None

    @property
    def straight(self) -> np.ndarray:
        """The pixels with colour channels *not* multiplied by alpha."""
        if not self.premultiplied or self.alpha is None:
            return self.pixels
        return np.concatenate([unmultiplied(self.pixels), self.pixels[..., -1:]], axis=2)


def unmultiplied(pixels: np.ndarray) -> np.ndarray:
    """Colour channels of premultiplied pixels, divided by alpha; zero where alpha is zero."""
    top = 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., -1:].astype(np.float64)
    colours = np.where(alpha > 0, pixels[..., :-1] * top / np.where(alpha > 0, alpha, 1), 0)
    if pixels.dtype != np.float32:
        colours = np.rint(np.minimum(colours, top))
    return colours.astype(pixels.dtype)


def read_photo(path: Path) -> Photo:
    """Read a photograph.

    Raises:
        ImageError: missing, unreadable, truncated, animated, too large, CMYK, or of a kind that is not read.
    """
    return _read(path, "photo")


def read_mask(path: Path, photo_path: Path | None = None) -> np.ndarray:
    """Read a mask as ``uint8 [H, W]``, 255 = replace.

    White is replaced; in a mask with transparency whatever is opaque is replaced. Where the mask *is* the
    photograph (``photo_path``), its own alpha decides: what was erased is replaced, also where the eraser's soft
    rim left something, so that nothing half transparent remains.

    Raises:
        ImageError: as :func:`read_photo`; or the photograph named as its own mask has no transparency.
    """
    mask = _read(path, "mask")
    alpha = mask.alpha
    if photo_path is not None and _same_file(path, photo_path):
        if alpha is None:
            raise ImageError(
                f"{path.name} has no transparency that could serve as the mask; give a mask file."
            )
        return np.where(_to_bytes(alpha) < 255, 255, 0).astype(np.uint8)
    if alpha is not None and (alpha != alpha.flat[0]).any():
        return _to_bytes(alpha)
    colours = mask.pixels[..., : 1 if mask.pixels.shape[2] < 3 else 3]
    return _to_bytes(colours.max(axis=2))


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _to_bytes(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.uint8:
        return values.copy()
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint(np.nan_to_num(values).clip(0, 1) * 255).astype(np.uint8)


def _read(path: Path, what: str) -> Photo:
    if path.is_dir():
        raise ImageError(f"{path} is a folder; give the {what} as a {_FORMATS} file.")
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ImageError(f"{path} is no ordinary file; give the {what} as a {_FORMATS} file.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"There is no file {path}; check the name of the {what}.") from None
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror}); check its rights.") from None
    try:
        return _decode(data, path)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(
            f"{path.name} needs more memory than this machine has; use a smaller {what}."
        ) from None
    except Exception as error:  # decoders raise whatever they like on damaged files
        raise ImageError(
            f"{path.name} is damaged or cut short ({_first_line(error)}); save it again."
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def _decode(data: bytes, path: Path) -> Photo:
    if data.startswith(png.SIGNATURE):
        return _decode_png(data, path)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _decode_tiff(data, path)
    return _decode_8bit(data, path)


def _check_size(width: int, height: int, path: Path) -> None:
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"{path.name} has {width} × {height} pixels; more than {MOST_PIXELS // 1_000_000} million are "
            "not read: crop it or make it smaller."
        )
    if width < 1 or height < 1:
        raise ImageError(f"{path.name} holds no pixels.")


def _animated(path: Path, frames: int) -> ImageError:
    return ImageError(f"{path.name} is an animation or has {frames} pages; save one picture of it by itself.")


def _decode_png(data: bytes, path: Path) -> Photo:
    import imagecodecs

    chunks = png.read_chunks(data)
    header = dict(chunks).get(b"IHDR", b"")
    width, height = struct.unpack(">II", header[:8])
    _check_size(width, height, path)
    for kind, body in chunks:
        if kind == b"acTL" and struct.unpack(">I", body[:4])[0] > 1:
            raise _animated(path, struct.unpack(">I", body[:4])[0])
    pixels = imagecodecs.png_decode(data)
    found = dict(chunks)
    exif, orientation = exif_data.upright(found.get(b"eXIf"))
    icc = png.profile(found.get(b"iCCP"))
    linear = icc is None and found.get(b"gAMA") == struct.pack(">I", 100_000) and b"sRGB" not in found
    keep = tuple((kind, body) for kind, body in chunks if kind in png.KEPT)
    if pixels.shape[-1] in (1, 2) and header[9] in (2, 3, 6) and pixels.ndim == 3:
        pixels = pixels[..., :1].repeat(3, 2)
    return Photo(
        _oriented(_with_channels(pixels), orientation), icc, exif, linear, chunks=_turned(keep, orientation)
    )


def _decode_tiff(data: bytes, path: Path) -> Photo:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = [page for page in file.pages if not getattr(page, "subfiletype", 0) & 1]
        if len(pages) != 1:
            raise _animated(path, len(pages))
        page = pages[0].aspage()
        _check_size(page.imagewidth, page.imagelength, path)
        kind = getattr(page.photometric, "name", str(page.photometric))
        if kind == "SEPARATED":
            raise _cmyk(path)
        if kind not in ("MINISBLACK", "MINISWHITE", "RGB"):
            return _decode_8bit(data, path)
        if page.dtype not in (np.uint8, np.uint16, np.float32, np.bool_):
            kind = f"{page.dtype} values" if page.dtype else "channels of unequal depth"
            raise ImageError(
                f"{path.name} holds {kind} ({_bits(page.bitspersample)} bits); "
                "save it with 8 or 16 bits or as 32-bit float."
            )
        end = max((a + b for a, b in zip(page.dataoffsets, page.databytecounts)), default=0)
        if end > len(data):
            raise ImageError(f"{path.name} is cut short; copy or save it again.")
        pixels = page.asarray()
        if page.planarconfig == 2 and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        extra = [int(sample) for sample in page.extrasamples or ()]
        depth = page.bitspersample
        icc = page.tags.valueof(34675)
        orientation = int(page.tags.valueof(274) or 1)
        resolution = _tiff_resolution(*(page.tags.valueof(code) for code in (282, 283, 296)))
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    elif pixels.dtype != np.float32 and isinstance(depth, int):
        pixels = _stretched(pixels, depth)
    if kind == "MINISWHITE":
        pixels = np.iinfo(pixels.dtype).max - pixels
    pixels = _with_channels(np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("=")))
    colours = 3 if kind == "RGB" else 1
    if pixels.shape[2] > colours + 1:
        raise ImageError(
            f"{path.name} has {pixels.shape[2] - colours} channels beside its colours; "
            "save it with colours and alpha only."
        )
    return Photo(
        _oriented(pixels, orientation),
        bytes(icc) if icc else None,
        exif_data.from_tiff(data),
        linear=not icc and pixels.dtype == np.float32,
        premultiplied=pixels.shape[2] > colours and extra[:1] == [1],
        chunks=_turned(resolution, orientation),
    )


def _bits(depth: int | Sequence[int]) -> str:
    return str(depth) if isinstance(depth, int) else " and ".join(map(str, depth))


def _stretched(pixels: np.ndarray, depth: int) -> np.ndarray:
    """Samples of ``depth`` bits → white at the top of their type, as everything else expects; one to one."""
    top, most = int(np.iinfo(pixels.dtype).max), 2**depth - 1
    if most >= top:
        return pixels
    return ((pixels.astype(np.uint32) * top + most // 2) // most).astype(pixels.dtype)


def _decode_8bit(data: bytes, path: Path) -> Photo:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "WEBP", "TIFF"]) as image:
            _check_size(image.width, image.height, path)
            frames = int(getattr(image, "n_frames", 1))
            if image.format == "WEBP" and frames > 1:
                raise _animated(path, frames)
            if image.mode in ("CMYK", "LAB"):
                raise _cmyk(path)
            return _from_pillow(image)
    except UnidentifiedImageError:
        raise ImageError(f"{path.name} is not a {_FORMATS} picture; convert it to one of these.") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _from_pillow(image: Image.Image) -> Photo:
    image.load()
    orientation = int(image.getexif().get(0x0112, 1) or 1)
    raw = image.info.get("exif") or b""
    exif, _ = exif_data.upright(raw.removeprefix(b"Exif\0\0") or None)
    icc = image.info.get("icc_profile") or None
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    pixels = _with_channels(np.asarray(image))
    x, y = image.info.get("dpi") or (0, 0)
    resolution = _resolution(x, y, 1 / 0.0254)
    return Photo(_oriented(pixels, orientation), icc, exif, chunks=_turned(resolution, orientation))


def _resolution(x: float, y: float, per_metre: float) -> _Chunks:
    if not all(0 < float(value) < 1e6 for value in (x, y)):
        return ()
    return ((b"pHYs", struct.pack(">IIB", *(round(float(value) * per_metre) for value in (x, y)), 1)),)


def _tiff_resolution(x: Any, y: Any, unit: int | None) -> _Chunks:
    """TIFF's tags 282, 283 and 296: pixels per unit; without a unit no more than a pixel's shape."""
    if not all(isinstance(value, tuple) and len(value) == 2 and all(value) for value in (x, y)):
        return ()
    if unit != 1:
        return _resolution(x[0] / x[1], y[0] / y[1], 100 if unit == 3 else 1 / 0.0254)
    shape = (Fraction(*x) / Fraction(*y)).limit_denominator(10_000)
    if shape == 1 or not 0 < shape < 10_000:
        return ()
    return ((b"pHYs", struct.pack(">IIB", shape.numerator, shape.denominator, 0)),)


def _turned(chunks: _Chunks, orientation: int) -> _Chunks:
    """The resolution goes with its sides."""
    if orientation not in (5, 6, 7, 8):
        return chunks
    return tuple(
        (kind, body[4:8] + body[:4] + body[8:] if kind == b"pHYs" else body) for kind, body in chunks
    )


def _cmyk(path: Path) -> ImageError:
    return ImageError(
        f"{path.name} is a CMYK or Lab picture; convert it to RGB first: its inks cannot be filled."
    )


def _with_channels(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _oriented(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Stored rows → displayed rows (EXIF 2.3, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
