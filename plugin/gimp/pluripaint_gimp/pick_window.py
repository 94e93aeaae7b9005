"""The review of a set that is in the document already."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk  # noqa: E402

from pluripaint_client.geometry import Region  # noqa: E402
from pluripaint_client.texts import _  # noqa: E402

from . import picture, variations  # noqa: E402
from .backend import Backend  # noqa: E402
from .review import Entry, Review  # noqa: E402
from .snapshot import seen_around  # noqa: E402
from .window import Window  # noqa: E402


class PickWindow(Window):
    """The review of layers that are in the document already."""

    def __init__(self, gimp: Backend, image: int, found: variations.Set) -> None:
        super().__init__(gimp, _("Pick Variation"))
        self.image, self.found = image, found
        self.said: str | None = None
        gimp.start_pixels()
        box = gimp.box(found.layers[0])
        width, height = gimp.image_size(image)
        view = seen_around(box, Region(0, 0, width, height))
        self.review = Review(self._without_the_set(view), box, view)
        self.review.follow = False
        for layer in found.layers:
            size = gimp.box(layer)
            seen = gimp.read(layer, Region(0, 0, size.width, size.height), "R'G'B'A u8")
            # Read once for all: an undo may take the layer away while it is looked at.
            fill = partial(picture.from_rows, seen, size.width, size.height, True)
            self.review.add_entry(Entry(layer, gimp.item_name(layer), fill))
        eyes = [gimp.visible(layer) for layer in found.layers]
        self.review.show_index(eyes.index(True) if any(eyes) else 0)
        self.body.pack_start(self.review, True, True, 0)
        self.button(_("_Cancel"), self.escape)
        self.default(self.button(_("_Show This One"), self.finish))

    def _without_the_set(self, view: Region) -> picture.Pixbuf:
        """What the set was made from: its layer, or all that is visible below and above the group."""
        layer = variations.source_of(self.gimp, self.image, self.found)
        if layer and not self.found.note.get("visible"):
            return picture.from_layer(self.gimp, layer, view)
        seen = self.gimp.seen(self.image, without=self.found.group)
        try:
            return picture.from_layer(self.gimp, seen, view)
        finally:
            self.gimp.delete_item(seen)

    def finish(self) -> None:
        """Shows the marked layers, else the one looked at."""
        marked = [entry.key for entry in self.review.entries if entry.kept]
        shown = marked or [self.review.entries[self.review.current].key]
        there = [layer for layer in self.found.layers if self.gimp.item_valid(layer)]
        if not set(shown) <= set(there):
            self.say(
                _(
                    "That variation is no longer in the picture. Bring it back there with Edit → Redo, or choose "
                    "another one."
                )
            )
            return
        variations.show_only(self.gimp, self.image, replace(self.found, layers=there), shown)
        self.said = ""
        self.loop.quit()

    def on_key(self, pressed: bool, event: Any) -> bool:
        if pressed and event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter):
            self.finish()
            return True
        if event.keyval != Gdk.KEY_Delete and self.review.key(pressed, event.keyval):
            return True
        return super().on_key(pressed, event)


def pick(gimp: Backend, image: int, found: variations.Set) -> str | None:
    """Runs the review on layers of the document."""
    gimp.prepare_window()
    window = PickWindow(gimp, image, found)
    window.run()
    return window.said
