"""Images and displays as pygimp has them."""

from __future__ import annotations

from .items import Item, Parasite, _Numbered, asked, find_parasite, item, truth
from .pdb import call, wraps
from .values import Whole


class Image(_Numbered):
    """An image; made with a size it is new and has no layer."""

    pdb_kind = "image"

    def __init__(self, width, height, type=0):
        self.ID = call("gimp-image-new", width, height, type).ID

    @staticmethod
    def from_id(number):
        """The image of that number; ``None`` where there is none."""
        return image(number)

    width, height = asked("gimp-image-width"), asked("gimp-image-height")
    base_type, precision = asked("gimp-image-base-type"), asked("gimp-image-get-precision")
    active_layer = asked("gimp-image-get-active-layer", "gimp-image-set-active-layer")
    active_channel = asked("gimp-image-get-active-channel", "gimp-image-set-active-channel")
    active_vectors = asked("gimp-image-get-active-vectors", "gimp-image-set-active-vectors")
    active_drawable = asked("gimp-image-get-active-drawable")
    filename = asked("gimp-image-get-filename", "gimp-image-set-filename")
    uri, name = asked("gimp-image-get-uri"), asked("gimp-image-get-name")
    dirty = truth("gimp-image-is-dirty")
    floating_selection = asked("gimp-image-get-floating-sel")
    floating_sel_attached_to = asked("gimp-image-floating-sel-attached-to")
    selection = asked("gimp-image-get-selection")
    tattoo_state = asked("gimp-image-get-tattoo-state", "gimp-image-set-tattoo-state")
    unit = asked("gimp-image-get-unit", "gimp-image-set-unit")

    def _listed(self, what):
        return [item(number) for number in call(f"gimp-image-get-{what}", self)[1]]

    @property
    def layers(self):
        """The layers at the top level, the uppermost first."""
        return self._listed("layers")

    @property
    def channels(self):
        return self._listed("channels")

    @property
    def vectors(self):
        return self._listed("vectors")

    @property
    def colormap(self):
        """Three bytes for each colour of an indexed image."""
        return bytes(call("gimp-image-get-colormap", self)[1])

    @colormap.setter
    def colormap(self, colours):
        call("gimp-image-set-colormap", self, len(colours), colours)

    @property
    def resolution(self):
        return call("gimp-image-get-resolution", self)

    @resolution.setter
    def resolution(self, value):
        call("gimp-image-set-resolution", self, *value)

    # -- layers and channels
    def add_layer(self, layer, position=-1):
        call("gimp-image-insert-layer", self, layer, None, position)

    def insert_layer(self, layer, parent=None, position=-1):
        call("gimp-image-insert-layer", self, layer, parent, position)

    def new_layer(
        self, name="New Layer", width=None, height=None, offset_x=0, offset_y=0, alpha=True, pos=-1,
        opacity=100.0, mode=28, fill_mode=-1,
    ):  # fmt: skip
        """A new layer, inserted and filled (transparent, or the background where it has no alpha)."""
        from .items import Layer

        made = Layer(self, name, width, height, self.base_type * 2 + int(bool(alpha)), opacity, mode)
        made.fill(fill_mode if fill_mode != -1 else (3 if alpha else 1))
        self.insert_layer(made, None, pos)
        if offset_x or offset_y:
            made.set_offsets(offset_x, offset_y)
        return made

    def add_channel(self, channel, position=-1):
        call("gimp-image-insert-channel", self, channel, None, position)

    def insert_channel(self, channel, parent=None, position=-1):
        call("gimp-image-insert-channel", self, channel, parent, position)

    def remove_layer(self, layer):
        call("gimp-image-remove-layer", self, layer)

    def remove_channel(self, channel):
        call("gimp-image-remove-channel", self, channel)

    def flatten(self):
        return call("gimp-image-flatten", self)

    def merge_visible_layers(self, type):
        return call("gimp-image-merge-visible-layers", self, type)

    def merge_down(self, layer, type):
        return call("gimp-image-merge-down", self, layer, type)

    def pick_correlate_layer(self, x, y):
        return call("gimp-image-pick-correlate-layer", self, x, y)

    def get_layer_by_tattoo(self, tattoo):
        return call("gimp-image-get-layer-by-tattoo", self, tattoo)

    def get_channel_by_tattoo(self, tattoo):
        return call("gimp-image-get-channel-by-tattoo", self, tattoo)

    def unset_active_channel(self):
        call("gimp-image-unset-active-channel", self)

    def get_component_active(self, component):
        return bool(call("gimp-image-get-component-active", self, component))

    def set_component_active(self, component, active):
        call("gimp-image-set-component-active", self, component, int(active))

    def get_component_visible(self, component):
        return bool(call("gimp-image-get-component-visible", self, component))

    def set_component_visible(self, component, visible):
        call("gimp-image-set-component-visible", self, component, int(visible))

    # -- size
    def scale(self, width, height, origin_x=-1, origin_y=-1, interpolation=-1):
        if interpolation != -1:
            call("gimp-image-scale-full", self, width, height, interpolation)
        else:
            call("gimp-image-scale", self, width, height)

    def crop(self, width, height, offset_x=0, offset_y=0):
        call("gimp-image-crop", self, width, height, offset_x, offset_y)

    def resize(self, width, height, offset_x=0, offset_y=0):
        call("gimp-image-resize", self, width, height, offset_x, offset_y)

    def resize_to_layers(self):
        call("gimp-image-resize-to-layers", self)

    # -- undo
    def undo_group_start(self):
        call("gimp-image-undo-group-start", self)

    def undo_group_end(self):
        call("gimp-image-undo-group-end", self)

    def disable_undo(self):
        return bool(call("gimp-image-undo-disable", self))

    def enable_undo(self):
        return bool(call("gimp-image-undo-enable", self))

    def undo_is_enabled(self):
        return bool(call("gimp-image-undo-is-enabled", self))

    def undo_freeze(self):
        return bool(call("gimp-image-undo-freeze", self))

    def undo_thaw(self):
        return bool(call("gimp-image-undo-thaw", self))

    def clean_all(self):
        call("gimp-image-clean-all", self)

    def free_shadow(self):
        call("gimp-image-free-shadow", self)

    def duplicate(self):
        return call("gimp-image-duplicate", self)

    # -- notes and guides
    def parasite_find(self, name):
        """The parasite of that name; ``None`` where there is none."""
        return find_parasite("gimp-image-get-parasite", self, name)

    def parasite_attach(self, parasite):
        call("gimp-image-attach-parasite", self, parasite)

    def attach_new_parasite(self, name, flags, data):
        call("gimp-image-attach-parasite", self, Parasite(name, flags, data))

    def parasite_detach(self, name):
        call("gimp-image-detach-parasite", self, name)

    def parasite_list(self):
        return call("gimp-image-get-parasite-list", self)[1]

    def add_hguide(self, y):
        return call("gimp-image-add-hguide", self, y)

    def add_vguide(self, x):
        return call("gimp-image-add-vguide", self, x)

    def delete_guide(self, guide):
        call("gimp-image-delete-guide", self, guide)

    def find_next_guide(self, guide):
        return call("gimp-image-find-next-guide", self, guide)

    def get_guide_orientation(self, guide):
        return call("gimp-image-get-guide-orientation", self, guide)

    def get_guide_position(self, guide):
        return call("gimp-image-get-guide-position", self, guide)

    def __repr__(self):
        try:
            name = self.name
        except (RuntimeError, NameError):
            name = "(invalid)"
        return f"<gimp.Image '{name}'>"


def _moving(what: str):
    def move(self, thing):
        call(f"gimp-image-{what}", self, thing)

    return move


for _what in ("raise", "lower"):
    setattr(Image, f"{_what}_layer", _moving(f"{_what}-item"))
    setattr(Image, f"{_what}_channel", _moving(f"{_what}-item"))
Image.raise_layer_to_top = _moving("raise-item-to-top")
Image.lower_layer_to_bottom = _moving("lower-item-to-bottom")


@wraps("image")
def image(number):
    """The object of an image's number."""
    if number is None or int(number) <= 0:
        return None
    made = Image.__new__(Image)
    made.ID = Whole(number)
    return made


class Display(_Numbered):
    """A view of an image; making one opens it. Without an interface there is none, and its number is -1."""

    pdb_kind = "display"

    def __init__(self, shown):
        try:
            made = call("gimp-display-new", shown)
        except RuntimeError:
            made = None
        self.ID = made.ID if made else Whole(-1)

    def __repr__(self):
        return f"<gimp.Display {self.ID}>"


@wraps("display")
def display(number):
    """The object of a display's number."""
    if number is None or int(number) <= 0:
        return None
    made = Display.__new__(Display)
    made.ID = Whole(number)
    return made


def delete(thing) -> None:
    """Ends an image, a display, or an item (taken out of its image where it is in one)."""
    if isinstance(thing, Image):
        call("gimp-image-delete", thing)
    elif isinstance(thing, Display):
        if thing.ID > 0:
            call("gimp-display-delete", thing)
    elif isinstance(thing, Item):
        owner = thing.image
        for held, take_out in (
            (owner and owner.layers, "gimp-image-remove-layer"),
            (owner and owner.channels, "gimp-image-remove-channel"),
            (owner and owner.vectors, "gimp-image-remove-vectors"),
        ):
            if held and (thing in held or thing.parent in held):
                call(take_out, owner, thing)
                return
        call("gimp-item-delete", thing)
    else:
        raise TypeError(f"{thing!r} cannot be deleted")
