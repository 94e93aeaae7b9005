"""Contact sheets: one picture a case with the hole, the photograph and every contestant's fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .cases import OpenCase, crop, read_rgb
from .run import Row

THUMBNAIL = 176
_LABEL = 16
_GAP = 4


def sheet(opened: OpenCase, rows: Sequence[Row], titles: Mapping[str, str], columns: int = 4) -> np.ndarray:
    """``uint8 [h, w, 3]``: outlined hole, photograph, then a line per contestant, best fill first."""
    view = crop(opened.photo, opened.box)
    cells: list[list[tuple[str, np.ndarray]]] = [
        [(f"{opened.case.name}: hole", outlined(view, crop(opened.hole, opened.box))), ("photograph", view)]
    ]
    for row in rows:
        if row.contestant == "original":
            continue
        line = []
        for index, file in enumerate(row.fills[:columns]):
            figure = f"{row.measures['percep'][index]:.3f}"
            label = f"{titles.get(row.contestant, row.contestant)} {figure}" if index == 0 else figure
            line.append((label, read_rgb(file)))
        cells.append(line)
    cells = _packed(cells, columns)
    tall = _thumbnail(view).shape[0] + _LABEL + _GAP
    height, width = len(cells) * tall, columns * (THUMBNAIL + _GAP)
    page = Image.new("RGB", (width, height), (24, 24, 24))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for y, line in enumerate(cells):
        for x, (label, image) in enumerate(line):
            left, top = x * (THUMBNAIL + _GAP), y * tall
            draw.text((left + 2, top + 1), label.replace("–", "-")[:34], fill=(220, 220, 220), font=font)
            page.paste(Image.fromarray(_thumbnail(image)), (left, top + _LABEL))
    return np.asarray(page)


def outlined(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The photograph with the hole's contour drawn, dark within light."""
    drawn = np.ascontiguousarray(image)
    width = max(1, round(max(image.shape[:2]) / THUMBNAIL))
    contours, _ = cv2.findContours(hole.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = drawn.copy()
    cv2.drawContours(drawn, contours, -1, (255, 255, 255), 3 * width)
    cv2.drawContours(drawn, contours, -1, (220, 0, 60), width)
    return drawn


def _packed(lines: list[list[tuple[str, np.ndarray]]], columns: int) -> list[list[tuple[str, np.ndarray]]]:
    """Short lines share one, in order, as long as they fit."""
    packed: list[list[tuple[str, np.ndarray]]] = []
    for line in lines:
        if packed and len(packed[-1]) + len(line) <= columns:
            packed[-1].extend(line)
        else:
            packed.append(list(line))
    return packed


def _thumbnail(image: np.ndarray) -> np.ndarray:
    scale = THUMBNAIL / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=way)


def as_jpeg(image: np.ndarray, quality: int = 85) -> bytes:
    """JPEG of a sheet."""
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert done
    return data.tobytes()
