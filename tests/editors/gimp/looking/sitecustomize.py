"""Python imports this at its start: in our plug-in it writes what its windows show to a file when signalled: every
text, the label of what has the keyboard, and where on the screen each button is."""

import json
import os
import signal
import sys


def words(gtk, widget, found):
    for name in ("get_title", "get_text", "get_label", "get_tooltip_text", "get_active_text"):
        read = getattr(widget, name, None)
        if read is not None and not isinstance(
            widget, (gtk.SpinButton, gtk.Dialog if name == "get_label" else ())
        ):
            text = read()
            if text:
                found.append(text)
    if isinstance(widget, gtk.TextView):
        found.append(widget.get_buffer().props.text)
    if isinstance(widget, gtk.ComboBoxText):
        found.extend(row[0] for row in widget.get_model())
    if isinstance(widget, gtk.Container):
        widget.forall(lambda child: words(gtk, child, found))


def buttons(gtk, widget, left, top, found):
    """The middle of every button that can be pressed, by label."""
    if isinstance(widget, gtk.Button) and widget.get_mapped() and widget.get_label():
        across, down = widget.translate_coordinates(widget.get_toplevel(), 0, 0)
        size = widget.get_allocation()
        found[widget.get_label()] = [left + across + size.width // 2, top + down + size.height // 2]
    if isinstance(widget, gtk.Container):
        widget.forall(lambda child: buttons(gtk, child, left, top, found))


def write(*_):
    from gi.repository import Gtk

    windows, focus, places = [], "", {}
    for window in Gtk.Window.list_toplevels():
        if window.get_visible():
            windows.append([])
            words(Gtk, window, windows[-1])
            _, left, top = window.get_window().get_origin()
            buttons(Gtk, window, left, top, places)
            focused = window.get_focus()
            if window.is_active() and isinstance(focused, Gtk.Button):
                focus = focused.get_label() or ""
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seen.json")
    with open(target + ".part", "w", encoding="utf-8") as file:
        json.dump({"windows": windows, "focus": focus, "buttons": places}, file)
    os.replace(target + ".part", target)
    return True


if "-run" in sys.argv and "pluripaint.py" in os.path.basename(sys.argv[0]):
    from gi.repository import GLib

    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR2, write)
