"""Brushes, gradients and palettes by name."""

from __future__ import annotations

from gi.repository import Babl, Gegl, Gimp

from .. import carry
from .names import known

_KINDS = {
    "brush": "GimpBrush",
    "gradient": "GimpGradient",
    "palette": "GimpPalette",
    "pattern": "GimpPattern",
}


def _found(kind, name):
    return carry.resource(_KINDS[kind], name) or getattr(Gimp, f"context_get_{kind}")()


for _kind in ("brush", "gradient", "palette"):
    known(f"gimp-{_kind}-delete")(lambda _port, name, kind=_kind: _found(kind, name).delete() and None)
    known(f"gimp-{_kind}-duplicate")(
        lambda _port, name, kind=_kind: _found(kind, name).duplicate().get_name()
    )
    known(f"gimp-{_kind}-is-editable")(lambda _port, name, kind=_kind: int(_found(kind, name).is_editable()))

    @known(f"gimp-{_kind}-rename")
    def rename(_port, name, new_name, kind=_kind):
        one = _found(kind, name)
        one.rename(new_name)
        return one.get_name()


def _gradient(name):
    return carry.resource("GimpGradient", name)


def _segment_colour(side):
    """A gradient's colour and its opacity (0…100), which GIMP 3 keeps in one."""

    def put(_port, name, segment, color, opacity):
        made = carry.color((*color[:3], opacity / 100.0))
        getattr(_gradient(name), f"segment_set_{side}_color")(segment, made)

    def get(_port, name, segment):
        made = carry.parts(getattr(_gradient(name), f"segment_get_{side}_color")(segment))
        return made, made[3] * 100.0

    known(f"gimp-gradient-segment-set-{side}-color")(put)
    known(f"gimp-gradient-segment-get-{side}-color")(get)


_segment_colour("left")
_segment_colour("right")

_RANGES = (
    *("blend-colors", "blend-opacity", "delete", "flip", "move", "redistribute-handles", "replicate"),
    *("set-blending-function", "set-coloring-type", "split-midpoint", "split-uniform"),
)


def _segment_range(name):
    """A negative last segment stood for the gradient's end, which GIMP 3.0 has forgotten."""

    @known(name)
    def change(port, gradient, first, last, *more):
        end = last if last >= 0 else _gradient(gradient).get_number_of_segments() - 1
        return port.by_recipe(name, gradient, first, end, *more)


for _name in _RANGES:
    _segment_range(f"gimp-gradient-segment-range-{_name}")


@known("gimp-brushes-get-brush")
def get_brush(_port):
    brush = Gimp.context_get_brush()
    _, width, height, _, _ = brush.get_info()
    return brush.get_name(), width, height, brush.get_spacing()


@known("gimp-patterns-get-pattern")
def get_pattern(_port):
    pattern = Gimp.context_get_pattern()
    _, width, height, _ = pattern.get_info()
    return pattern.get_name(), width, height


def _setting(put, get, cls):
    for name in put:
        known(name)(lambda port, value, kind=cls: port.call(f"gimp-context-set-{kind}", [value]))
    for name in get:
        known(name)(lambda port, kind=cls: port.call(f"gimp-context-get-{kind}", []))


_setting(("gimp-brushes-set-brush",), (), "brush")
_setting(("gimp-patterns-set-pattern",), (), "pattern")
_setting(("gimp-brushes-set-opacity",), ("gimp-brushes-get-opacity",), "opacity")
_setting(("gimp-brushes-set-paint-mode",), ("gimp-brushes-get-paint-mode",), "paint-mode")


@known("gimp-brushes-list")
def brushes_list(port, filter_text):
    return port.call("gimp-brushes-get-list", [filter_text])


@known("gimp-patterns-list")
def patterns_list(port, filter_text):
    return port.call("gimp-patterns-get-list", [filter_text])


def _pixels(buffer, form):
    """Width, height, bytes per pixel and the pixels of a GeglBuffer."""
    box = buffer.get_extent()
    data = bytes(buffer.get(box, 1.0, form, Gegl.AbyssPolicy.NONE))
    return box.width, box.height, len(data) // max(1, box.width * box.height), data


@known("gimp-pattern-get-pixels")
def pattern_pixels(_port, name):
    width, height, bpp, data = _pattern(name)
    return width, height, bpp, len(data), data


@known("gimp-patterns-get-pattern-data")
def pattern_data(_port, name):
    width, height, bpp, data = _pattern(name)
    return _found("pattern", name).get_name(), width, height, bpp, len(data), data


def _pattern(name):
    carry.start_gegl()
    pattern = _found("pattern", name)
    _, width, height, _ = pattern.get_info()
    form = "R'G'B' u8"
    return _pixels(pattern.get_buffer(width, height, Babl.format(form)), form)


def _brush(name):
    """Name, width, height and the coverage of a brush, a byte a pixel."""
    carry.start_gegl()
    brush = _found("brush", name)
    _, width, height, _, _ = brush.get_info()
    return (brush, *_pixels(brush.get_mask(width, height, Babl.format("Y u8")), "Y u8"))


@known("gimp-brush-get-pixels")
def brush_pixels(_port, name):
    _, width, height, bpp, data = _brush(name)
    return width, height, bpp, len(data), data, 0, 0, b""


@known("gimp-brushes-get-brush-data")
def brush_data(port, name):
    brush, width, height, _, data = _brush(name)
    opacity, mode = (port.call(f"gimp-context-get-{one}", [])[0] for one in ("opacity", "paint-mode"))
    return brush.get_name(), opacity, brush.get_spacing(), mode, width, height, len(data), data


@known("gimp-brushes-get-spacing")
def brush_spacing(_port):
    return Gimp.context_get_brush().get_spacing()


@known("gimp-brushes-set-spacing")
def set_brush_spacing(_port, spacing):
    brush = Gimp.context_get_brush()
    if not brush.is_editable():
        raise carry.Failed(f"the brush “{brush.get_name()}” cannot be changed")
    brush.set_spacing(spacing)


def _samples(colours):
    numbers = [part for one in colours for part in carry.parts(one)]
    return len(numbers), numbers


@known("gimp-gradients-sample-uniform")
def sample_uniform(_port, count, reverse):
    return _samples(Gimp.context_get_gradient().get_uniform_samples(count, bool(reverse)))


@known("gimp-gradients-sample-custom")
def sample_custom(_port, _count, places, reverse):
    return _samples(Gimp.context_get_gradient().get_custom_samples(list(places), bool(reverse)))


@known("gimp-gradients-get-gradient-data")
def gradient_data(_port, name, count, reverse):
    gradient = _gradient(name) or Gimp.context_get_gradient()
    return gradient.get_name(), *_samples(gradient.get_uniform_samples(count, bool(reverse)))


@known("gimp-palettes-get-palette-entry")
def palette_entry(_port, name, entry):
    palette = _found("palette", name)
    return palette.get_name(), palette.get_color_count(), carry.parts(palette.get_colors()[entry])
