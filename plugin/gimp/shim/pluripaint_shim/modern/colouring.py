"""The colour tools: 0…255 became 0…1, and what worked on encoded values works in linear light in GIMP 3.0.

Where that is so (one trial pixel tells), the tool is applied in a scratch image whose *linear* values are the encoded
values of the drawable: the result is 2.10's at any depth.
"""

from __future__ import annotations

import functools
import math

from gi.repository import Babl, Gegl, Gimp

from .. import carry
from .names import item, known


def _channel(number: int):
    return carry.enum(Gimp.HistogramChannel.__gtype__, number)


@functools.lru_cache(maxsize=None)
def _in_linear_light() -> bool:
    """Whether this GIMP's colour tools work in linear light: half of the middle says it."""
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


def _write(buffer, box, form, data) -> None:
    buffer.set(box, form, data)
    buffer.flush()


def _form(drawable, linear: bool) -> str:
    """Encoded or linear components as floats, in the drawable's own space."""
    colour = ("Y" if linear else "Y'") if drawable.is_gray() else ("RGB" if linear else "R'G'B'")
    alpha = "A" if drawable.has_alpha() else ""
    return Babl.get_name(Babl.format_with_space(f"{colour}{alpha} float", drawable.get_format()))


def _applied(drawable: int, tool: str, *values) -> None:
    """Applies a colour tool, a method of drawables, to encoded values."""
    one = item(drawable)
    selected, x, y, width, height = one.mask_intersect()
    if not selected:
        return
    if not _in_linear_light() or one.is_indexed():
        _must(getattr(one, tool)(*values))
        return
    there, whole = Gegl.Rectangle.new(x, y, width, height), Gegl.Rectangle.new(0, 0, width, height)
    encoded = one.get_buffer().get(there, 1.0, _form(one, False), Gegl.AbyssPolicy.NONE)
    base = Gimp.ImageBaseType.GRAY if one.is_gray() else Gimp.ImageBaseType.RGB
    scratch = Gimp.Image.new_with_precision(width, height, base, Gimp.Precision.FLOAT_LINEAR)
    try:
        layer = Gimp.Layer.new(scratch, "", width, height, one.type(), 100.0, Gimp.LayerMode.NORMAL)
        scratch.insert_layer(layer, None, 0)
        _write(layer.get_buffer(), whole, _form(layer, True), encoded)
        _must(getattr(layer, tool)(*values))
        made = layer.get_buffer().get(whole, 1.0, _form(layer, True), Gegl.AbyssPolicy.NONE)
    finally:
        scratch.delete()
    _write(one.get_shadow_buffer(), there, _form(one, False), made)
    one.merge_shadow(True)
    one.update(x, y, width, height)


def _must(done) -> None:
    if not done:
        raise carry.Failed(Gimp.get_pdb().get_last_error() or "the colours could not be changed")


@known("gimp-brightness-contrast")
def brightness_contrast(port, drawable, brightness, contrast):
    drawable_brightness(port, drawable, brightness / 127.0, contrast / 127.0)


@known("gimp-drawable-brightness-contrast")
def drawable_brightness(_port, drawable, brightness, contrast):
    if max(abs(brightness), abs(contrast)) <= 0.5:
        _applied(drawable, "brightness_contrast", brightness, contrast)
        return
    # GIMP 3's procedure ends at 0.5. What it does, with half the brightness, is a straight line: levels can draw any.
    rise, start = 1 - abs(brightness / 2), max(brightness / 2, 0.0)
    slant = math.tan((min(contrast, 0.999) + 1) * math.pi / 4)
    rise, start = rise * slant, (start - 0.5) * slant + 0.5
    low, high = ((min(max((end - start) / rise, 0.0), 1.0) if rise else end) for end in (0.0, 1.0))
    low_out, high_out = (min(max(rise * end + start, 0.0), 1.0) for end in (low, high))
    _applied(drawable, "levels", Gimp.HistogramChannel.VALUE, low, high, True, 1.0, low_out, high_out, True)


@known("gimp-levels")
def levels(_port, drawable, channel, low, high, gamma, low_out, high_out):
    values = (low / 255.0, high / 255.0, True, gamma, low_out / 255.0, high_out / 255.0, False)
    _applied(drawable, "levels", _channel(channel), *values)


@known("gimp-drawable-levels")
def drawable_levels(_port, drawable, channel, low, high, clamp, gamma, low_out, high_out, clamp_out):
    values = (low, high, bool(clamp), gamma, low_out, high_out, bool(clamp_out))
    _applied(drawable, "levels", _channel(channel), *values)


@known("gimp-threshold")
def threshold(_port, drawable, low, high):
    item(drawable).threshold(Gimp.HistogramChannel.VALUE, low / 255.0, high / 255.0)


def _curves(tool, largest):
    def curves(_port, drawable, channel, count, points):
        _applied(drawable, tool, _channel(channel), [one / largest for one in points[:count]])

    return curves


for _tool in ("curves_spline", "curves_explicit"):
    _name = _tool.replace("_", "-")
    known(f"gimp-{_name}")(_curves(_tool, 255.0))
    known(f"gimp-drawable-{_name}")(_curves(_tool, 1.0))


@known("gimp-hue-saturation")
def hue_saturation(port, drawable, hue_range, hue, lightness, saturation):
    drawable_hue_saturation(port, drawable, hue_range, hue, lightness, saturation, 0.0)


@known("gimp-drawable-hue-saturation")
def drawable_hue_saturation(_port, drawable, hue_range, hue, lightness, saturation, overlap):
    which = carry.enum(Gimp.HueRange.__gtype__, hue_range)
    _must(
        item(drawable).hue_saturation(which, hue, lightness, saturation, overlap)
    )  # works on encoded values


@known("gimp-colorize", "gimp-drawable-colorize-hsl")
def colorize(_port, drawable, hue, saturation, lightness):
    _applied(drawable, "colorize_hsl", hue, saturation, lightness)


@known("gimp-equalize", "gimp-drawable-equalize")
def equalize(_port, drawable, mask_only):
    _applied(drawable, "equalize", bool(mask_only))


@known("gimp-histogram")
def histogram(port, drawable, channel, start, end):
    return port.call("gimp-drawable-histogram", [drawable, channel, start / 255.0, end / 255.0])
