"""The docker's content: settings, or the set in view, and one line for sentences. Works without Krita."""

from __future__ import annotations

from typing import Any

from pluripaint_client.texts import _

from .desk import Desk, status_in_words
from .qt import QtCore, QtGui, QtWidgets
from .review_page import Ask, ReviewPage
from .settings_page import SettingsPage


class Pages(QtWidgets.QStackedWidget):
    """As large as the page in view needs: the settings must not be scrolled because the review is taller."""

    def sizeHint(self) -> Any:  # noqa: N802 (Qt's name)
        """That of the page in view."""
        return self.currentWidget().sizeHint() if self.currentWidget() is not None else super().sizeHint()

    def minimumSizeHint(self) -> Any:  # noqa: N802
        """The width of the widest page, so that the docker keeps its width; the height of the page in view."""
        width = max((self.widget(k).minimumSizeHint().width() for k in range(self.count())), default=0)
        page = self.currentWidget()
        return QtCore.QSize(width, page.minimumSizeHint().height() if page is not None else 0)


class Panel(QtWidgets.QWidget):
    """Three states in one place: settings → progress → review."""

    def __init__(self, desk: Desk, ask: Ask | None = None, parent: Any | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pluripaint_panel")
        self.desk = desk
        self.settings = SettingsPage(desk)
        self.review = ReviewPage(desk, ask)
        self.stack = Pages()
        self.stack.addWidget(self.settings)
        self.stack.addWidget(self.review)
        self.new = QtWidgets.QPushButton(_("&New set…"))
        self.new.setToolTip(_("Settings for another run; the sets in review stay"))
        self.new.setCheckable(True)
        self.new.toggled.connect(lambda _on: self.refresh())
        self.sentence = QtWidgets.QLabel()
        self.sentence.setObjectName("pluripaint_sentence")
        self.sentence.setWordWrap(True)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.new)
        layout.addWidget(self.sentence)
        desk.changed.connect(self.refresh)
        self._runs = 0
        self.refresh()

    def refresh(self) -> None:
        """Show what the desk holds."""
        runs = len(self.desk.listed)
        if runs > self._runs:
            # A new set is looked at; whoever pressed Generate here goes on with the keyboard in its review.
            self.new.setChecked(False)
        self._runs = runs
        reviewing = self.desk.current is not None and not self.new.isChecked()
        page = self.review if reviewing else self.settings
        if self.stack.currentWidget() is not page:
            had_focus = self.isAncestorOf(QtWidgets.QApplication.focusWidget() or self)
            self.stack.setCurrentWidget(page)
            self.stack.updateGeometry()
            if had_focus and self.isVisible():
                (self.review if reviewing else self.settings.generate).setFocus()
        self.new.setVisible(runs > 0)
        self.review.fill()
        self.settings.fill()
        self.sentence.setText(self.desk.sentence)
        self.sentence.setVisible(bool(self.desk.sentence))

    def show_settings(self) -> None:
        """Ready for *Generate* by Enter."""
        if self.desk.current is not None:
            self.new.setChecked(True)
        self.refresh()
        self.settings.generate.setFocus()
        QtCore.QTimer.singleShot(0, self.settings.show_context)


class StatusDialog(QtWidgets.QDialog):
    """What the daemon says of itself; release its memory; its log."""

    def __init__(self, desk: Desk, parent: Any | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Inpaint Settings / Status"))
        self.setObjectName("pluripaint_status")
        self._desk, self._log = desk, ""
        self.words = QtWidgets.QLabel(_("Asking the daemon…"))
        self.words.setWordWrap(True)
        self.words.setMinimumWidth(380)
        self.start = QtWidgets.QPushButton(_("&Start the daemon"))
        self.release = QtWidgets.QPushButton(_("&Release memory and GPU"))
        self.log = QtWidgets.QPushButton(_("Open the &log"))
        close = QtWidgets.QPushButton(_("&Close"))
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.words)
        row = QtWidgets.QHBoxLayout()
        for button in (self.start, self.release, self.log, close):
            row.addWidget(button)
        layout.addLayout(row)
        self.start.clicked.connect(lambda _c=False: self._ask(_status, start=True))
        self.release.clicked.connect(lambda _c=False: self._ask(_release))
        self.log.clicked.connect(lambda _c=False: self._open_log())
        close.clicked.connect(lambda _c=False: self.close())
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(2000)
        self._timer.timeout.connect(lambda: self._ask(_status))
        self._timer.start()
        self._show({}, "")
        self.words.setText(_("Asking the daemon…"))
        self._ask(_status)

    def _ask(self, question: Any, start: bool = False) -> None:
        self._desk.ask(question, self._show, start)

    def _show(self, answer: Any, why: str) -> None:
        running = isinstance(answer, dict) and bool(answer)
        self._log = str(answer.get("log", "")) if running else ""
        self.words.setText(status_in_words(answer if running else None, why))
        self.start.setVisible(not running)
        self.release.setEnabled(running)
        self.log.setEnabled(bool(self._log))

    def _open_log(self) -> None:
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(self._log))

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        """No questions behind a closed window."""
        self._timer.stop()
        super().closeEvent(event)


def _status(client: Any) -> Any:
    return client.status()


def _release(client: Any) -> Any:
    client.release()
    return client.status()
