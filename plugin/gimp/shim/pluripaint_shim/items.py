"""Layers, groups, channels, masks and paths as pygimp has them; every attribute is a call of a 2.10 procedure."""

from __future__ import annotations

from . import regions
from .pdb import call, from_plain, wraps
from .values import Whole
from .which_gimp import find


def asked(get: str, put: str | None = None):
    """An attribute that one procedure tells and another sets."""

    def read(self):
        return call(get, self)

    def write(self, value):
        call(put, self, value)

    return property(read, write if put else None)


def truth(get: str, put: str | None = None):
    """The same for yes and no."""

    def read(self):
        return bool(call(get, self))

    def write(self, value):
        call(put, self, int(bool(value)))

    return property(read, write if put else None)


class Parasite:
    """A note on an image, an item or GIMP: name, flags, bytes."""

    def __init__(self, name, flags=0, data=b""):
        self.name, self.flags = name, Whole(flags)
        from .values import as_bytes

        self.data = as_bytes(data)

    @property
    def is_persistent(self):
        return bool(self.flags & 1)

    @property
    def is_undoable(self):
        return bool(self.flags & 2)

    def copy(self):
        return Parasite(self.name, self.flags, self.data)

    def is_type(self, name):
        return self.name == name

    def has_flag(self, flag):
        return bool(self.flags & flag)

    def __eq__(self, other):
        return isinstance(other, Parasite) and (self.name, self.flags, self.data) == (
            other.name,
            other.flags,
            other.data,
        )

    __hash__ = None

    def __repr__(self):
        return f"<parasite {self.name}>"

    __str__ = __repr__


@wraps("parasite")
def _parasite(plain):
    return Parasite(*plain) if plain and plain[0] else None


class _Numbered:
    pdb_kind = ""
    ID = -1

    def __eq__(self, other):
        return isinstance(other, _Numbered) and self._same(other)

    def _same(self, other):
        return (self.ID, self.pdb_kind == "image") == (other.ID, other.pdb_kind == "image")

    def __hash__(self):
        return hash(self.ID)

    def __lt__(self, other):
        return self.ID < other.ID


class Item(_Numbered):
    """Anything in an image that has a name."""

    pdb_kind = "item"

    def __init__(self, number):
        self.ID = Whole(number)

    @staticmethod
    def from_id(number):
        """The object of that number; ``None`` where there is none."""
        return item(number)

    name = asked("gimp-item-get-name", "gimp-item-set-name")
    image = asked("gimp-item-get-image")
    visible = truth("gimp-item-get-visible", "gimp-item-set-visible")
    linked = truth("gimp-item-get-linked", "gimp-item-set-linked")
    tattoo = asked("gimp-item-get-tattoo", "gimp-item-set-tattoo")
    parent = asked("gimp-item-get-parent")

    @property
    def children(self):
        if not call("gimp-item-is-group", self):
            return []
        return [item(number) for number in call("gimp-item-get-children", self)[1]]

    def parasite_find(self, name):
        """The parasite of that name; ``None`` where there is none."""
        return find_parasite("gimp-item-get-parasite", self, name)

    def parasite_attach(self, parasite):
        call("gimp-item-attach-parasite", self, parasite)

    def attach_new_parasite(self, name, flags, data):
        call("gimp-item-attach-parasite", self, Parasite(name, flags, data))

    def parasite_detach(self, name):
        call("gimp-item-detach-parasite", self, name)

    def parasite_list(self):
        return call("gimp-item-get-parasite-list", self)[1]

    def __repr__(self):
        try:
            name = self.name
        except (RuntimeError, NameError):
            name = "(invalid)"
        return f"<gimp.{type(self).__name__} '{name}'>"


def find_parasite(procedure, *values):
    """A parasite, or ``None``: GIMP fails where there is none."""
    try:
        return call(procedure, *values)
    except RuntimeError:
        return None


class Drawable(Item):
    """A layer or a channel: something with pixels."""

    pdb_kind = "drawable"

    bpp_of_type = (3, 4, 1, 2, 1, 2)

    width, height = asked("gimp-drawable-width"), asked("gimp-drawable-height")
    type = asked("gimp-drawable-type")
    type_with_alpha = asked("gimp-drawable-type-with-alpha")
    has_alpha = truth("gimp-drawable-has-alpha")
    is_rgb, is_gray = truth("gimp-drawable-is-rgb"), truth("gimp-drawable-is-gray")
    is_grey = is_gray
    is_indexed = truth("gimp-drawable-is-indexed")
    is_layer_mask = truth("gimp-item-is-layer-mask")
    offsets = asked("gimp-drawable-offsets")

    @property
    def bpp(self):
        """Bytes of one pixel in the 8-bit form in which scripts see it."""
        return Whole(self.bpp_of_type[self.type])

    @property
    def mask_bounds(self):
        """Left, top, right and bottom of the selection inside the drawable."""
        return call("gimp-drawable-mask-bounds", self)[1:]

    @property
    def mask_intersect(self):
        """x, y, width and height of the selection inside the drawable; ``None`` when nothing of it is selected."""
        found = call("gimp-drawable-mask-intersect", self)
        return found[1:] if found[0] else None

    # -- pixels
    def get_pixel_rgn(self, x, y, width, height, dirty=True, shadow=False):
        return regions.PixelRgn(self, x, y, width, height, dirty, shadow)

    def get_tile(self, shadow, row, col):
        """The tile in that row and column of tiles."""
        return regions.tile(self, shadow, row, col)

    def get_tile2(self, shadow, x, y):
        """The tile that holds a pixel."""
        return regions.tile(self, shadow, y // regions.SIDE, x // regions.SIDE)

    def get_pixel(self, x, y):
        """The components of one pixel, 0…255."""
        return tuple(map(Whole, regions.block(self, False).pixel(int(x), int(y))))

    def set_pixel(self, x, y, pixel):
        regions.block(self, False).set_pixel(int(x), int(y), bytes(map(int, pixel)))

    def flush(self):
        """Hands what was written over to GIMP."""
        regions.settle()
        find().flush(int(self.ID))

    def update(self, x, y, width, height):
        call("gimp-drawable-update", self, x, y, width, height)

    def merge_shadow(self, undo=False):
        call("gimp-drawable-merge-shadow", self, int(undo))

    def free_shadow(self):
        call("gimp-drawable-free-shadow", self)

    def fill(self, fill_type):
        call("gimp-drawable-fill", self, fill_type)

    def offset(self, wrap_around, fill_type, offset_x, offset_y):
        call("gimp-drawable-offset", self, int(wrap_around), fill_type, offset_x, offset_y)

    # -- transformations
    def transform_flip_simple(self, flip_type, auto_center=True, axis=0.0, clip_result=False):
        return call("gimp-drawable-transform-flip-simple", self, flip_type, auto_center, axis, clip_result)

    def transform_flip_default(self, x0, y0, x1, y1, interpolate=False, clip_result=False):
        return call("gimp-drawable-transform-flip-default", self, x0, y0, x1, y1, interpolate, clip_result)

    def transform_rotate_simple(
        self, rotate_type, auto_center=True, center_x=0, center_y=0, clip_result=False
    ):
        values = (rotate_type, auto_center, center_x, center_y, clip_result)
        return call("gimp-drawable-transform-rotate-simple", self, *values)

    def transform_rotate_default(
        self, angle, auto_center=True, center_x=0, center_y=0, interpolate=False, clip_result=False
    ):
        values = (angle, auto_center, center_x, center_y, interpolate, clip_result)
        return call("gimp-drawable-transform-rotate-default", self, *values)

    def transform_scale_default(self, x0, y0, x1, y1, interpolate=False, clip_result=False):
        return call("gimp-drawable-transform-scale-default", self, x0, y0, x1, y1, interpolate, clip_result)

    def transform_shear_default(self, shear_type, magnitude, interpolate=False, clip_result=False):
        values = (shear_type, magnitude, interpolate, clip_result)
        return call("gimp-drawable-transform-shear-default", self, *values)

    def transform_perspective_default(
        self, x0, y0, x1, y1, x2, y2, x3, y3, interpolate=False, clip_result=False
    ):
        corners = (x0, y0, x1, y1, x2, y2, x3, y3)
        return call("gimp-drawable-transform-perspective-default", self, *corners, interpolate, clip_result)

    def transform_2d_default(
        self,
        source_x,
        source_y,
        scale_x,
        scale_y,
        angle,
        dest_x,
        dest_y,
        interpolate=False,
        clip_result=False,
    ):
        values = (source_x, source_y, scale_x, scale_y, angle, dest_x, dest_y, interpolate, clip_result)
        return call("gimp-drawable-transform-2d-default", self, *values)


def _transform(shape: str, count: int):
    """A transformation with every choice: its numbers, then direction, interpolation, recursion, clipping."""

    def transform(self, *values, **named):
        numbers, rest = values[:count], list(values[count:])
        names = ("transform_direction", "interpolation", "supersample", "recursion_level", "clip_result")
        chosen = dict(zip(names, rest))
        chosen.update(named)
        # the old "supersample" switch is not used by 2.10 any more
        return call(
            f"gimp-drawable-transform-{shape}",
            self,
            *numbers,
            chosen["transform_direction"],
            chosen["interpolation"],
            int(chosen.get("supersample", 0)),
            chosen.get("recursion_level", 3),
            int(chosen.get("clip_result", 0)),
        )

    return transform


for _shape, _count in (("flip", 4), ("rotate", 4), ("scale", 4), ("shear", 2), ("perspective", 8), ("2d", 7)):
    setattr(Drawable, f"transform_{_shape}", _transform(_shape, _count))


class Layer(Drawable):
    """A layer; made with an image, it still has to be inserted."""

    pdb_kind = "layer"

    def __init__(self, image, name, width=None, height=None, type=0, opacity=100.0, mode=28):
        width = image.width if width is None else width
        height = image.height if height is None else height
        super().__init__(call("gimp-layer-new", image, width, height, type, name, opacity, mode).ID)

    opacity = asked("gimp-layer-get-opacity", "gimp-layer-set-opacity")
    mode = asked("gimp-layer-get-mode", "gimp-layer-set-mode")
    lock_alpha = truth("gimp-layer-get-lock-alpha", "gimp-layer-set-lock-alpha")
    preserve_trans = lock_alpha
    apply_mask = truth("gimp-layer-get-apply-mask", "gimp-layer-set-apply-mask")
    edit_mask = truth("gimp-layer-get-edit-mask", "gimp-layer-set-edit-mask")
    show_mask = truth("gimp-layer-get-show-mask", "gimp-layer-set-show-mask")
    is_floating_sel = truth("gimp-layer-is-floating-sel")
    mask = asked("gimp-layer-get-mask")

    def copy(self, add_alpha=False):
        return call("gimp-layer-copy", self, int(add_alpha))

    def add_alpha(self):
        call("gimp-layer-add-alpha", self)

    def create_mask(self, type):
        return call("gimp-layer-create-mask", self, type)

    def add_mask(self, mask):
        call("gimp-layer-add-mask", self, mask)

    def remove_mask(self, mode):
        call("gimp-layer-remove-mask", self, mode)

    def resize(self, width, height, offset_x=0, offset_y=0):
        call("gimp-layer-resize", self, width, height, offset_x, offset_y)

    def resize_to_image_size(self):
        call("gimp-layer-resize-to-image-size", self)

    def scale(self, width, height, interpolation=-1, local_origin=True):
        if interpolation != -1:
            call("gimp-layer-scale-full", self, width, height, int(local_origin), interpolation)
        else:
            call("gimp-layer-scale", self, width, height, int(local_origin))

    def translate(self, offset_x, offset_y):
        call("gimp-layer-translate", self, offset_x, offset_y)

    def set_offsets(self, offset_x, offset_y):
        call("gimp-layer-set-offsets", self, offset_x, offset_y)


class GroupLayer(Layer):
    """A group of layers."""

    def __init__(self, image, name=None, opacity=100.0, mode=28):
        Item.__init__(self, call("gimp-layer-group-new", image).ID)
        if name is not None:
            self.name = name
        self.opacity, self.mode = opacity, mode

    @property
    def layers(self):
        return self.children


class Channel(Drawable):
    """A channel, a mask or the selection."""

    pdb_kind = "channel"

    def __init__(self, image, name, width=None, height=None, opacity=100.0, color=(0, 0, 0)):
        width = image.width if width is None else width
        height = image.height if height is None else height
        super().__init__(call("gimp-channel-new", image, width, height, name, opacity, color).ID)

    color = asked("gimp-channel-get-color", "gimp-channel-set-color")
    colour = color
    opacity = asked("gimp-channel-get-opacity", "gimp-channel-set-opacity")
    show_masked = truth("gimp-channel-get-show-masked", "gimp-channel-set-show-masked")

    def copy(self):
        return call("gimp-channel-copy", self)

    def combine_masks(self, channel, operation, offset_x=0, offset_y=0):
        call("gimp-channel-combine-masks", self, channel, operation, offset_x, offset_y)


def item(number):
    """The object of an item's number."""
    number = int(number)
    kind = find().kind(number)
    if not kind:
        return None
    if kind == "vectors":
        return from_plain("vectors", number)
    made = {"layer": Layer, "group": GroupLayer}.get(kind, Channel)
    thing = made.__new__(made)
    Item.__init__(thing, number)
    return thing


for _kind in ("item", "layer", "channel", "drawable", "selection"):
    wraps(_kind)(item)
