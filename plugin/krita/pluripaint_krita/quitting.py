"""Krita is about to end while variations wait in the docker: nothing computed is lost without a question."""

from __future__ import annotations

from typing import Any, Callable

from pluripaint_client.texts import _

from .desk import Desk
from .qt import QtCore, QtWidgets


class Quitting(QtCore.QObject):
    """Watches one of Krita's windows; the last one that closes ends the program and the docker's sets with it."""

    def __init__(self, desk: Desk, window: Any, windows: Callable[[], int]) -> None:
        super().__init__(window)
        self._desk, self._window, self._windows = desk, window, windows
        window.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Before Krita's own questions about changed documents."""
        if watched is not self._window or event.type() != QtCore.QEvent.Type.Close:
            return False
        if self._windows() > 1 or not self._desk.waiting or self._lost_on_purpose():
            return False
        event.ignore()
        return True

    def _lost_on_purpose(self) -> bool:
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self._window,
            _("Inpaint"),
            _("There are variations that lie in no picture yet; quitting loses them."),
            buttons.Discard | buttons.Cancel,
            buttons.Cancel,
        )
        return bool(answer == buttons.Discard)
