"""Krita's side of it: the menu *Filter → Inpaint*, the docker, one desk for the whole program."""

from __future__ import annotations

from typing import Any

from krita import DockWidget, DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita
from pluripaint_client.texts import _

from .desk import Desk
from .editor import KritaEditor
from .panel import Panel, StatusDialog
from .qt import Qt, QtWidgets
from .quitting import Quitting
from .run import Run

DOCKER = "pluripaint_docker"
_MENU = "pluripaint_menu"

_LEAST_HEIGHT = 240
_PRESETS = "PresetDocker"

_desk: Desk | None = None


def desk() -> Desk:
    """The one desk: every window's docker shows the same sets."""
    global _desk
    if _desk is None:
        _desk = Desk(KritaEditor(Krita.instance()))
    return _desk


class InpaintDocker(DockWidget):
    """Settings, progress and review beside the canvas. Krita makes one for each window."""

    def __init__(self) -> None:
        super().__init__()
        self._document = ""
        self.setWindowTitle(_("Inpaint Variations"))
        self.panel = Panel(desk())
        # A small window must not push the buttons off the screen.
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.panel)
        scroll.setMinimumSize(self.panel.minimumSizeHint().width() + 16, _LEAST_HEIGHT)
        self.setWidget(scroll)
        self.visibilityChanged.connect(self._shown)

    def canvasChanged(self, canvas: Any) -> None:  # noqa: N802
        """Another document or view: saved selections and context are its own, a sentence was about the other."""
        current = Krita.instance().activeDocument()
        root = current.rootNode() if current is not None else None
        document = root.uniqueId().toString() if root is not None else ""
        if document != self._document:
            self._document = document
            desk().forget_sentence()
        self.panel.refresh()
        self.panel.settings.show_context()

    def make_room(self) -> None:
        """Take height from the dockers above and below while there is too little to judge a picture."""
        self.show()
        self._share_a_tab()
        self.raise_()
        window = self.window()
        if not self.isFloating() and isinstance(window, QtWidgets.QMainWindow):
            height = max(self.height(), window.height() * 3 // 5)
            window.resizeDocks([self], [height], Qt.Orientation.Vertical)

    def _share_a_tab(self) -> None:
        """Once, ever: beside the brush presets, as one more docker below the others leaves none enough height. Where
        the person then puts it is the person's own affair."""
        if Krita.instance().readSetting("pluripaint", "placed", ""):
            return
        Krita.instance().writeSetting("pluripaint", "placed", "1")
        window = self.window()
        if self.isFloating() or not isinstance(window, QtWidgets.QMainWindow):
            return
        presets = window.findChild(QtWidgets.QDockWidget, _PRESETS)
        if presets is None or not presets.isVisible() or presets.isFloating():
            return
        same_side = window.dockWidgetArea(presets) == window.dockWidgetArea(self)
        if same_side and not window.tabifiedDockWidgets(self):
            window.tabifyDockWidget(presets, self)

    def _shown(self, visible: bool) -> None:
        if visible:
            self.panel.settings.show_context()


class Inpaint(Extension):
    """The actions."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._dialogs: list[Any] = []
        self._watching: list[Quitting] = []

    def setup(self) -> None:
        """Once, before there is a window: one message, however many windows."""
        desk().said.connect(self._say)
        desk().reviewed.connect(self._reviewed)

    def createActions(self, window: Any) -> None:  # noqa: N802
        """Once per window."""
        app = Krita.instance()
        self._watching.append(Quitting(desk(), window.qwindow(), lambda: len(app.windows())))
        top = window.createAction(_MENU, _("Inpaint"), "filter")
        menu = QtWidgets.QMenu(_MENU, window.qwindow())
        top.setMenu(menu)
        # Numbered, because Krita 5.3 puts the actions of a menu in the order of their names.
        for name, text, act in (
            ("pluripaint_1_generate", _("Generate Variations…"), self._generate),
            ("pluripaint_2_again", _("Generate Variations (last settings)"), self._again),
            ("pluripaint_3_more", _("Generate More"), self._more),
            ("pluripaint_4_pick", _("Pick Variation…"), self._pick),
            ("pluripaint_5_keep", _("Keep Visible, Discard the Rest"), self._keep),
            ("pluripaint_6_status", _("Inpaint Settings / Status…"), self._status),
        ):
            action = window.createAction(name, text, "filter/" + _MENU)
            action.setIconText(text)
            action.setAutoRepeat(False)  # A shortcut held a little long would start one run after another.
            # Krita has it in English, from the action file, and makes the tool tip of that itself, again and again.
            described = _(action.whatsThis())
            action.setWhatsThis(described)
            action.setStatusTip(described)
            action.triggered.connect(lambda _checked=False, act=act: act())

    # -------------------------------------------------------------------------------------------- actions

    def _generate(self) -> None:
        desk().prepare()
        docker = _docker()
        if docker is not None:
            docker.make_room()
            docker.panel.show_settings()

    def _again(self) -> None:
        desk().generate(insert_when_done=True)
        self._show_unless_hidden_on_purpose()

    def _more(self) -> None:
        desk().generate_more()

    def _pick(self) -> None:
        if desk().pick() is not None:
            docker = _docker()
            if docker is not None:
                docker.make_room()
                docker.panel.new.setChecked(False)
                docker.panel.review.picture.setFocus()

    def _keep(self) -> None:
        desk().keep_visible()

    def _status(self) -> None:
        window = Krita.instance().activeWindow()
        dialog = StatusDialog(desk(), window.qwindow() if window is not None else None)
        self._hold(dialog)
        dialog.show()

    def _hold(self, dialog: Any) -> None:
        """A parent alone does not keep Python's half of a window alive."""
        self._dialogs = [other for other in self._dialogs if other.isVisible()] + [dialog]

    # -------------------------------------------------------------------------------------------- words

    def _say(self, sentence: str) -> None:
        """Also over the canvas, for whoever does not see the docker, or in a box where there is none: Krita 5.3's start
        page hides the dockers."""
        window = Krita.instance().activeWindow()
        if window is None or _docker_is_seen():
            return
        if Krita.instance().activeDocument() is not None:
            icon = Krita.instance().icon("dialog-information")
            window.activeView().showFloatingMessage(sentence, icon, 6000, 1)
        else:
            self._box(sentence).show()

    def _reviewed(self, run: Run) -> None:
        """The docker shows it; whoever does not see that is told, and without any picture asked what is to become of
        the variations."""
        said = f"{run.message.rstrip('.')}."
        if not run.review.variations or _docker_is_seen():
            self._say(run.message)
        elif Krita.instance().activeDocument() is not None:
            self._say(f"{said} " + _("See the docker “Inpaint Variations”."))
        else:
            box = self._box(f"{said} " + _("The picture was closed meanwhile."))
            anew = box.addButton(_("&Open as a new picture"), QtWidgets.QMessageBox.ButtonRole.AcceptRole)
            box.addButton(_("&Later"), QtWidgets.QMessageBox.ButtonRole.RejectRole)
            anew.setObjectName("pluripaint_anew")
            anew.clicked.connect(lambda _checked=False: desk().insert(run) if run in desk().listed else None)
            box.show()

    def _box(self, sentence: str) -> Any:
        """A message that does not hold anything up."""
        window = Krita.instance().activeWindow()
        box = QtWidgets.QMessageBox(window.qwindow() if window is not None else None)
        box.setObjectName("pluripaint_box")
        box.setWindowTitle(_("Inpaint"))
        box.setText(sentence)
        box.setModal(False)
        self._hold(box)
        return box

    def _show_unless_hidden_on_purpose(self) -> None:
        docker = _docker()
        if docker is not None and docker.isVisible():
            docker.raise_()


def _docker_is_seen() -> bool:
    """A docker behind another in the same tabs says that it is visible, but has no region."""
    docker = _docker()
    return docker is not None and not docker.visibleRegion().isEmpty()


def _docker() -> Any | None:
    window = Krita.instance().activeWindow()
    if window is None:
        return None
    found = window.qwindow().findChild(QtWidgets.QDockWidget, DOCKER)
    return found if found is not None and hasattr(found, "panel") else None


def register() -> None:
    """Hand extension and docker to Krita; called once, when Krita loads the plug-in."""
    app = Krita.instance()
    app.addExtension(Inpaint(app))
    app.addDockWidgetFactory(DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, InpaintDocker))


__all__ = ["DOCKER", "Inpaint", "InpaintDocker", "register"]
