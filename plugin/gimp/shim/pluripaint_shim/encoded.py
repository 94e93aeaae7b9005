"""Work on the encoded values of a drawable, as 2.10 did, where GIMP 3.0 works in linear light.

One trial pixel tells whether it does. If so the work is done in a scratch image whose *linear* values are the encoded
values of the drawable: the result is 2.10's at any depth.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gi.repository import Babl, Gegl, Gimp


@functools.lru_cache(maxsize=None)
def _in_linear_light() -> bool:
    """Whether this GIMP's tools work in linear light: half of the middle says it."""
    image = Gimp.Image.new(1, 1, Gimp.ImageBaseType.GRAY)
    try:
        layer = Gimp.Layer.new(image, "trial", 1, 1, Gimp.ImageType.GRAY_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        whole = Gegl.Rectangle.new(0, 0, 1, 1)
        _write(layer.get_buffer(), whole, "Y' u8", bytes([128]))
        layer.levels(Gimp.HistogramChannel.VALUE, 0.0, 1.0, False, 1.0, 0.0, 0.5, False)
        return layer.get_buffer().get(whole, 1.0, "Y' u8", Gegl.AbyssPolicy.NONE)[0] > 72
    finally:
        image.delete()


def _write(buffer: Any, box: Any, form: str, data: bytes) -> None:
    buffer.set(box, form, data)
    buffer.flush()


def _form(drawable: Any, linear: bool) -> str:
    """Encoded or linear components as floats, in the drawable's own space."""
    colour = ("Y" if linear else "Y'") if drawable.is_gray() else ("RGB" if linear else "R'G'B'")
    alpha = "A" if drawable.has_alpha() else ""
    return Babl.get_name(Babl.format_with_space(f"{colour}{alpha} float", drawable.get_format()))


def apply(drawable: Any, work: Callable[[Any], None], around: bool = False) -> None:
    """Lets ``work`` change a drawable's encoded values inside the selection.

    Args:
        drawable: what is changed.
        work: gets the drawable, or a layer that stands for it.
        around: whether pixels outside the selection play a part, or places in the drawable.
    """
    selected, x, y, width, height = drawable.mask_intersect()
    if not selected:
        return
    if drawable.is_indexed() or (around and not drawable.is_layer()) or not _in_linear_light():
        work(
            drawable
        )  # what looks at a channel's neighbourhood took its values, which are linear, also in 2.10
        return
    if around:
        x, y, width, height = 0, 0, drawable.get_width(), drawable.get_height()
    there, whole = Gegl.Rectangle.new(x, y, width, height), Gegl.Rectangle.new(0, 0, width, height)
    values = drawable.get_buffer().get(there, 1.0, _form(drawable, False), Gegl.AbyssPolicy.NONE)
    base = Gimp.ImageBaseType.GRAY if drawable.is_gray() else Gimp.ImageBaseType.RGB
    scratch = Gimp.Image.new_with_precision(width, height, base, Gimp.Precision.FLOAT_LINEAR)
    try:
        layer = Gimp.Layer.new(scratch, "", width, height, drawable.type(), 100.0, Gimp.LayerMode.NORMAL)
        scratch.insert_layer(layer, None, 0)
        _write(layer.get_buffer(), whole, _form(layer, True), values)
        work(layer)
        made = layer.get_buffer().get(whole, 1.0, _form(layer, True), Gegl.AbyssPolicy.NONE)
    finally:
        scratch.delete()
    _write(drawable.get_shadow_buffer(), there, _form(drawable, False), made)
    drawable.merge_shadow(True)
    drawable.update(x, y, width, height)
