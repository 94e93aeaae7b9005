"""The one interface to GIMP: numbers for images and items, raw rows for pixels, one name for each thing done.

Implemented by ``backend_gi`` (GIMP 3.0 and later, PyGObject) and ``backend_ctypes`` (GIMP 2.10, libgimp without
Python 2). Images and items (layers, groups, channels, masks) are the numbers GIMP gives them. All calls belong in the
main thread: a plug-in has one wire to GIMP.

Pixel formats are babl's: an *encoding* is ``R'G'B'A u16``; a *format* is its full name with the space of an image,
``R'G'B'A u16-space-0.96…``. A bare encoding handed in as a format means sRGB and converts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pluripaint_client.geometry import Region

INTERACTIVE, NONINTERACTIVE, WITH_LAST_VALS = 0, 1, 2
PERSISTENT_UNDOABLE = 3  # parasite flags: kept in the file, part of the undo history


class GimpFailed(RuntimeError):
    """GIMP refused a call; the message is GIMP's own."""


@dataclass(frozen=True)
class Argument:
    """A setting as an argument of a procedure. ``kind``: ``int``, ``float`` or ``string``."""

    name: str
    label: str
    kind: str
    default: Any
    low: float = 0
    high: float = 0


@dataclass(frozen=True)
class Invocation:
    """What GIMP handed over: how it was called, on what, with which settings (by argument name)."""

    mode: int
    image: int
    items: Sequence[int]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Procedure:
    """One menu entry. ``run`` returns ``""`` when done, a sentence when not, ``None`` when the person cancelled."""

    name: str
    label: str
    blurb: str
    run: Callable[[Backend, Invocation], str | None]
    arguments: Sequence[Argument] = ()
    needs_image: bool = True
    menu: str = "<Image>/Filters/Inpaint"  # empty: for scripts only


@dataclass(frozen=True)
class NewLayer:
    """A layer to be made: colour and alpha interleaved in ``format``, over ``box`` (image coordinates)."""

    name: str
    box: Region
    pixels: bytes
    format: str
    visible: bool


class Backend(ABC):
    """GIMP, as far as this plug-in needs it."""

    version = ""
    parasite_name = "pluripaint"

    # -- pixels ------------------------------------------------------------------------------------------------
    @abstractmethod
    def start_pixels(self) -> None:
        """Starts GEGL (0.1–0.5 s); before the first call that touches pixels, any number of times."""

    @abstractmethod
    def encoding(self, item: int) -> str:
        """The item's own encoding, e.g. ``R'G'B'A u16``, ``Y float``."""

    @abstractmethod
    def format(self, item: int, encoding: str) -> str:
        """Full format name of ``encoding`` in the item's own colour space."""

    @abstractmethod
    def icc(self, item: int) -> bytes | None:
        """The ICC profile of the item's space for its *encoded* values; ``None`` where that is sRGB."""

    @abstractmethod
    def read(self, item: int, box: Region, fmt: str, scale: float = 1.0) -> bytes:
        """Rows of ``box`` in the item's own coordinates; zeros outside the item.

        ``scale`` below 1: made smaller on the way, ``box`` in coordinates of the small picture.
        """

    @abstractmethod
    def convert(self, pixels: bytes, width: int, height: int, fmt: str, to: str) -> bytes:
        """The same pixels in another format."""

    # -- images ------------------------------------------------------------------------------------------------
    @abstractmethod
    def image_valid(self, image: int) -> bool: ...

    @abstractmethod
    def image_size(self, image: int) -> tuple[int, int]: ...

    @abstractmethod
    def base_type(self, image: int) -> str:
        """``rgb``, ``gray`` or ``indexed``."""

    @abstractmethod
    def precision(self, image: int) -> int:
        """GIMP's number for depth and curve: only to be compared."""

    @abstractmethod
    def selection_box(self, image: int) -> Region | None:
        """Bounds of the selection with its soft rim; ``None`` when nothing is selected."""

    @abstractmethod
    def selection(self, image: int) -> int:
        """The selection as an item of the image's size."""

    @abstractmethod
    def altered(self, image: int, coverage: bytes, box: Region, fmt: str, grow: int, feather: float) -> bytes:
        """Selection rows over ``box`` after GIMP's own grow (or shrink) and feather, in a scratch image."""

    @abstractmethod
    def selected_items(self, image: int) -> list[int]:
        """The active layers, mask or channel."""

    @abstractmethod
    def select_items(self, image: int, items: Sequence[int]) -> None:
        """Makes these the active layers, or channels; a mask's layer for the mask, which is then edited."""

    @abstractmethod
    def layers(self, image: int) -> list[int]:
        """Top-level layers, uppermost first."""

    @abstractmethod
    def channels(self, image: int) -> list[int]:
        """The image's own channels (saved selections)."""

    @abstractmethod
    def visible_copy(self, image: int, of: int) -> int:
        """A layer with what is seen of ``of``, belonging to ``image`` but not inserted."""

    @abstractmethod
    def duplicate(self, image: int) -> int:
        """A copy that nobody sees; to be dropped with ``delete_image``."""

    @abstractmethod
    def delete_image(self, image: int) -> None:
        """Drops an image that is not shown."""

    @abstractmethod
    def remove_channel(self, image: int, channel: int) -> None: ...

    def seen(self, image: int, without: int = 0) -> int:
        """A layer with the picture as it is seen, to be dropped with ``delete_item``: without the colour of channels
        that are shown over it (the Quick Mask is one), and without the layer or group ``without``."""
        if not without and not any(self.visible(channel) for channel in self.channels(image)):
            return self.visible_copy(image, image)
        path: list[int] = []
        item = without
        while item:
            path.insert(0, self.position(image, item))
            item = self.parent(item)
        copy = self.duplicate(image)
        try:
            for channel in self.channels(copy):
                self.remove_channel(copy, channel)
            items, found = self.layers(copy), 0
            for place in path:
                found = items[place]
                items = self.children(found)
            if found:
                self.remove(copy, found)
            return self.visible_copy(image, copy)
        finally:
            self.delete_image(copy)

    @abstractmethod
    def new_image(self, base: str, precision: int, icc: bytes | None, width: int, height: int) -> int:
        """An image; ``base`` and ``precision`` as an image told them, ``icc`` ``None`` for sRGB."""

    @abstractmethod
    def show_image(self, image: int) -> None: ...

    @abstractmethod
    def undo_group(self, image: int, start: bool) -> None: ...

    @abstractmethod
    def displays_flush(self) -> None: ...

    # -- items -------------------------------------------------------------------------------------------------
    @abstractmethod
    def item_valid(self, item: int) -> bool: ...

    @abstractmethod
    def kind(self, item: int) -> str:
        """``layer``, ``group``, ``text``, ``other-layer`` (vector, link), ``floating``, ``mask``, ``channel`` or
        ``other``."""

    @abstractmethod
    def item_name(self, item: int) -> str: ...

    @abstractmethod
    def rename(self, item: int, name: str) -> None: ...

    @abstractmethod
    def box(self, item: int) -> Region:
        """Where a drawable lies in its image."""

    @abstractmethod
    def parent(self, item: int) -> int:
        """The group that holds the item, 0 at the top level."""

    @abstractmethod
    def position(self, image: int, item: int) -> int: ...

    @abstractmethod
    def children(self, item: int) -> list[int]: ...

    @abstractmethod
    def visible(self, item: int) -> bool: ...

    @abstractmethod
    def set_visible(self, item: int, visible: bool) -> None: ...

    @abstractmethod
    def plain_reasons(self, item: int) -> list[str]:
        """Why the layer's own pixels are not what is seen: ``opacity``, ``mode``, ``mask``, ``filters``."""

    @abstractmethod
    def layer_of_mask(self, mask: int) -> int: ...

    @abstractmethod
    def new_group(self, image: int, name: str) -> int: ...

    @abstractmethod
    def new_layer(self, image: int, layer: NewLayer) -> int:
        """Makes the layer and writes its pixels; not yet inserted, hence no undo step and no redraw."""

    @abstractmethod
    def insert(self, image: int, layer: int, parent: int, position: int) -> None: ...

    @abstractmethod
    def reorder(self, image: int, item: int, parent: int, position: int) -> None: ...

    @abstractmethod
    def remove(self, image: int, item: int) -> None:
        """Takes a layer out of the image."""

    @abstractmethod
    def delete_item(self, item: int) -> None:
        """Drops a layer that was never inserted."""

    @abstractmethod
    def tattoo(self, item: int) -> int:
        """A number that stays with an item when the file is saved; its duplicate gets another."""

    @abstractmethod
    def parasite(self, item: int) -> bytes:
        """Our note on the item, ``b""`` where there is none."""

    @abstractmethod
    def set_parasite(self, item: int, data: bytes) -> None: ...

    # -- the person --------------------------------------------------------------------------------------------
    @abstractmethod
    def progress(self, text: str, fraction: float) -> None:
        """Shows text and bar in the image's status bar; starts it at the first call."""

    @abstractmethod
    def progress_end(self) -> None: ...

    @abstractmethod
    def message(self, text: str) -> None: ...

    @abstractmethod
    def settings_folder(self) -> str:
        """The folder of GIMP's own settings."""

    @abstractmethod
    def prepare_window(self) -> None:
        """Before the first GTK window."""

    @abstractmethod
    def adopt_window(self, window: Any) -> None:
        """Makes a GTK window belong to GIMP's, where GIMP offers that."""

    @abstractmethod
    def main(self, procedures: Sequence[Procedure]) -> int:
        """Answers GIMP: query or run."""
