"""Comparing candidates: one large composite at 1:1, a strip of thumbnails, everything by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

from pluripaint_client.geometry import Region  # noqa: E402
from pluripaint_client.texts import _  # noqa: E402

from . import picture  # noqa: E402

HELP = _("← → flip · Space keep · B before · Delete discard this one · Enter insert · Esc discard")
_THUMB_SIDE = 120  # pixels


def room(window: Gtk.Window | None = None) -> Any:
    """The free area of a window's screen, else of the first one: x, y, width, height."""
    display = Gdk.Display.get_default()
    shown = window.get_window() if window else None
    monitor = display.get_monitor_at_window(shown) if shown else display.get_monitor(0)
    return monitor.get_workarea()


@dataclass
class Entry:
    """One candidate as it is seen.

    ``key`` is whatever the caller knows it by; ``fill`` gives its picture, which is kept only while it is looked at.
    """

    key: Any
    title: str
    fill: Callable[[], picture.Pixbuf]
    kept: bool = False
    thumb: picture.Pixbuf | None = None


class Review(Gtk.Box):
    """The large picture, the strip and the line of help. Keys come in through :meth:`key`."""

    def __init__(self, before: picture.Pixbuf, box: Region, view: Region) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self.entries: list[Entry] = []
        self.current = 0
        self.follow = True
        self._before, self._box = before, box.moved(-view.left, -view.top)
        self._show_before = False
        self._pictured: tuple[Entry | None, Any] = (None, None)
        self._image = Gtk.Image()
        picture.show(self._image, before)
        self._scroller = Gtk.ScrolledWindow(hexpand=True, vexpand=True)
        self._scroller.set_size_request(420, 300)
        self._scroller.set_propagate_natural_width(True)
        self._scroller.set_propagate_natural_height(True)
        area = room()
        self._scroller.set_max_content_width(min(1100, area.width - 80))
        self._scroller.set_max_content_height(min(620, area.height - 340))
        self._scroller.add(self._image)
        self._title = Gtk.Label(label=_("Before"), xalign=0)
        self._strip = Gtk.Box(spacing=6, valign=Gtk.Align.START)
        strip = Gtk.ScrolledWindow(vscrollbar_policy=Gtk.PolicyType.NEVER)
        strip.add(self._strip)
        strip.set_size_request(-1, _THUMB_SIDE + 40)
        help_line = Gtk.Label(label=HELP, xalign=0)
        help_line.get_style_context().add_class("dim-label")
        self.pack_start(self._title, False, False, 0)
        self.pack_start(self._scroller, True, True, 0)
        self.pack_start(strip, False, False, 0)
        self.pack_start(help_line, False, False, 0)
        self._page = (0, 0)
        self._scroller.connect("size-allocate", lambda *_: GLib.idle_add(self._center))

    # -- candidates
    def add_entry(self, entry: Entry) -> None:
        """Appends a candidate; it is shown at once when following the newest."""
        self._thumbnail(entry)  # one that cannot be shown is none
        self.entries.append(entry)
        if self.follow or len(self.entries) == 1:
            self.current = len(self.entries) - 1
        self._rebuild()

    def arrange(self, entries: list[Entry]) -> None:
        """Another order or choice; the one looked at stays, if it is still there."""
        looked_at = self.entries[self.current] if self.entries else None
        self.entries = entries
        self.current = entries.index(looked_at) if looked_at in entries and not self.follow else 0
        self._rebuild()

    @property
    def kept(self) -> list[bool]:
        """Which candidates are marked, in order."""
        return [entry.kept for entry in self.entries]

    def show_index(self, index: int) -> None:
        """Looks at one candidate."""
        if self.entries:
            self.follow = False
            self.current = index % len(self.entries)
            self._rebuild()

    def discard_current(self) -> None:
        """Takes the candidate looked at out of the review."""
        if self.entries:
            del self.entries[self.current]
            self.current = min(self.current, max(0, len(self.entries) - 1))
            self._rebuild()

    def toggle_kept(self) -> None:
        """Marks or unmarks the candidate looked at."""
        if self.entries:
            self.entries[self.current].kept = not self.entries[self.current].kept
            self._rebuild()

    # -- keyboard
    def key(self, pressed: bool, value: int) -> bool:
        """A key that belongs to the review; true when it was used."""
        if value in (Gdk.KEY_b, Gdk.KEY_B):
            self._show_before = pressed
            self._refresh()
            return True
        actions: dict[int, Callable[[], None]] = {
            Gdk.KEY_Left: lambda: self.show_index(self.current - 1),
            Gdk.KEY_Right: lambda: self.show_index(self.current + 1),
            Gdk.KEY_space: self.toggle_kept,
            Gdk.KEY_Delete: self.discard_current,
        }
        if pressed and value in actions:
            actions[value]()
        return value in actions

    # -- drawing
    def _picture(self, entry: Entry) -> picture.Pixbuf:
        if self._pictured[0] is not entry:
            self._pictured = (None, None)  # never two of them at once
            fill = picture.composite(self._before, entry.fill(), self._box.left, self._box.top)
            self._pictured = (entry, fill)
        return self._pictured[1]

    def _thumbnail(self, entry: Entry) -> picture.Pixbuf:
        if entry.thumb is None:
            side = _THUMB_SIDE * self.get_scale_factor()
            entry.thumb = picture.thumbnail(self._picture(entry), self._box, side)
        return entry.thumb

    def _refresh(self) -> None:
        if self._show_before or not self.entries:
            picture.show(self._image, self._before)
            self._title.set_text(_("Before"))
            return
        entry = self.entries[self.current]
        picture.show(self._image, self._picture(entry))
        place = _("{place} of {total}").format(place=self.current + 1, total=len(self.entries))
        mark = " · " + _("keep") if entry.kept else ""
        self._title.set_text(f"{place} · {entry.title}{mark}")

    def _rebuild(self) -> None:
        for child in self._strip.get_children():
            child.destroy()
        for index, entry in enumerate(self.entries):
            self._strip.pack_start(self._thumb(index, entry), False, False, 0)
        self._strip.show_all()
        self._refresh()

    def _thumb(self, index: int, entry: Entry) -> Gtk.Widget:
        button = Gtk.ToggleButton(can_focus=False, active=index == self.current)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        image = Gtk.Image()
        picture.show(image, self._thumbnail(entry))
        column.add(image)
        column.add(Gtk.Label(label=f"{'✓ ' if entry.kept else ''}{index + 1}"))
        button.add(column)
        button.set_tooltip_text(entry.title)
        button.connect("clicked", lambda *_: self.show_index(index))
        return button

    def _center(self) -> bool:
        """Puts the selection into the middle whenever the room for the picture has changed."""
        across, down = self._scroller.get_hadjustment(), self._scroller.get_vadjustment()
        page = (across.get_page_size(), down.get_page_size())
        if page != self._page:
            self._page = page
            scale = self.get_scale_factor()
            across.set_value((self._box.left + self._box.width / 2) / scale - page[0] / 2)
            down.set_value((self._box.top + self._box.height / 2) / scale - page[1] / 2)
        return False
