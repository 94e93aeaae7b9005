"""Transformations: of drawables in 2.10, of items in GIMP 3, with their choices in the context."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import context, image, item, known, number

_SIMPLE = {"flip-simple", "rotate-simple"}
# What the numbers of each transformation are called as methods of an item, and how many there are.
_SHAPES = {"flip": 4, "perspective": 8, "rotate": 4, "scale": 4, "shear": 2, "2d": 7, "matrix": 9}


def _transformed(shape, drawable, values):
    one = item(drawable)
    values = list(values)
    if shape not in _SIMPLE and one.is_layer() and not one.has_alpha():
        one.add_alpha()  # 2.10 left what comes from outside transparent; GIMP 3 makes it black
    if shape in ("rotate", "rotate-simple"):
        values[0] = values[0] if shape == "rotate" else carry.enum(Gimp.RotationType.__gtype__, values[0])
        values[1] = bool(values[1])
    elif shape == "flip-simple":
        values[0], values[1] = Gimp.OrientationType(values[0]), bool(values[1])
    elif shape == "shear":
        values[0] = Gimp.OrientationType(values[0])
    return number(getattr(one, f"transform_{shape.replace('-', '_')}")(*values))


def _clip(clip):
    # what 2.10 called "clip result" is one of the ways to size the result
    Gimp.context_set_transform_resize(Gimp.TransformResize(int(clip)))


def _full(shape, count):
    def transform(_port, drawable, *values):
        direction, interpolation, _supersample, _recursion, clip = values[count:]
        with context():
            Gimp.context_set_transform_direction(Gimp.TransformDirection(direction))
            Gimp.context_set_interpolation(Gimp.InterpolationType(interpolation))
            _clip(clip)
            return _transformed(shape, drawable, values[:count])

    return transform


def _default(shape, count):
    def transform(_port, drawable, *values):
        interpolate, clip = values[count:]
        with context():
            Gimp.context_set_transform_direction(Gimp.TransformDirection.FORWARD)
            if not interpolate:
                Gimp.context_set_interpolation(Gimp.InterpolationType.NONE)
            _clip(clip)
            return _transformed(shape, drawable, values[:count])

    return transform


def _simple(shape, count):
    def transform(_port, drawable, *values):
        with context():
            _clip(values[count])
            return _transformed(shape, drawable, values[:count])

    return transform


for _shape, _count in _SHAPES.items():
    known(f"gimp-drawable-transform-{_shape}")(_full(_shape, _count))
    known(f"gimp-drawable-transform-{_shape}-default")(_default(_shape, _count))
known("gimp-drawable-transform-flip-simple")(_simple("flip-simple", 3))
known("gimp-drawable-transform-rotate-simple")(_simple("rotate-simple", 4))


@known("gimp-flip")
def flip(_port, drawable, direction):
    return _transformed("flip-simple", drawable, (direction, True, 0.0))


def _of_item(shape):
    return lambda _port, one, *values: _transformed(shape, one, values)


for _shape in _SHAPES:
    known(f"gimp-item-transform-{_shape}")(_of_item(_shape))


def _old(shape):
    def transform(_port, drawable, interpolation, *values):
        with context():
            chosen = Gimp.InterpolationType.LINEAR if interpolation else Gimp.InterpolationType.NONE
            Gimp.context_set_interpolation(chosen)
            if shape == "rotate":
                values = (values[0], True, 0, 0)
            return _transformed(shape, drawable, values)

    return transform


for _name, _shape in (
    ("rotate", "rotate"),
    ("scale", "scale"),
    ("shear", "shear"),
    ("perspective", "perspective"),
):
    known(f"gimp-{_name}")(_old(_shape))
known("gimp-transform-2d")(_old("2d"))


@known("plug-in-rotate")
def rotate_quarter(_port, img, drawable, quarters, everything):
    """2.10's plug-in: 1, 2 or 3 quarters of a turn, the whole image or one layer in its place."""
    turn = carry.enum(Gimp.RotationType.__gtype__, quarters - 1)
    if everything:
        image(img).rotate(turn)
    else:
        item(drawable).transform_rotate_simple(turn, True, 0, 0)


@known("gimp-context-get-transform-recursion")
def get_recursion(_port):
    return 3  # levels of supersampling, which 2.10 itself no longer used


@known("gimp-context-set-transform-recursion")
def set_recursion(_port, _levels):
    return None
