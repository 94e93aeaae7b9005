"""OpenRaster: a layers file that GIMP and Krita open. https://www.openraster.org/baseline/"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pluripaint.imaging.photo import Photo
from pluripaint.imaging.write import encode_png


@dataclass(frozen=True)
class Layer:
    """``pixels`` as in :class:`Photo`, never premultiplied (the format's rule), their corner at (left, top);
    profile and depth are the photo's.
    """

    name: str
    pixels: np.ndarray
    left: int = 0
    top: int = 0
    visible: bool = True


def write_openraster(
    path: Path, photo: Photo, layers: Sequence[Layer], merged: np.ndarray, thumbnail: np.ndarray
) -> None:
    """Write a stack.

    Args:
        photo: gives profile, EXIF and the canvas size.
        layers: top first. Float pixels go in as 16 bit, cut to 0…1.
        merged: what is seen with all visible layers, of the canvas size, not premultiplied.
        thumbnail: ``uint8 [≤ 256, ≤ 256, 3]``, sRGB.
    """
    height, width = photo.pixels.shape[:2]
    image = ElementTree.Element("image", version="0.0.6", w=str(width), h=str(height))
    stack = ElementTree.SubElement(image, "stack")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", "image/openraster")
        for number, layer in enumerate(layers):
            source = f"data/layer{number:02d}.png"
            archive.writestr(source, _png(photo, layer.pixels))
            visibility = "visible" if layer.visible else "hidden"
            ElementTree.SubElement(
                stack, "layer", name=layer.name, src=source, x=str(layer.left), y=str(layer.top),
                visibility=visibility, opacity="1.0", attrib={"composite-op": "svg:src-over"},
            )  # fmt: skip
        archive.writestr("stack.xml", ElementTree.tostring(image, "utf-8", xml_declaration=True))
        archive.writestr("mergedimage.png", _png(photo, merged))
        archive.writestr("Thumbnails/thumbnail.png", encode_png(Photo(thumbnail)))


def _png(photo: Photo, pixels: np.ndarray) -> bytes:
    if pixels.dtype == np.float32:
        pixels = np.rint(np.nan_to_num(pixels).clip(0, 1) * 65535).astype(np.uint16)
    return encode_png(replace(photo, pixels=pixels, exif=None, premultiplied=False))
