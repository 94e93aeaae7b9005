"""The dialog that asks for a script's parameters, on GTK 3."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

from . import parameters  # noqa: E402
from .fields import NotAValue, field  # noqa: E402
from .pdb import error  # noqa: E402
from .which_gimp import find  # noqa: E402


def ask(one: Any, params: list, values: list, run: Callable[[list], Any]) -> Any:
    """Show a field for each of ``params`` with ``values`` to begin with; on OK ``run`` them and give its answer.

    While the script works the dialog stays, without its buttons. What the script raises is shown with a traceback.

    Raises:
        CancelError: the person cancelled. Exception: what the script raised.
    """
    find().prepare_window()
    if not Gtk.init_check([])[0]:
        raise error("The dialog needs a screen: there is none here.")
    asking = _Asking(one, params, values)
    try:
        while True:
            if asking.dialog.run() != Gtk.ResponseType.OK:
                raise parameters.CancelError
            try:
                chosen = asking.values()
            except NotAValue as why:
                _tell(asking.dialog, str(why))
                continue
            asking.at_work()
            try:
                return run(chosen)
            except parameters.CancelError:
                raise
            except Exception as why:
                _tell(asking.dialog, str(why) or type(why).__name__, traceback.format_exc())
                raise
    finally:
        asking.dialog.destroy()
        _settle()


class _Asking:
    """The dialog and its fields."""

    def __init__(self, one: Any, params: list, values: list) -> None:
        title = (one.label or one.name).replace("_", "").rstrip(".…")
        self.dialog = Gtk.Dialog(title=title, window_position=Gtk.WindowPosition.CENTER)
        self.dialog.set_role(one.name)
        self.dialog.add_buttons("_Cancel", Gtk.ResponseType.CANCEL, "_OK", Gtk.ResponseType.OK)
        self.dialog.set_default_response(Gtk.ResponseType.OK)
        find().adopt_window(self.dialog)
        body = self.dialog.get_content_area()
        body.set_border_width(12)
        body.set_spacing(12)
        body.pack_start(
            Gtk.Label(label=one.texts[0], xalign=0, wrap=True, max_width_chars=60), False, False, 0
        )
        self._fields = [
            (param[2].replace("_", ""), field(param, value)) for param, value in zip(params, values)
        ]
        self._room = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, propagate_natural_height=True)
        self._room.add(self._grid(params))
        # A script with thirty parameters must leave its buttons on the screen.
        self._room.set_max_content_height(max(200, self.dialog.get_screen().get_height() - 320))
        body.pack_start(self._room, True, True, 0)
        body.show_all()

    def _grid(self, params: list) -> Any:
        grid = Gtk.Grid(row_spacing=6, column_spacing=12)
        for row, (param, (_, one)) in enumerate(zip(params, self._fields)):
            one.widget.set_hexpand(True)
            one.widget.set_tooltip_text(param[1])
            if param[0] == parameters.PF_TOGGLE:  # it carries its label itself
                grid.attach(one.widget, 1, row, 1, 1)
                continue
            label = Gtk.Label.new_with_mnemonic(f"{param[2]}:")
            label.set_xalign(0)
            label.set_mnemonic_widget(one.widget)
            grid.attach(label, 0, row, 1, 1)
            grid.attach(one.widget, 1, row, 1, 1)
        return grid

    def values(self) -> list:
        """What the fields hold.  Raises ``NotAValue`` with the field's name in front."""
        found = []
        for label, one in self._fields:
            try:
                found.append(one.value())
            except NotAValue as why:
                raise NotAValue(f"{label}: {why}.") from None
        return found

    def at_work(self) -> None:
        """Nothing more can be chosen; drawn before the script takes the time."""
        for response in (Gtk.ResponseType.OK, Gtk.ResponseType.CANCEL):
            self.dialog.set_response_sensitive(response, False)
        self._room.set_sensitive(False)
        _settle()


def _settle() -> None:
    while Gtk.events_pending():
        Gtk.main_iteration()


def _tell(parent: Any, text: str, details: str = "") -> None:
    """A sentence to read, with more behind a triangle."""
    box = Gtk.MessageDialog(
        transient_for=parent,
        modal=True,
        message_type=Gtk.MessageType.ERROR,
        buttons=Gtk.ButtonsType.CLOSE,
        text=text,
    )
    if details:
        more = Gtk.Expander(label="More information")
        more.add(Gtk.Label(label=details, selectable=True, xalign=0))
        box.get_content_area().pack_start(more, True, True, 0)
        more.show_all()
    box.run()
    box.destroy()
