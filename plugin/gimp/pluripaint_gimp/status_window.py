"""What the daemon does and holds."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

from pluripaint_client.runner import Asking  # noqa: E402
from pluripaint_client.texts import _  # noqa: E402

from .backend import Backend  # noqa: E402
from .status_text import status_lines  # noqa: E402
from .window import POLL_MS, Window  # noqa: E402


class StatusWindow(Window):
    """What the daemon does and holds; gives memory back on request."""

    def __init__(self, gimp: Backend) -> None:
        super().__init__(gimp, _("Inpaint Settings / Status"))
        self.text = Gtk.Label(label=_("Reaching the daemon…"), xalign=0, selectable=True, wrap=True)
        self.text.set_max_width_chars(80)
        self.body.pack_start(self.text, True, True, 0)
        self.button(_("_Release GPU and Memory"), lambda: self._ask(lambda client: client.release()))
        self.button(_("Open _Log"), self._open_log)
        self.default(self.button(_("_Close"), self.escape))
        self._state: dict[str, Any] = {}
        self._ask(lambda client: None)

    def _ask(self, question: Any) -> None:
        def both(client: Any) -> Any:
            question(client)
            return client.status()

        self._asking = Asking(both)
        GLib.timeout_add(POLL_MS, self._listen)

    def _listen(self) -> bool:
        if self._asking.is_alive():
            return True
        state, refusal = self._asking.answer
        self._state = state or {}
        self.text.set_text(refusal or status_lines(self._state))
        return False

    def _open_log(self) -> None:
        path = str(self._state.get("log") or "")
        if path:
            Gtk.show_uri_on_window(self.window, GLib.filename_to_uri(path), Gdk.CURRENT_TIME)


def status(gimp: Backend) -> str | None:
    """Runs the status window."""
    gimp.prepare_window()
    StatusWindow(gimp).run()
    return ""
