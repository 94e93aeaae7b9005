"""One field of a script's dialog for each PF_ type, with the values that gimpfu's own fields gave."""

from __future__ import annotations

import math
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

from . import images, items, parameters  # noqa: E402
from .colours import RGB, rgb  # noqa: E402
from .pdb import call  # noqa: E402
from .which_gimp import find  # noqa: E402

RESOURCES = {
    parameters.PF_FONT: "font",
    parameters.PF_BRUSH: "brush",
    parameters.PF_PATTERN: "pattern",
    parameters.PF_GRADIENT: "gradient",
    parameters.PF_PALETTE: "palette",
}


class NotAValue(ValueError):
    """What was typed is no value of the field's type; the text says what would be."""


class _Text:
    """A line of text."""

    def __init__(self, default: Any) -> None:
        self.widget = Gtk.Entry(text="" if default is None else str(default), activates_default=True)

    def value(self) -> Any:
        return self.widget.get_text()


class _Number(_Text):
    def __init__(self, default: Any, kind: type) -> None:
        super().__init__(default)
        self._kind = kind

    def value(self) -> Any:
        text = super().value()
        try:
            return self._kind(text)
        except ValueError:
            what = "a whole number" if self._kind is int else "a number"
            raise NotAValue(f"“{text}” is not {what}") from None


class _Lines:
    """Several lines of text."""

    def __init__(self, default: Any) -> None:
        self.view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD, accepts_tab=False)
        self.view.get_buffer().set_text("" if default is None else str(default))
        self.widget = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, min_content_height=90)
        self.widget.add(self.view)

    def value(self) -> str:
        buffer = self.view.get_buffer()
        return str(buffer.get_text(*buffer.get_bounds(), False))


class _Path(_Text):
    """A path that may be typed, so that it can be one that is not there yet, or chosen."""

    def __init__(self, default: Any, folder: bool) -> None:
        super().__init__(default)
        self._entry, self._folder = self.widget, folder
        button = Gtk.Button(label="…")
        button.connect("clicked", self._choose)
        self._entry.set_width_chars(32)
        self.widget = Gtk.Box(spacing=6)
        self.widget.pack_start(self._entry, True, True, 0)
        self.widget.pack_start(button, False, False, 0)

    def _choose(self, button: Any) -> None:
        action = Gtk.FileChooserAction.SELECT_FOLDER if self._folder else Gtk.FileChooserAction.OPEN
        chooser = Gtk.FileChooserDialog(
            title="", transient_for=button.get_toplevel(), modal=True, action=action
        )
        chooser.add_buttons("_Cancel", Gtk.ResponseType.CANCEL, "_Open", Gtk.ResponseType.OK)
        chooser.set_default_response(Gtk.ResponseType.OK)
        if self.value():
            chooser.set_filename(self.value())
        if chooser.run() == Gtk.ResponseType.OK:
            self._entry.set_text(chooser.get_filename() or "")
        chooser.destroy()

    def value(self) -> str:
        return str(self._entry.get_text())


class _Toggle:
    def __init__(self, default: Any, label: str) -> None:
        self.widget = Gtk.CheckButton.new_with_mnemonic(label)
        self.widget.set_active(bool(default))

    def value(self) -> bool:
        return bool(self.widget.get_active())


def _bounded(default: Any, extra: Any) -> tuple[Any, int]:
    """The range of a slider or spinner, and how many digits its step asks for."""
    low, high, step = (float(value) for value in (extra or (0, 100, 1)))
    digits = 0 if step >= 1 or not step else min(20, abs(math.floor(math.log10(abs(step)))))
    range_ = Gtk.Adjustment(
        value=float(default or 0), lower=low, upper=high, step_increment=step, page_increment=10 * step
    )
    return range_, digits


class _Slider:
    def __init__(self, default: Any, extra: Any) -> None:
        adjustment, digits = _bounded(default, extra)
        self.widget = Gtk.Box(spacing=6)
        scale = Gtk.Scale(adjustment=adjustment, digits=digits, draw_value=False)
        scale.set_size_request(160, -1)
        self._spin = Gtk.SpinButton(adjustment=adjustment, digits=digits, activates_default=True)
        self.widget.pack_start(scale, True, True, 0)
        self.widget.pack_start(self._spin, False, False, 0)

    def value(self) -> float:
        self._spin.update()
        return float(self._spin.get_value())


class _Spinner(_Slider):
    def __init__(self, default: Any, extra: Any) -> None:
        adjustment, digits = _bounded(default, extra)
        self.widget = Gtk.SpinButton(adjustment=adjustment, digits=digits, activates_default=True)
        self._spin = self.widget


class _Colour:
    def __init__(self, default: Any) -> None:
        shown = Gdk.RGBA(*rgb(default if default is not None else (0, 0, 0))._parts)
        self.widget = Gtk.ColorButton(rgba=shown)

    def value(self) -> RGB:
        chosen = self.widget.get_rgba()
        return RGB(chosen.red, chosen.green, chosen.blue, chosen.alpha)


class _Choice:
    """One of a list of (text, value); what is to be chosen at first may be missing from it."""

    def __init__(self, entries: list[tuple[str, Any]], chosen: Any) -> None:
        self._values = [value for _, value in entries]
        self.widget = Gtk.ComboBoxText()
        for text, _ in entries:
            self.widget.append_text(text)
        place = self._values.index(chosen) if chosen in self._values else 0
        self.widget.set_active(place if entries else -1)

    def value(self) -> Any:
        place = self.widget.get_active()
        return self._values[place] if place >= 0 else None


class _Radio:
    def __init__(self, entries: Any, chosen: Any) -> None:
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        self._buttons = []
        for text, value in entries:
            group = self._buttons[0][0] if self._buttons else None
            button = Gtk.RadioButton.new_with_mnemonic_from_widget(group, str(text))
            button.set_active(value == chosen)
            self.widget.add(button)
            self._buttons.append((button, value))

    def value(self) -> Any:
        return next((value for button, value in self._buttons if button.get_active()), None)


def _resource(pf: Any, default: Any) -> _Choice:
    """The names there are; without a default the one in use."""
    kind = RESOURCES[pf]
    names = sorted(find().resource_names(kind), key=str.casefold)
    if not default:
        default = call(f"gimp-context-get-{kind}")
    if default and default not in names:
        names.insert(0, str(default))
    return _Choice([(name, name) for name in names], default)


def _subjects(pf: Any) -> list[tuple[str, Any]]:
    """All things of a kind in all open images, named as in gimpfu's own lists."""
    found: list[tuple[str, Any]] = []
    for number in call("gimp-image-list")[1]:
        image = images.image(number)
        title = f"{image.name}-{int(image.ID)}"
        if pf == parameters.PF_IMAGE:
            found.append((title, image))
        if pf in (parameters.PF_LAYER, parameters.PF_DRAWABLE, parameters.PF_ITEM):
            found += [(f"{title} / {one.name}-{int(one.ID)}", one) for one in _within(image.layers)]
        if pf in (parameters.PF_CHANNEL, parameters.PF_DRAWABLE, parameters.PF_ITEM):
            found += [(f"{title} / {one.name}-{int(one.ID)}", one) for one in image.channels]
        if pf in (parameters.PF_VECTORS, parameters.PF_ITEM):
            found += [(f"{title} / {one.name}-{int(one.ID)}", one) for one in image.vectors]
    return found


def _within(layers: Any) -> list[Any]:
    """Layers and, behind each group, what lies in it."""
    found = []
    for layer in layers:
        found.append(layer)
        if isinstance(layer, items.GroupLayer):
            found += _within(layer.children)
    return found


def field(param: Any, default: Any) -> Any:
    """The field of a parameter (type, name, label, default, extra): it has a ``widget`` and gives its ``value()``.

    Raises:
        NotAValue: by ``value()``, where a number was mistyped.
    """
    pf, label, extra = param[0], param[2], param[4] if len(param) > 4 else None
    if pf in (parameters.PF_INT8, parameters.PF_INT16, parameters.PF_INT32):
        return _Number(default, int)
    if pf == parameters.PF_FLOAT:
        return _Number(default, float)
    if pf in (parameters.PF_FILE, parameters.PF_FILENAME, parameters.PF_DIRNAME):
        return _Path(default, pf == parameters.PF_DIRNAME)
    if pf == parameters.PF_COLOR:
        return _Colour(default)
    if pf == parameters.PF_TOGGLE:
        return _Toggle(default, label)
    if pf in (parameters.PF_SLIDER, parameters.PF_SPINNER):
        return (_Slider if pf == parameters.PF_SLIDER else _Spinner)(default, extra)
    if pf in RESOURCES:
        return _resource(pf, default)
    if pf == parameters.PF_RADIO:
        return _Radio(extra or [], default)
    if pf == parameters.PF_OPTION:
        return _Choice([(str(text), place) for place, text in enumerate(extra or [])], default)
    if pf in parameters.SUBJECTS:
        return _Choice(_subjects(pf), default)
    return _Lines(default) if pf == parameters.PF_TEXT else _Text(default)
