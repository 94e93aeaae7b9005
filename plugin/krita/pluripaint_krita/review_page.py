"""The second and third state of the docker: a job at work, and its candidates to choose from."""

from __future__ import annotations

from typing import Any, Callable

from pluripaint_client.texts import _

from . import pictures
from .desk import Desk
from .picture_view import PictureView
from .qt import Qt, QtCore, QtGui, QtWidgets
from .run import REVIEW, RUNNING, Run

_SMALLEST, _LARGEST = 64, 160
"""Sides of a thumbnail: four are to fit beside each other, the large picture is to keep most of the height."""

Ask = Callable[[str], bool]


class ReviewPage(QtWidgets.QWidget):
    """A large picture at 1:1, a strip of small ones that fills as candidates arrive, and what can be done."""

    def __init__(self, desk: Desk, ask: Ask | None = None, parent: Any | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ask = ask or self._ask_in_a_box
        self._shown: tuple[Any, ...] | None = None
        self._filling = self._outdated = False
        self.window_: Any | None = None
        self._make()
        self._arrange()
        for name in (
            "sets",
            "progress",
            "stop",
            "cancel",
            "words",
            "picture",
            "strip",
            "insert",
            "retry",
            "more",
        ):
            getattr(self, name).setObjectName("pluripaint_" + name)
        # The page has the keyboard until there is a picture that can have it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for widget in (self, *self.findChildren(QtWidgets.QWidget)):
            widget.installEventFilter(self)

    def _make(self) -> None:
        self.sets = QtWidgets.QComboBox()
        self.sets.activated.connect(lambda row: self._desk.look_at(self._desk.listed[row]))
        self.progress = QtWidgets.QProgressBar()
        self.progress.setRange(0, 1000)
        self.stop = _button(_("S&top"), _("End the job, keep what is finished"), self._desk.stop)
        self.cancel = _button(_("&Cancel"), _("End the job, throw all away (Esc)"), self.discard_all)
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.picture = PictureView()
        self.picture.enlarge.connect(self.enlarge)
        self.strip = QtWidgets.QListWidget()
        self.strip.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.strip.setFlow(QtWidgets.QListView.Flow.LeftToRight)
        self.strip.setWrapping(False)
        self.strip.setMovement(QtWidgets.QListView.Movement.Static)
        self._size_strip(_SMALLEST)
        self.strip.currentRowChanged.connect(self._row_changed)
        self.newest = QtWidgets.QCheckBox(_("Show the &newest as it arrives"))
        self.newest.toggled.connect(self._follow)
        self.keep = _button(_("&Keep"), _("Mark this one (Space)"), self.toggle_kept)
        self.keep.setCheckable(True)
        self.before = _button(_("&Before"), _("Show the photo as it was, while held (B)"), None)
        self.before.pressed.connect(lambda: self._show_before(True))
        self.before.released.connect(lambda: self._show_before(False))
        self.larger = _button(
            _("&Larger…"), _("The picture in a window of its own (double click)"), self.enlarge
        )
        self.discard = _button(_("&Discard this"), _("Throw this one out (Delete)"), self.discard_one)
        self.more = _button(_("&More"), _("Further variations of the same place"), self._desk.more)
        self.retry = _button(_("&Retry"), _("Once more after a failure"), self._desk.retry)
        self.insert = _button(
            _("&Insert"), _("Put them into the document as layers (Enter)"), self.insert_all
        )
        self.discard_set = _button(_("Discard &all"), _("Throw the set away (Esc)"), self.discard_all)

    def _arrange(self) -> None:
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.sets)
        work = QtWidgets.QHBoxLayout()
        for widget in (self.progress, self.stop, self.cancel):
            work.addWidget(widget)
        layout.addLayout(work)
        layout.addWidget(self.words)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.strip)
        layout.addWidget(self.newest)
        for row in (
            (self.keep, self.before, self.larger, self.more, self.retry),
            (self.discard, self.discard_set, self.insert),
        ):
            choices = QtWidgets.QHBoxLayout()
            for widget in row:
                choices.addWidget(widget)
            layout.addLayout(choices)

    def _size_strip(self, side: int) -> None:
        self._side = side
        self.strip.setIconSize(QtCore.QSize(side, side))
        self.strip.setFixedHeight(side + self.fontMetrics().height() + 18)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Thumbnails grow with the docker, in steps, so that dragging its border does not draw them at every pixel."""
        fitting = min((self.width() - 40) // 4, self.height() // 4) // 16 * 16
        side = min(max(fitting, _SMALLEST), _LARGEST)
        if side != self._side:
            self._size_strip(side)
            for row in range(self.strip.count()):
                self.strip.item(row).setData(Qt.ItemDataRole.UserRole, None)
            self.fill()

    # -------------------------------------------------------------------------------------------- showing

    def fill(self) -> None:
        """Bring the page up to date with the set in view.

        Krita handles events while it converts colours, and any of them may change what is to be shown: it is filled
        once more then, never within itself, where a thumbnail would be thrown away under the hand that draws it.
        """
        self._outdated = True
        if self._filling:
            return
        self._filling = True
        try:
            while self._outdated:
                self._outdated = False
                self._fill()
        finally:
            self._filling = False

    def _fill(self) -> None:
        run = self._desk.current
        if run is None:
            self._show_nothing()
            return
        self._fill_sets(run)
        running, any_left = run.state == RUNNING, bool(run.review.variations)
        for widget in (self.progress, self.cancel, self.stop):
            widget.setVisible(running)
        self.stop.setEnabled(any_left)
        self.progress.setValue(round(run.fraction * 1000))
        self.words.setText(" ".join([run.message, *(n for n in run.notes if n != run.message)]).strip())
        self.newest.setVisible(running)
        _quietly(self.newest, lambda: self.newest.setChecked(run.review.follow))
        current = run.review.current
        for widget in (self.picture, self.strip, self.keep, self.before, self.larger):
            widget.setVisible(any_left)
        self.discard.setVisible(any_left)
        self.more.setVisible(run.state == REVIEW and run.failure is None)
        self.retry.setVisible(run.state == REVIEW and run.failure is not None)
        self.insert.setVisible(any_left)
        self.insert.setEnabled(not running)
        self.discard_set.setVisible(not running)
        self.keep.setChecked(bool(current and current.kept))
        if any_left:
            self._fill_strip(run)
        if any_left and not self._outdated:
            self._fill_picture(run)
            if self.hasFocus():
                self.picture.setFocus()

    def _show_nothing(self) -> None:
        """Pictures of a set that is gone are not held."""
        self._shown = None
        _quietly(self.strip, self.strip.clear)
        for view in self._views():
            view.show_picture(None)

    def _fill_sets(self, run: Run) -> None:
        titles = [other.title for other in self._desk.listed]
        if [self.sets.itemText(k) for k in range(self.sets.count())] != titles:
            self.sets.clear()
            self.sets.addItems(titles)
        if run in self._desk.listed:
            self.sets.setCurrentIndex(self._desk.listed.index(run))
        self.sets.setVisible(len(titles) > 1)

    def _fill_strip(self, run: Run) -> None:
        labels = [("✓ " if v.kept else "") + str(k) for k, v in enumerate(run.review.variations, 1)]

        def refill() -> None:
            while self.strip.count() > len(labels):
                self.strip.takeItem(self.strip.count() - 1)
            for row, variation in enumerate(run.review.variations):
                if row >= self.strip.count():
                    self.strip.addItem(QtWidgets.QListWidgetItem())
                item = self.strip.item(row)
                item.setText(labels[row])
                item.setToolTip(
                    _("{method}, seed {seed}").format(method=variation.candidate.method, seed=variation.seed)
                )
                key = id(variation)
                if item.data(Qt.ItemDataRole.UserRole) != key:
                    item.setIcon(self._icon(run, variation))
                    if self._outdated:
                        return
                    item.setData(Qt.ItemDataRole.UserRole, key)
            self.strip.setCurrentRow(run.review.index)

        _quietly(self.strip, refill)

    def _icon(self, run: Run, variation: Any) -> Any:
        """The chosen one keeps its colours, too."""
        pixmap = self._thumbnail(run, variation)
        icon = QtGui.QIcon(pixmap)
        icon.addPixmap(pixmap, QtGui.QIcon.Mode.Selected)
        return icon

    def _thumbnail(self, run: Run, variation: Any) -> Any:
        stage, patches = self._desk.stage(run), self._desk.patches(run, variation)
        ratio = self.devicePixelRatioF()
        return QtGui.QPixmap.fromImage(pictures.thumbnail(stage, patches, self._side, ratio))

    def _fill_picture(self, run: Run) -> None:
        """Patches are made only when something else is to be seen."""
        current = run.review.current
        wanted = (id(run), id(current), run.review.before, bool(current and current.kept))
        if wanted == self._shown:
            return
        stage = self._desk.stage(run)
        patches = self._desk.patches(run, current)
        if self._outdated:
            return
        middle = stage.focus(patches) if self._shown is None or self._shown[0] != id(run) else None
        for view in self._views():
            view.show_picture(stage, () if run.review.before else patches, middle, wanted[3])
        self._shown = wanted

    def _views(self) -> list[PictureView]:
        return [self.picture] + ([self.window_.findChild(PictureView)] if self.window_ is not None else [])

    # -------------------------------------------------------------------------------------------- doing

    def _row_changed(self, row: int) -> None:
        if self._desk.current is not None and row >= 0:
            self._desk.current.review.show(row)
            self.fill()

    def _follow(self, on: bool) -> None:
        self._desk.set(show_newest=on)
        if self._desk.current is not None:
            self._desk.current.review.follow = on

    def go(self, step: int) -> None:
        """To the next or previous one."""
        if self._desk.current is not None:
            self._desk.current.review.go(step)
            self.fill()

    def toggle_kept(self) -> None:
        """Mark or unmark."""
        if self._desk.current is not None:
            self._desk.current.review.toggle_kept()
            self.fill()

    def _show_before(self, on: bool) -> None:
        if self._desk.current is not None:
            self._desk.current.review.before = on
            self.fill()

    def discard_one(self) -> None:
        """Throw out the one in view; after the last one the set is gone."""
        run = self._desk.current
        if run is None:
            return
        run.review.discard_current()
        if not run.review.variations and run.state == REVIEW:
            self._desk.discard(run)
        else:
            self.fill()

    def insert_all(self) -> None:
        """Into the document."""
        if self._desk.current is not None and self._desk.current.state == REVIEW:
            self._desk.insert()

    def discard_all(self) -> None:
        """Out of the review, and asked once something is there to lose."""
        run = self._desk.current
        if run is None:
            return
        if run.review.variations and not self._ask(_("Throw these variations away?")):
            return
        self._desk.discard(run)

    def enlarge(self) -> None:
        """The same review in a window that can be made as large as the screen."""
        if self.window_ is None:
            self.window_ = QtWidgets.QDialog(self.window())
            self.window_.setWindowTitle(_("Variations"))
            self.window_.resize(900, 700)
            view = PictureView()
            layout = QtWidgets.QVBoxLayout(self.window_)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.addWidget(view)
            view.enlarge.connect(self.window_.close)
            view.installEventFilter(self)
            self.window_.installEventFilter(self)
        self.window_.show()
        self.window_.raise_()
        self._shown = None
        self.fill()

    def _ask_in_a_box(self, question: str) -> bool:
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self, _("Inpaint"), question, buttons.Discard | buttons.Cancel, buttons.Discard
        )
        return bool(answer == buttons.Discard)

    # -------------------------------------------------------------------------------------------- keys

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Keys act while anything of the review has the focus; Krita's own shortcuts (B is its brush) wait."""
        kind = event.type()
        if kind == QtCore.QEvent.Type.ShortcutOverride and self._is_ours(watched, event):
            event.accept()
            return True
        if kind == QtCore.QEvent.Type.KeyPress and self._is_ours(watched, event):
            return self._pressed(watched, event)
        if kind == QtCore.QEvent.Type.KeyRelease and event.key() == Qt.Key.Key_B:
            if not event.isAutoRepeat():
                self._show_before(False)
            return True
        return False

    def _is_ours(self, watched: Any, event: Any) -> bool:
        run = self._desk.current
        modified = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if run is None or modified != Qt.KeyboardModifier.NoModifier:
            return False
        if isinstance(watched, QtWidgets.QComboBox):
            return False
        if isinstance(watched, QtWidgets.QAbstractButton) and event.key() == Qt.Key.Key_Space:
            return False
        return event.key() in _KEYS

    def _pressed(self, watched: Any, event: Any) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.go(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.go(1)
        elif event.isAutoRepeat():
            pass
        elif key == Qt.Key.Key_Space:
            self.toggle_kept()
        elif key == Qt.Key.Key_B:
            self._show_before(True)
        elif key == Qt.Key.Key_Delete:
            self.discard_one()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(watched, QtWidgets.QAbstractButton):
                watched.click()
            else:
                self.insert_all()
        elif key == Qt.Key.Key_Escape:
            self.discard_all()
        return True


_KEYS = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Space,
    Qt.Key.Key_B,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
)


def _button(text: str, tip: str, clicked: Callable[[], None] | None) -> Any:
    button = QtWidgets.QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    if clicked is not None:
        button.clicked.connect(lambda _checked=False: clicked())
    return button


def _quietly(widget: Any, change: Callable[[], None]) -> None:
    """Change a widget without hearing of it."""
    blocked = widget.blockSignals(True)
    try:
        change()
    finally:
        widget.blockSignals(blocked)
