"""The first state of the docker: what is to be made, and *Generate*."""

from __future__ import annotations

from typing import Any

from pluripaint_client.texts import _

from .desk import Desk
from .picture_view import ContextView
from .qt import Qt, QtCore, QtWidgets


class SettingsPage(QtWidgets.QWidget):
    """Shows the desk's settings and changes them; the numbers a person rarely needs lie under *More options*."""

    def __init__(self, desk: Desk, parent: Any | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._filling = False
        self.count = _number(1, 16)
        self.method = QtWidgets.QComboBox()
        self.seed = _number(0, 2**31 - 1)
        self.random = QtWidgets.QCheckBox(_("&Another each time"))
        self.generate = QtWidgets.QPushButton(_("&Generate"))
        self.generate.setToolTip(_("Fill what is selected in several different ways"))
        self.generate.setDefault(True)
        self.transparent = QtWidgets.QPushButton(_("Fill the &transparent parts"))
        self.transparent.hide()
        self.more = QtWidgets.QToolButton()
        self.more.setText(_("&More options"))
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.options = self._options()
        self.options.hide()
        seeds = QtWidgets.QHBoxLayout()
        seeds.addWidget(self.seed, 1)
        seeds.addWidget(self.random)
        form = QtWidgets.QFormLayout()
        form.addRow(_label(_("&Variations"), self.count), self.count)
        form.addRow(_label(_("Me&thod"), self.method), self.method)
        form.addRow(_label(_("See&d"), self.seed), seeds)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(form)
        layout.addWidget(self.more)
        layout.addWidget(self.options)
        layout.addWidget(self.generate)
        layout.addWidget(self.transparent)
        layout.addStretch(1)
        named = ("count", "method", "more", "generate", "transparent", "source", "exclude", "grow", "feather")
        for name in named:
            getattr(self, name).setObjectName("pluripaint_" + name)
        self._connect()
        self.fill()

    def _options(self) -> Any:
        box = QtWidgets.QWidget()
        self.variety = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self.variety.setRange(0, 200)
        self.variety.setToolTip(
            _("How far the variations may differ; the middle is what each method does best")
        )
        self.context = QtWidgets.QDoubleSpinBox()
        self.context.setRange(1.5, 4.0)
        self.context.setSingleStep(0.25)
        self.context.setToolTip(_("Side of what the method looks at, in sides of what is selected"))
        self.context_pixels = QtWidgets.QLabel()
        self.context_view = ContextView()
        self.source = QtWidgets.QComboBox()
        self.source.addItem(_("This layer"), "layer")
        self.source.addItem(_("All that is visible"), "visible")
        self.exclude = QtWidgets.QComboBox()
        self.exclude.setToolTip(_("A saved selection (selection mask) from which nothing is copied"))
        self.grow = _number(-200, 200, _(" px"))
        self.feather = _number(0, 200, _(" px"))
        form = QtWidgets.QFormLayout(box)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(_label(_("Variet&y"), self.variety), self.variety)
        form.addRow(_label(_("Conte&xt"), self.context), self.context)
        form.addRow(self.context_pixels)
        form.addRow(self.context_view)
        form.addRow(_label(_("Fill &from"), self.source), self.source)
        form.addRow(_label(_("Don't c&opy from"), self.exclude), self.exclude)
        form.addRow(_label(_("G&row selection"), self.grow), self.grow)
        form.addRow(_label(_("F&eather selection"), self.feather), self.feather)
        return box

    def _connect(self) -> None:
        self.count.valueChanged.connect(lambda value: self._set(variations=value))
        self.method.activated.connect(self._method_chosen)
        self.seed.valueChanged.connect(lambda value: self._set(seed=value))
        self.random.toggled.connect(self._random_toggled)
        self.variety.valueChanged.connect(lambda value: self._set(variety=value / 100))
        self.context.valueChanged.connect(self._context_changed)
        self.source.activated.connect(lambda _row: self._set(source=self.source.currentData()))
        self.exclude.activated.connect(lambda _row: self._set(exclude=self.exclude.currentData()))
        self.grow.valueChanged.connect(self._grow_changed)
        self.feather.valueChanged.connect(lambda value: self._set(feather=float(value)))
        self.more.toggled.connect(self._more_toggled)
        self.generate.clicked.connect(lambda _checked=False: self._desk.generate())
        self.transparent.clicked.connect(lambda _checked=False: self._desk.generate(fill_transparent=True))

    # -------------------------------------------------------------------------------------------- showing

    def fill(self) -> None:
        """Bring the widgets up to date with the desk."""
        settings = self._desk.settings
        self._filling = True
        self.count.setValue(settings.variations)
        self._list(self.method, self._methods(), f"{settings.preset}/{settings.method}")
        self.random.setChecked(settings.seed < 0)
        self.seed.setEnabled(settings.seed >= 0)
        if settings.seed >= 0:
            self.seed.setValue(settings.seed)
        self.variety.setValue(round(settings.variety * 100))
        self.context.setValue(settings.context)
        self.source.setCurrentIndex(max(0, self.source.findData(settings.source)))
        masks = [(_("Nothing"), ""), *((name, mask) for mask, name in self._desk.editor.masks())]
        self._list(self.exclude, masks, settings.exclude)
        self.grow.setValue(settings.grow)
        self.feather.setValue(round(settings.feather))
        if self.transparent.hasFocus() and not self._desk.offer_transparent:
            self.generate.setFocus()  # or the keyboard would leave the docker with the button
        self.transparent.setVisible(self._desk.offer_transparent)
        self._filling = False

    def show_context(self) -> None:
        """Draw the region that would be looked at, where the options are open."""
        if not self.options.isVisible():
            return
        try:
            shown = self._desk.editor.context(self._desk.settings)
            text = _("Select something to see its context.")
        except Exception as error:
            shown, text = None, str(error)
        self.context_view.show_context(shown)
        if shown is not None:
            sizes = ", ".join(f"{region.width} × {region.height}" for region in shown[3][:3])
            text = _("Looks at {sizes} pixels").format(sizes=sizes + (" …" if len(shown[3]) > 3 else ""))
        self.context_pixels.setText(text)

    def _methods(self) -> list[tuple[str, str]]:
        """Presets first, then each method by itself: (title, "preset/method")."""
        entries = [(_("Best"), "best/auto"), (_("Fast"), "fast/auto")]
        for entry in self._desk.methods:
            if not entry.get("trained", True):
                continue
            name = str(entry.get("name", ""))
            entries.append((_(str(entry.get("title") or name)), f"best/{name}"))
        chosen = f"{self._desk.settings.preset}/{self._desk.settings.method}"
        if chosen not in [data for _title, data in entries]:
            entries.append((self._desk.settings.method, chosen))
        return entries

    @staticmethod
    def _list(box: Any, entries: list[tuple[str, str]], chosen: str) -> None:
        """Fill a combo box, only where its entries have changed: an open list stays open."""
        if [(box.itemText(k), box.itemData(k)) for k in range(box.count())] != entries:
            box.clear()
            for title, data in entries:
                box.addItem(title, data)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    # -------------------------------------------------------------------------------------------- changing

    def _set(self, **changes: Any) -> None:
        if not self._filling:
            self._desk.set(**changes)

    def _method_chosen(self, _row: int) -> None:
        preset, method = self.method.currentData().split("/", 1)
        self._set(preset=preset, method=method)

    def _random_toggled(self, on: bool) -> None:
        self.seed.setEnabled(not on)
        self._set(seed=-1 if on else self.seed.value())

    def _context_changed(self, value: float) -> None:
        self._set(context=value)
        self.show_context()

    def _grow_changed(self, value: int) -> None:
        self._set(grow=value)
        self.show_context()

    def _more_toggled(self, on: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.options.setVisible(on)
        QtCore.QTimer.singleShot(0, self.show_context)


def _number(low: int, high: int, unit: str = "") -> Any:
    box = QtWidgets.QSpinBox()
    box.setRange(low, high)
    box.setSuffix(unit)
    return box


def _label(text: str, buddy: Any) -> Any:
    label = QtWidgets.QLabel(text)
    label.setBuddy(buddy)
    return label
