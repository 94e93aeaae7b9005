"""Selections: what were arguments in 2.10 are settings of the context in GIMP 3."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import context, image, item, known, number


def _edges(antialias: int, feather: int, radius_x: float, radius_y: float | None = None) -> None:
    Gimp.context_set_antialias(bool(antialias))
    Gimp.context_set_feather(bool(feather))
    Gimp.context_set_feather_radius(radius_x, radius_x if radius_y is None else radius_y)


def _ops(operation: int):
    return Gimp.ChannelOps(operation)


@known("gimp-rect-select")
def rect(_port, img, x, y, width, height, operation, feather, radius):
    with context():
        _edges(1, feather, radius)
        image(img).select_rectangle(_ops(operation), x, y, width, height)


@known("gimp-ellipse-select")
def ellipse(_port, img, x, y, width, height, operation, antialias, feather, radius):
    with context():
        _edges(antialias, feather, radius)
        image(img).select_ellipse(_ops(operation), x, y, width, height)


@known("gimp-round-rect-select")
def round_rect(_port, img, x, y, width, height, rx, ry, operation, antialias, feather, fx, fy):
    with context():
        _edges(antialias, feather, fx, fy)
        image(img).select_round_rectangle(_ops(operation), x, y, width, height, rx, ry)


@known("gimp-free-select")
def free(_port, img, count, points, operation, antialias, feather, radius):
    with context():
        _edges(antialias, feather, radius)
        image(img).select_polygon(_ops(operation), list(points[:count]))


def _sample(threshold, merged, transparent=0, criterion=0):
    Gimp.context_set_sample_threshold(threshold / 255.0)
    Gimp.context_set_sample_merged(bool(merged))
    Gimp.context_set_sample_transparent(bool(transparent))
    Gimp.context_set_sample_criterion(carry.enum(Gimp.SelectCriterion.__gtype__, criterion))


@known("gimp-fuzzy-select")
def fuzzy(port, drawable, x, y, threshold, operation, antialias, feather, radius, merged):
    fuzzy_full(port, drawable, x, y, threshold, operation, antialias, feather, radius, radius, merged, 0, 0)


@known("gimp-fuzzy-select-full")
def fuzzy_full(
    _port, drawable, x, y, threshold, operation, antialias, feather, fx, fy, merged, transparent, criterion
):
    with context():
        _edges(antialias, feather, fx, fy)
        _sample(threshold, merged, transparent, criterion)
        one = item(drawable)
        one.get_image().select_contiguous_color(_ops(operation), one, x, y)


@known("gimp-by-color-select")
def by_color(port, drawable, color, threshold, operation, antialias, feather, radius, merged):
    by_color_full(
        port, drawable, color, threshold, operation, antialias, feather, radius, radius, merged, 0, 0
    )


@known("gimp-by-color-select-full")
def by_color_full(
    _port, drawable, color, threshold, operation, antialias, feather, fx, fy, merged, transparent, criterion
):
    with context():
        _edges(antialias, feather, fx, fy)
        _sample(threshold, merged, transparent, criterion)
        one = item(drawable)
        one.get_image().select_color(_ops(operation), one, carry.color(color))


@known("gimp-selection-layer-alpha", "gimp-selection-load")
def from_item(_port, one):
    item(one).get_image().select_item(Gimp.ChannelOps.REPLACE, item(one))


@known("gimp-selection-combine")
def combine(_port, channel, operation):
    item(channel).get_image().select_item(_ops(operation), item(channel))


@known("gimp-selection-clear")
def clear(_port, img):
    Gimp.Selection.none(image(img))


@known("gimp-selection-float")
def float_selection(_port, drawable, x, y):
    one = item(drawable)
    return number(Gimp.Selection.float(one.get_image(), [one], x, y))


@known("gimp-vectors-to-selection")
def path_to_selection(_port, path, operation, antialias, feather, fx, fy):
    with context():
        _edges(antialias, feather, fx, fy)
        item(path).get_image().select_item(_ops(operation), item(path))
