"""Photographs and masks as arrays.

Goes in: a file, or arrays in a photograph's own depth and colour space. Comes out: arrays in displayed
orientation, sRGB-encoded floats for the models and their way back, grown holes, composites, files at the
depth that came in. Open ``photo.py`` first (reading), then ``colour.py`` (depth and profile to model and
back) and ``composite.py``.
"""

from pluripaint.imaging.colour import Squeeze, from_srgb, to_srgb
from pluripaint.imaging.composite import composite
from pluripaint.imaging.masks import as_selection, grown_hole, selection_box
from pluripaint.imaging.photo import ImageError, Photo, read_mask, read_photo
from pluripaint.imaging.write import encode_png, write_photo

__all__ = [
    "ImageError",
    "Photo",
    "Squeeze",
    "as_selection",
    "composite",
    "encode_png",
    "from_srgb",
    "grown_hole",
    "read_mask",
    "read_photo",
    "selection_box",
    "to_srgb",
    "write_photo",
]
