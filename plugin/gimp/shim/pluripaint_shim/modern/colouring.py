"""The colour tools of old: 0…255 became 0…1."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry, filters
from .names import item, known


def _channel(number: int):
    return carry.enum(Gimp.HistogramChannel.__gtype__, number)


@known("gimp-brightness-contrast")
def brightness_contrast(port, drawable, brightness, contrast):
    _brightness(port, drawable, brightness / 127.0, contrast / 127.0)


def _brightness(port, drawable, brightness, contrast):
    port.start_pixels()
    settings = {"brightness": brightness, "contrast": contrast}
    filters.apply(item(drawable), "gimp:brightness-contrast", settings)


@known("gimp-levels")
def levels(_port, drawable, channel, low, high, gamma, low_out, high_out):
    parts = (low / 255.0, high / 255.0, False, gamma, low_out / 255.0, high_out / 255.0, False)
    item(drawable).levels(_channel(channel), *parts)


@known("gimp-threshold")
def threshold(_port, drawable, low, high):
    item(drawable).threshold(Gimp.HistogramChannel.VALUE, low / 255.0, high / 255.0)


@known("gimp-curves-spline")
def curves_spline(_port, drawable, channel, count, points):
    item(drawable).curves_spline(_channel(channel), [one / 255.0 for one in points[:count]])


@known("gimp-curves-explicit")
def curves_explicit(_port, drawable, channel, count, values):
    item(drawable).curves_explicit(_channel(channel), [one / 255.0 for one in values[:count]])


@known("gimp-histogram")
def histogram(port, drawable, channel, start, end):
    return port.call("gimp-drawable-histogram", [drawable, channel, start / 255.0, end / 255.0])
