"""Text: sizes in any unit became pixels, names of fonts became fonts."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import image, item, known, number

_POINTS_PER_INCH = 72.0


def _pixels(img, size, size_type):
    """2.10's size type: 0 pixels, 1 points."""
    if size_type != 1:
        return size
    _, x, _ = image(img).get_resolution()
    return size * x / _POINTS_PER_INCH


@known("gimp-text-fontname")
def text_fontname(_port, img, drawable, x, y, text, border, antialias, size, size_type, font):
    made = Gimp.text_font(
        image(img), item(drawable), x, y, text, border, bool(antialias), _pixels(img, size, size_type),
        carry.resource("GimpFont", font) or Gimp.context_get_font(),
    )  # fmt: skip
    return number(made)


@known("gimp-text")
def text_of_old(
    port, img, drawable, x, y, text, border, antialias, size, size_type, _foundry, family, *_rest
):
    return text_fontname(port, img, drawable, x, y, text, border, antialias, size, size_type, family)


@known("gimp-text-get-extents-fontname")
def extents(_port, text, size, _size_type, font):
    found = carry.resource("GimpFont", font) or Gimp.context_get_font()
    _, width, height, ascent, descent = Gimp.text_get_extents_font(text, size, found)
    return width, height, ascent, -descent  # 2.10 measured both upwards


@known("gimp-text-get-extents")
def extents_of_old(port, text, size, size_type, _foundry, family, *_rest):
    return extents(port, text, size, size_type, family)


@known("gimp-text-layer-get-hinting")
def get_hinting(_port, layer):
    """Whether the outlines are hinted, and whether by FreeType's own hinter."""
    style = item(layer).get_hint_style()
    return int(style != Gimp.TextHintStyle.NONE), 0


@known("gimp-text-layer-set-hinting")
def set_hinting(_port, layer, hinting, _auto):
    item(layer).set_hint_style(Gimp.TextHintStyle.MEDIUM if hinting else Gimp.TextHintStyle.NONE)
