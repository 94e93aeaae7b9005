"""Brushes, gradients and palettes by name."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import known

_KINDS = {"brush": "GimpBrush", "gradient": "GimpGradient", "palette": "GimpPalette"}


def _found(kind, name):
    return carry.resource(_KINDS[kind], name) or getattr(Gimp, f"context_get_{kind}")()


for _kind in _KINDS:
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
