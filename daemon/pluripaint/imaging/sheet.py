"""Contact sheets: small pictures side by side with a line of text under each."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pluripaint.imaging import colour
from pluripaint.imaging.photo import Photo, unmultiplied

_CHECKS = (0.6, 0.75)


def preview(photo: Photo, side: int) -> np.ndarray:
    """``uint8 [h, w, 3]``, sRGB, the longer side at most ``side``; transparency shows gray checks."""
    height, width = photo.pixels.shape[:2]
    colours = photo.pixels[..., : 1 if photo.pixels.shape[2] <= 2 else 3]
    if photo.premultiplied and photo.alpha is not None:
        colours = unmultiplied(photo.pixels)
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    alpha = photo.alpha
    small = _smaller(np.nan_to_num(colours) if colours.dtype == np.float32 else colours, size)
    try:
        image = colour.to_srgb(small, photo.space).clip(0, 1)
    except ValueError:
        image = colour.to_srgb(small, "srgb").clip(0, 1)
    if alpha is not None:
        top = 1.0 if alpha.dtype == np.float32 else float(np.iinfo(alpha.dtype).max)
        share = _smaller(alpha[..., None].astype(np.float32) / np.float32(top), size)
        rows, columns = np.indices((size[1], size[0])) // 8
        checks = np.where((rows + columns) % 2, *_CHECKS).astype(np.float32)[..., None]
        image = image * share + checks * (1 - share)
    return np.rint(image * 255).clip(0, 255).astype(np.uint8)


def outlined(picture: np.ndarray, selection: np.ndarray) -> np.ndarray:
    """The picture with the selection's outline drawn on it; both of any size, the picture's counts."""
    mask = cv2.resize(
        (selection >= 128).astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST
    )
    edge = cv2.dilate(mask, np.ones((3, 3), np.uint8)) != cv2.erode(mask, np.ones((3, 3), np.uint8))
    out = picture.copy()
    out[edge] = (255, 0, 160)
    return out


def contact_sheet(pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int = 3) -> np.ndarray:
    """``uint8 [H, W, 3]``: the pictures (all of one size) in rows, a caption under each."""
    height, width = pictures[0].shape[:2]
    gap, line = 12, 26
    wide = max(width, 200)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new(
        "RGB", (columns * (wide + gap) + gap, rows * (height + line + gap) + gap), (245, 245, 245)
    )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=15)
    for number, (picture, caption) in enumerate(zip(pictures, captions)):
        left = gap + number % columns * (wide + gap)
        top = gap + number // columns * (height + line + gap)
        sheet.paste(Image.fromarray(picture), (left, top))
        draw.text((left, top + height + 4), caption, fill=(30, 30, 30), font=font)
    return np.asarray(sheet)


def _smaller(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small[..., None] if small.ndim == 2 else small
