"""The colour tools: 0…255 became 0…1, and what worked on encoded values works in linear light in GIMP 3.0."""

from __future__ import annotations

import math

from gi.repository import Gimp

from .. import carry, encoded, filters
from .names import item, known


def _channel(number: int):
    return carry.enum(Gimp.HistogramChannel.__gtype__, number)


def _applied(drawable: int, tool: str, *values) -> None:
    """Applies a colour tool, a method of drawables, to encoded values."""
    encoded.apply(item(drawable), lambda layer: _must(getattr(layer, tool)(*values)))


def _must(done) -> None:
    if not done:
        raise carry.Failed(carry.last_error("the colours could not be changed"))


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


_LUMINANCE = {"red": 0.22248840, "green": 0.71690369, "blue": 0.06060791}
"""2.10's weights, of sRGB's primaries under D50."""


@known("plug-in-colorify")
def colorify(_port, _img, drawable, color):
    """The brightness of each pixel as a shade of one colour."""

    def shade(layer):
        filters.merge(layer, "gegl:mono-mixer", {**_LUMINANCE, "preserve-luminosity": False})
        for name, part in zip(("RED", "GREEN", "BLUE"), color):
            channel = getattr(Gimp.HistogramChannel, name)
            _must(layer.levels(channel, 0.0, 1.0, False, 1.0, 0.0, part, False))

    encoded.apply(item(drawable), shade)


@known("plug-in-max-rgb")
def max_rgb(port, _img, drawable, keep_largest):
    """Of each pixel only the largest, or smallest, of red, green and blue stays."""
    selected, x, y, width, height = item(drawable).mask_intersect()
    if not selected:
        return
    data = bytearray(port.read(drawable, False, (x, y, width, height)))
    count = len(data) // (width * height)
    if count < 3:
        raise carry.Failed("this works on RGB colours; choose Image → Mode → RGB first")
    parts = [bytes(data[k::count]) for k in range(3)]
    chosen = bytes(map(max if keep_largest else min, *parts))
    for k, part in enumerate(parts):
        data[k::count] = bytes(map(lambda one, best: one if one == best else 0, part, chosen))
    port.write(drawable, True, (x, y, width, height), bytes(data))
    port.flush(drawable)
    item(drawable).merge_shadow(True)
    item(drawable).update(x, y, width, height)


_DEVIATIONS = 0.30037  # standard deviations of a blur in a radius at which 2.10's has fallen to 1/255


@known("plug-in-dog")
def difference_of_gaussians(_port, _img, drawable, inner, outer, normalize, invert):
    def edges(layer):
        radii = {"radius1": inner * _DEVIATIONS, "radius2": outer * _DEVIATIONS}
        filters.merge(layer, "gegl:difference-of-gaussians", radii)
        _must(
            layer.levels(Gimp.HistogramChannel.VALUE, 0.0, 1.0, True, 1.0, 0.0, 1.0, True)
        )  # below zero is zero
        if normalize:
            filters.merge(layer, "gegl:stretch-contrast", {"keep-colors": True})
        if invert:
            _must(layer.levels(Gimp.HistogramChannel.VALUE, 0.0, 1.0, False, 1.0, 1.0, 0.0, False))

    encoded.apply(item(drawable), edges, True)
