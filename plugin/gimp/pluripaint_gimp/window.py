"""What every window of ours is: a body, a row of buttons, a loop of its own until it is closed."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

from pluripaint_client.texts import _  # noqa: E402

from .backend import Backend, GimpFailed  # noqa: E402
from .review import room  # noqa: E402
from .selected import CannotFill  # noqa: E402

POLL_MS = 40
_PRESSING = (Gdk.KEY_Return, Gdk.KEY_KP_Enter, Gdk.KEY_ISO_Enter, Gdk.KEY_space, Gdk.KEY_KP_Space)


def in_words(error: BaseException) -> str:
    """An error as a sentence with the next step."""
    if isinstance(error, CannotFill):
        return str(error)
    if isinstance(error, MemoryError):
        return _("The memory is used up. Close other pictures or programs, then try again.")
    if isinstance(error, GimpFailed):
        return _("GIMP refused ({reason}). Try again; please report it if that does not help.").format(
            reason=error
        )
    return _("The plug-in met an error of its own ({error}). Try again; please report it.").format(
        error=f"{type(error).__name__}: {error}"
    )


class _Button(Gtk.Button):
    """A button that the keyboard presses at once: GTK would show it pressed for a quarter of a second first."""

    def do_activate(self) -> None:
        self.clicked()


class Window:
    """A GTK window with a row of buttons at its foot, run until it is closed."""

    def __init__(self, gimp: Backend, title: str) -> None:
        self.gimp = gimp
        self.loop = GLib.MainLoop()
        self.window = Gtk.Window(title=title, border_width=12, window_position=Gtk.WindowPosition.CENTER)
        self.window.set_role("pluripaint")
        self.window.set_icon_name("edit-clear-all")
        self.body = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self.trouble = Gtk.Label(xalign=0, wrap=True, max_width_chars=70, no_show_all=True)
        self.body.pack_start(self.trouble, False, False, 0)
        self.buttons = Gtk.ButtonBox(spacing=6, layout_style=Gtk.ButtonBoxStyle.END)
        self.body.pack_end(self.buttons, False, False, 0)
        self.window.add(self.body)
        # An error in a handler would let GTK destroy the window under its running loop.
        self.window.connect("delete-event", lambda *_: bool(GLib.idle_add(self.escape)))
        self.window.connect("key-press-event", lambda _w, event: self._key(True, event))
        self.window.connect("key-release-event", lambda _w, event: self._key(False, event))

    def say(self, text: str) -> None:
        """Shows a sentence above everything else; an empty one takes it away."""
        self.trouble.set_text(text)
        self.trouble.set_visible(bool(text))

    def failed(self, _kind: Any, error: BaseException, trace: TracebackType | None) -> None:
        """Python's hook for errors that nobody caught: those of GTK's callbacks, which go on afterwards."""
        traceback.print_exception(type(error), error, trace)
        self.say(in_words(error))

    def button(self, text: str, action: Any) -> Gtk.Button:
        made = _Button(label=text, use_underline=True)
        # Enter and Space stay with the review unless a person tabs to a button.
        made.set_focus_on_click(False)
        made.connect("clicked", lambda *_: action())
        self.buttons.add(made)
        return made

    def default(self, button: Gtk.Button) -> None:
        button.set_can_default(True)
        button.get_style_context().add_class("suggested-action")
        button.grab_default()

    def _key(self, pressed: bool, event: Any) -> bool:
        if event.keyval in _PRESSING and self.window.get_focus() in self.buttons.get_children():
            return False  # the button with the keyboard is pressed, as GTK does it
        try:
            return self.on_key(pressed, event)
        except Exception as error:
            self.failed(type(error), error, error.__traceback__)
            return True  # the window's default button would do the same again

    def on_key(self, pressed: bool, event: Any) -> bool:
        if pressed and event.keyval == Gdk.KEY_Escape:
            self.escape()
            return True
        return False

    def escape(self) -> None:
        self.loop.quit()

    def run(self) -> None:
        self.gimp.adopt_window(self.window)
        self.body.show_all()
        self.ready()
        self.window.show()
        self.window.present()
        sys.excepthook = self.failed
        self.loop.run()
        sys.excepthook = sys.__excepthook__
        self.window.destroy()
        while Gtk.events_pending():
            Gtk.main_iteration()

    def ready(self) -> None:
        """Before the first show: hides what is not wanted yet."""

    def fit(self) -> None:
        """Grows to what the contents want, inside the screen."""
        wanted, area = self.window.get_preferred_size()[1], room(self.window)
        have, place = self.window.get_size(), self.window.get_position()
        width = min(max(wanted.width, have[0]), area.width - 20)
        height = min(max(wanted.height, have[1]), area.height - 50)
        self.window.resize(width, height)
        left = min(place[0] - (width - have[0]) // 2, area.x + area.width - width - 10)
        top = min(place[1] - (height - have[1]) // 2, area.y + area.height - height - 10)
        self.window.move(max(area.x, left), max(area.y, top))

    def ask(self, text: str, yes: str) -> bool:
        """A question before something is lost."""
        dialog = Gtk.MessageDialog(
            transient_for=self.window, modal=True, message_type=Gtk.MessageType.QUESTION, text=text
        )
        dialog.add_button(_("_Go Back"), Gtk.ResponseType.CANCEL)
        dialog.add_button(yes, Gtk.ResponseType.YES)
        dialog.set_default_response(Gtk.ResponseType.YES)
        answer = dialog.run()
        dialog.destroy()
        return bool(answer == Gtk.ResponseType.YES)
