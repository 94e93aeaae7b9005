"""A whole photograph: cut into the regions of a job, and its fills laid back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pluripaint.imaging import Photo, composite
from pluripaint.pipeline.types import FillError, FillRequest, RegionPixels
from pluripaint_client import job_regions
from pluripaint_client.geometry import Region
from pluripaint_client.texts import Sentence


def request_for(
    photo: Photo,
    selection: np.ndarray,
    exclude: np.ndarray | None = None,
    context: float = 2.0,
    **wanted: Any,
) -> FillRequest:
    """The job for a selection on a photograph.

    Args:
        selection: ``uint8 [H, W]``, 0…255. exclude: ``bool [H, W]``: never copied from.
        context: region side ÷ hole side.
        wanted: further fields of :class:`FillRequest`.

    Raises:
        FillError: ``empty-selection``, ``full-selection``, ``too-large``, ``bad-pixels``.
    """
    height, width = photo.pixels.shape[:2]
    if selection.shape != (height, width):
        raise FillError(
            "bad-pixels",
            Sentence(
                "The mask has {width} × {height} pixels, the photo {photo_width} × {photo_height}.",
                width=selection.shape[1],
                height=selection.shape[0],
                photo_width=width,
                photo_height=height,
            ),
            "Both need the same size.",
        )
    if selection.all():
        raise FillError(
            "full-selection",
            "The mask covers the whole photo.",
            "Leave something that fills can be made from.",
        )
    rules = job_regions.RULES._replace(context=context)
    try:
        regions = job_regions.plan(
            np.ascontiguousarray(selection).tobytes(), Region(0, 0, width, height), rules
        )
    except job_regions.Empty:
        raise FillError(
            "empty-selection", "The mask is empty.", "Paint white what is to be replaced."
        ) from None
    except job_regions.TooLarge as error:
        raise FillError("too-large", error.args[0]) from None
    pixels = photo.straight
    parts = [
        RegionPixels(
            region,
            np.ascontiguousarray(cut(pixels, region)),
            np.ascontiguousarray(cut(selection, region)),
            exclude=None if exclude is None else np.ascontiguousarray(cut(exclude, region)),
        )
        for region in regions
    ]
    return FillRequest(regions=parts, space=photo.space, **wanted)


def cut(array: np.ndarray, region: Region) -> np.ndarray:
    """The rectangle of an array of the photograph's size (a view)."""
    return array[region.top : region.bottom, region.left : region.right]


def lay_back(
    photo: Photo, selection: np.ndarray, fills: Sequence[np.ndarray], boxes: Sequence[Region]
) -> np.ndarray:
    """A candidate's fills on the photograph: new pixels, bit for bit its own where nothing is selected."""
    pixels = photo.pixels.copy()
    for fill, box in zip(fills, boxes):
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        pixels[place] = composite(photo.pixels[place], fill, selection[place], photo.premultiplied)
    return pixels
