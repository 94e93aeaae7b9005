"""The window's first state: how many, with what, from where; the context drawn into a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

from pluripaint_client import geometry, job_regions  # noqa: E402
from pluripaint_client.geometry import Region  # noqa: E402
from pluripaint_client.protocol import HIGHEST_SEED  # noqa: E402
from pluripaint_client.runner import Settings  # noqa: E402
from pluripaint_client.texts import _  # noqa: E402

from . import picture  # noqa: E402

_CONTEXT_COLOR, _SELECTION_COLOR = bytes((255, 190, 0)), bytes((255, 255, 255))
CONTEXT_SIDE = 260
"""Of the small picture with the context, in pixels."""


class SettingsPage(Gtk.Box):
    """Widgets for one :class:`Settings`; :meth:`settings` reads them back."""

    def __init__(self, settings: Settings, channels: list[str]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._start = settings
        self._surroundings: tuple[picture.Pixbuf, Region, list[Region], Region] | None = None
        self._grid = Gtk.Grid(row_spacing=6, column_spacing=12)
        self._more = Gtk.Grid(row_spacing=6, column_spacing=12, margin_top=6)
        self._rows = {self._grid: 0, self._more: 0}
        self._number = self._spin(self._grid, _("_Number of variations"), settings.variations, 1, 16, 1)
        chosen = f"{settings.preset}:{settings.method}"
        self._method = self._combo(
            self._grid,
            _("_Method"),
            [("best:auto", _("Best: all methods, more to choose from")), ("fast:auto", _("Fast"))],
            chosen,
        )
        if self._method.get_active_id() != chosen:  # the daemon has not told its methods' titles yet
            self._method.append(chosen, settings.method)
            self._method.set_active_id(chosen)
        self._fixed = Gtk.CheckButton.new_with_mnemonic(_("_Seed"))
        self._fixed.set_active(settings.seed >= 0)
        self._fixed.set_tooltip_text(
            _("Off: another seed each time. On: the same seed gives the same variations.")
        )
        self._seed = Gtk.SpinButton.new_with_range(0, HIGHEST_SEED, 1)
        self._seed.set_value(max(0, settings.seed))
        self._seed.set_activates_default(True)
        self._seed.set_sensitive(settings.seed >= 0)
        self._fixed.connect("toggled", lambda *_: self._seed.set_sensitive(self._fixed.get_active()))
        self._attach(self._grid, self._fixed, self._seed)
        self._build_more(settings, channels)
        expander = Gtk.Expander.new_with_mnemonic(_("More _options"))
        expander.add(self._more)
        self.note = Gtk.Label(xalign=0, wrap=True, max_width_chars=52)
        self.note.get_style_context().add_class("dim-label")
        for child in (self._grid, expander, self.note):
            self.pack_start(child, False, False, 0)

    def _build_more(self, settings: Settings, channels: list[str]) -> None:
        self._variety = self._spin(self._more, _("_Variety"), settings.variety, 0, 2, 0.1)
        self._context = self._spin(self._more, _("Conte_xt (× selection)"), settings.context, 1.5, 4, 0.1)
        self._context.connect("value-changed", lambda *_: self._draw())
        sources = [("layer", _("This layer")), ("visible", _("All visible"))]
        self._source = self._combo(self._more, _("Fill _from"), sources, settings.source)
        names = [("", _("Nothing"))] + [(name, name) for name in channels]
        chosen = settings.exclude if settings.exclude in channels else ""
        self._exclude = self._combo(self._more, _("_Don't copy from"), names, chosen)
        self._grow = self._spin(self._more, _("G_row selection (px)"), settings.grow, -200, 200, 1)
        self._feather = self._spin(self._more, _("F_eather selection (px)"), settings.feather, 0, 200, 1)
        self._grow.connect("value-changed", lambda *_: self._draw())
        self._newest = Gtk.CheckButton.new_with_mnemonic(_("Show the ne_west as it arrives"))
        self._newest.set_active(settings.show_newest)
        self._attach(self._more, self._newest, None)
        self._picture, self._size = Gtk.Image(), Gtk.Label(xalign=0)
        self._more.attach(self._picture, 2, 0, 1, 7)
        self._more.attach(self._size, 2, 7, 1, 1)
        self._draw()

    def surround(self, small: picture.Pixbuf, view: Region, islands: list[Region], canvas: Region) -> None:
        """What the context is drawn into: a small picture of ``view``, the selection's parts, the whole picture."""
        self._surroundings = (small, view, islands, canvas)
        self._draw()

    def offer_methods(self, methods: list[dict[str, Any]]) -> None:
        """Adds the daemon's methods to the choice once they are known."""
        have = {self._method.get_model()[k][1] for k in range(len(self._method.get_model()))}
        for one in methods:
            if not one.get("trained", True):
                continue
            name = str(one.get("name", ""))
            key = f"best:{name}"
            if name and key not in have:
                self._method.append(key, _(str(one.get("title") or name)))
        self._method.set_active_id(f"{self._start.preset}:{self._start.method}")
        if self._method.get_active_id() is None:
            self._method.set_active(0)

    def settings(self) -> Settings:
        """What the widgets say, also what was typed last and not confirmed."""
        for spin in (self._number, self._seed, self._variety, self._context, self._grow, self._feather):
            spin.update()
        preset, method = (self._method.get_active_id() or "best:auto").split(":", 1)
        return replace(
            self._start,
            variations=self._number.get_value_as_int(),
            preset=preset,
            method=method,
            seed=self._seed.get_value_as_int() if self._fixed.get_active() else -1,
            variety=round(self._variety.get_value(), 2),
            context=round(self._context.get_value(), 2),
            source=self._source.get_active_id() or "layer",
            exclude=self._exclude.get_active_id() or "",
            grow=self._grow.get_value_as_int(),
            feather=self._feather.get_value(),
            show_newest=self._newest.get_active(),
        )

    def focus(self) -> None:
        """Puts the keyboard where it is wanted first."""
        self._number.grab_focus()

    # -- widgets
    def _attach(self, grid: Gtk.Grid, first: Gtk.Widget, second: Gtk.Widget | None) -> None:
        row = self._rows[grid]
        self._rows[grid] += 1
        grid.attach(first, 0, row, 1 if second else 2, 1)
        if second:
            grid.attach(second, 1, row, 1, 1)

    def _label(self, text: str, widget: Gtk.Widget) -> Gtk.Label:
        label = Gtk.Label.new_with_mnemonic(text)
        label.set_xalign(0)
        label.set_mnemonic_widget(widget)
        return label

    def _spin(self, grid: Gtk.Grid, text: str, value: float, low: float, high: float, step: float) -> Any:
        spin = Gtk.SpinButton.new_with_range(low, high, step)
        spin.set_value(value)
        spin.set_activates_default(True)
        self._attach(grid, self._label(text, spin), spin)
        return spin

    def _combo(self, grid: Gtk.Grid, text: str, choices: list[tuple[str, str]], chosen: str) -> Any:
        combo = Gtk.ComboBoxText()
        for key, label in choices:
            combo.append(key, label)
        if not combo.set_active_id(chosen):
            combo.set_active(0)
        self._attach(grid, self._label(text, combo), combo)
        return combo

    def _draw(self) -> None:
        if self._surroundings is None:
            return
        small, view, islands, canvas = self._surroundings
        rules = job_regions.RULES._replace(context=self._context.get_value())
        grow = max(0, self._grow.get_value_as_int())
        holes = [found for found in (one.grown(grow).intersection(canvas) for one in islands) if found]
        try:
            regions = job_regions.cluster(holes, canvas, rules)
        except job_regions.TooLarge as error:
            self._size.set_text(str(error))
            return
        frames = [(one, _SELECTION_COLOR) for one in holes] + [(one, _CONTEXT_COLOR) for one in regions]
        scale = small.get_width() / view.width
        self._picture.set_from_pixbuf(
            picture.with_frames(small, [(_scaled(one, view, scale), color) for one, color in frames])
        )
        sizes = [f"{one.width} × {one.height}" for one in regions[:3]] + ["…"] * (len(regions) > 3)
        self._size.set_text(_("Looks at {sizes} pixels").format(sizes=", ".join(sizes)))


def context_view(islands: Sequence[Region], canvas: Region) -> Region:
    """What the widest context of all islands covers.

    Raises:
        job_regions.TooLarge: an island that no region may hold.
    """
    regions = job_regions.cluster(islands, canvas, job_regions.RULES._replace(context=4.0))
    view = regions[0]
    for one in regions[1:]:
        view = view.union(one)
    return view


def _scaled(frame: Region, view: Region, scale: float) -> Region:
    edges = (
        frame.left - view.left, frame.top - view.top, frame.right - view.left, frame.bottom - view.top
    )  # fmt: skip
    return geometry.rounded(*[edge * scale for edge in edges])
