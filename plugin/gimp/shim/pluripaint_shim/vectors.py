"""Paths as pygimp has them."""

from __future__ import annotations

from .items import Item
from .pdb import call, wraps
from .values import Whole

BEZIER = 0


class VectorsStroke:
    """One line of a path."""

    def __init__(self, vectors, ID, type=BEZIER):
        self._vectors, self.ID, self.type = vectors, Whole(ID), type
        self.vectors_ID = vectors.ID

    def _call(self, what, *values):
        return call(f"gimp-vectors-{what}", self._vectors, self.ID, *values)

    @property
    def points(self):
        """Control points and whether the stroke is closed."""
        found = self._call("stroke-get-points")
        return list(found[2]), bool(found[3])

    def get_length(self, precision):
        return self._call("stroke-get-length", precision)

    def get_point_at_dist(self, dist, precision):
        """x, y, slope and whether there is a point."""
        found = self._call("stroke-get-point-at-dist", dist, precision)
        return (*found[:3], bool(found[3]))

    def close(self):
        self._call("stroke-close")

    def translate(self, off_x, off_y):
        self._call("stroke-translate", off_x, off_y)

    def scale(self, scale_x, scale_y):
        self._call("stroke-scale", scale_x, scale_y)

    def rotate(self, center_x, center_y, angle):
        self._call("stroke-rotate", center_x, center_y, angle)

    def flip(self, flip_type, axis):
        self._call("stroke-flip", flip_type, axis)

    def flip_free(self, x1, y1, x2, y2):
        self._call("stroke-flip-free", x1, y1, x2, y2)

    def interpolate(self, precision):
        """Points along the stroke and whether it is closed."""
        found = self._call("stroke-interpolate", precision)
        return list(found[1]), bool(found[2])

    def __repr__(self):
        return f"<gimp.{type(self).__name__} {self.ID} of gimp.Vectors '{self._vectors.name}'>"


class VectorsBezierStroke(VectorsStroke):
    """A Bézier line: three points (6 numbers) for each anchor."""

    def __init__(self, vectors, controlpoints, closed=False):
        made = call(
            "gimp-vectors-stroke-new-from-points",
            vectors,
            BEZIER,
            len(controlpoints),
            controlpoints,
            int(closed),
        )
        super().__init__(vectors, made)

    @classmethod
    def _of(cls, vectors, number):
        stroke = cls.__new__(cls)
        VectorsStroke.__init__(stroke, vectors, number)
        return stroke

    @classmethod
    def new_moveto(cls, vectors, x0, y0):
        return cls._of(vectors, call("gimp-vectors-bezier-stroke-new-moveto", vectors, x0, y0))

    @classmethod
    def new_ellipse(cls, vectors, x0, y0, radius_x, radius_y, angle):
        values = (x0, y0, radius_x, radius_y, angle)
        return cls._of(vectors, call("gimp-vectors-bezier-stroke-new-ellipse", vectors, *values))

    def lineto(self, x0, y0):
        self._call("bezier-stroke-lineto", x0, y0)

    def conicto(self, x0, y0, x1, y1):
        self._call("bezier-stroke-conicto", x0, y0, x1, y1)

    def cubicto(self, x0, y0, x1, y1, x2, y2):
        self._call("bezier-stroke-cubicto", x0, y0, x1, y1, x2, y2)


class Vectors(Item):
    """A path; made with an image, it still has to be inserted."""

    pdb_kind = "vectors"

    def __init__(self, image, name):
        super().__init__(call("gimp-vectors-new", image, name).ID)

    @property
    def strokes(self):
        return [VectorsBezierStroke._of(self, number) for number in call("gimp-vectors-get-strokes", self)[1]]

    def remove_stroke(self, stroke):
        call("gimp-vectors-remove-stroke", self, getattr(stroke, "ID", stroke))

    def to_selection(
        self, operation=2, antialias=True, feather=False, feather_radius_x=0.0, feather_radius_y=0.0
    ):
        values = (operation, int(antialias), int(feather), feather_radius_x, feather_radius_y)
        call("gimp-vectors-to-selection", self, *values)


@wraps("vectors")
def vectors(number):
    """The object of a path's number."""
    if number is None or int(number) <= 0:
        return None
    made = Vectors.__new__(Vectors)
    Item.__init__(made, number)
    return made


def _listed(found):
    return [vectors(number) for number in found[1]]


def import_from_file(image, filename, merge=False, scale=False):
    """The paths of an SVG file."""
    return _listed(call("gimp-vectors-import-from-file", image, filename, int(merge), int(scale)))


def import_from_string(image, string, length=-1, merge=False, scale=False):
    """The paths of an SVG text."""
    return _listed(call("gimp-vectors-import-from-string", image, string, length, int(merge), int(scale)))
