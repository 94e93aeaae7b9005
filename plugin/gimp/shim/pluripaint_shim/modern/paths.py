"""Paths by their names, as 2.10 still had them beside its vectors."""

from __future__ import annotations

from gi.repository import Gimp

from .. import carry
from .names import image, known, number
from .selecting import path_to_selection

_BEZIER = Gimp.PathStrokeType.BEZIER
_ANCHOR, _CONTROL, _NEW_STROKE = 1.0, 2.0, 3.0


def _named(img, name):
    found = image(img).get_path_by_name(name)
    if found is None:
        raise carry.Failed(f"the image has no path “{name}”")
    return found


def _current(img):
    chosen = image(img).get_selected_paths()
    if not chosen:
        raise carry.Failed("the image has no active path")
    return chosen[0]


@known("gimp-path-list")
def path_list(_port, img):
    found = [one.get_name() for one in image(img).get_paths()]
    return len(found), found


@known("gimp-path-get-current")
def get_current(_port, img):
    return [_current(img).get_name()]


@known("gimp-path-set-current")
def set_current(_port, img, name):
    image(img).set_selected_paths([_named(img, name)])


@known("gimp-path-delete")
def delete(_port, img, name):
    image(img).remove_path(_named(img, name))


@known("gimp-get-path-by-tattoo")
def by_tattoo(_port, img, tattoo):
    found = image(img).get_path_by_tattoo(tattoo)
    if found is None:
        raise carry.Failed(f"the image has no path with the tattoo {tattoo}")
    return [found.get_name()]


@known("gimp-path-get-tattoo")
def get_tattoo(_port, img, name):
    return _named(img, name).get_tattoo()


@known("gimp-path-set-tattoo")
def set_tattoo(_port, img, name, tattoo):
    _named(img, name).set_tattoo(tattoo)


@known("gimp-path-get-locked")
def get_locked(_port, _img, _name):
    return 0  # paths are not linked in GIMP 3


@known("gimp-path-set-locked")
def set_locked(_port, _img, _name, _locked):
    return None


@known("gimp-path-to-selection")
def to_selection(port, img, name, *how):
    path_to_selection(port, number(_named(img, name)), *how)


@known("gimp-path-stroke-current")
def stroke_current(_port, img):
    drawables = image(img).get_selected_drawables()
    if not drawables:
        raise carry.Failed("the image has no active layer")
    drawables[0].edit_stroke_item(_current(img))


@known("gimp-path-import")
def import_file(_port, img, filename, merge, scale):
    done, _ = image(img).import_paths_from_file(carry.file(filename), bool(merge), bool(scale))
    if not done:
        raise carry.Failed(f"“{filename}” holds no paths")


@known("gimp-path-get-point-at-dist")
def point_at_dist(_port, img, distance):
    """Rounded x and y, and the slope there."""
    path, left = _current(img), distance
    for stroke in path.get_strokes():
        length = path.stroke_get_length(stroke, 0.1)
        if left <= length:
            _, x, y, slope, valid = path.stroke_get_point_at_dist(stroke, left, 0.1)
            if valid:
                return round(x), round(y), slope
        left -= length
    raise carry.Failed(f"the path is shorter than {distance}")


@known("gimp-path-get-points")
def get_points(_port, img, name):
    """Type, closed, count and points of three numbers: x, y, and 1 anchor, 2 control, 3 anchor of the next stroke.

    A stroke of GIMP 3 is control, anchor, control, and so on; 2.10's list begins with an anchor.
    """
    path, made, ring = _named(img, name), [], False
    for k, stroke in enumerate(path.get_strokes()):
        _, numbers, ring = path.stroke_get_points(stroke)
        pairs = [tuple(numbers[j : j + 2]) for j in range(0, len(numbers), 2)]
        pairs = [*pairs[1:], pairs[0]] if ring else pairs[1:-1]
        for j, (x, y) in enumerate(pairs):
            anchor = _NEW_STROKE if k and not j else _ANCHOR
            made += [x, y, _CONTROL if j % 3 else anchor]
    return 1, int(ring), len(made), made


@known("gimp-path-set-points")
def set_points(_port, img, name, _type, count, points):
    """Makes a path of a list as ``gimp-path-get-points`` gives it; closed where the last anchor has its controls."""
    path = Gimp.Path.new(image(img), name)
    rows = [points[k : k + 3] for k in range(0, count - 2, 3)]
    strokes: list = []
    for x, y, kind in rows:
        if kind == _NEW_STROKE or not strokes:
            strokes.append([])
        strokes[-1].append((x, y))
    for pairs in strokes:
        ring = len(pairs) % 3 == 0
        whole = [pairs[-1], *pairs[:-1]] if ring else [pairs[0], *pairs, pairs[-1]]
        path.stroke_new_from_points(_BEZIER, [part for pair in whole for part in pair], ring)
    image(img).insert_path(path, None, 0)
    image(img).set_selected_paths([path])
