"""GIMP 3: the procedures of 2.10 on its library, 8-bit pixels, being a plug-in."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Babl, Gegl, Gimp, GLib, GObject  # noqa: E402

from . import carry, filters, modern, nearest, recipes  # noqa: E402
from .enums import table  # noqa: E402
from .port import Cancelled, Failed, Installed, Port, Signature  # noqa: E402

_ENCODINGS = {0: "R'G'B' u8", 1: "R'G'B'A u8", 2: "Y' u8", 3: "Y'A u8"}


class GiPort(Port):
    def __init__(self) -> None:
        self.series = f"{Gimp.MAJOR_VERSION}.{Gimp.MINOR_VERSION}"
        self._buffers: dict[tuple[int, bool], Any] = {}

    # -- procedures
    @functools.cached_property
    def _old(self) -> dict[str, list[str]]:
        return {row[0]: [*row[1:], "", ""] for row in table("procedures_210.tsv")}

    @functools.lru_cache(maxsize=None)  # noqa: B019 - the port lives as long as the process
    def signature(self, name: str) -> Signature | None:
        if name not in modern.KNOWN and name not in filters.KNOWN and not self._recipe(name):
            return None
        takes, gives = self._form(name)
        return Signature(name, recipes.entries(takes), recipes.entries(gives))

    def _form(self, name: str) -> tuple[str, str]:
        """Arguments and results as 2.10 has, or would have, them."""
        if name in self._old:
            takes, gives = self._old[name][:2]
            return takes, gives
        return carry.old_form(Gimp.get_pdb().lookup_procedure(name))

    @functools.lru_cache(maxsize=None)  # noqa: B019
    def _recipe(self, name: str) -> recipes.Recipe | None:
        lookup = Gimp.get_pdb().lookup_procedure
        if name not in self._old and lookup(name) is None:
            return None
        return recipes.find(name, *self._form(name), lookup)

    def names(self) -> list[str]:
        old = [name for name in self._old if self.signature(name)]
        return sorted({*old, *Gimp.get_pdb().query_procedures(*[""] * 8)})

    def call(self, name: str, values: Sequence[Any], run_mode: int = 1) -> list[Any]:
        self._let_go()
        self.start_pixels()
        if name in modern.KNOWN:
            return _as_list(modern.KNOWN[name](self, *values))
        if name in filters.KNOWN:
            filters.run(self, name, values)
            return []
        recipe = self._recipe(name)
        if recipe is None:
            raise NameError(nearest.sentence(name, self.names(), f"GIMP {self.series}"))
        if recipe.writes_file:
            return modern.files.through(
                recipe, values, functools.partial(self._by_recipe, name, recipe, run_mode)
            )
        return self._by_recipe(name, recipe, run_mode, values)

    def by_recipe(self, name: str, *values: Any) -> list[Any]:
        """A procedure of 2.10 by its recipe alone, for those whose values need a touch first."""
        recipe = self._recipe(name)
        assert recipe is not None, name
        return self._by_recipe(name, recipe, 1, values)

    def _by_recipe(
        self, name: str, recipe: recipes.Recipe, run_mode: int, values: Sequence[Any]
    ) -> list[Any]:
        config = recipe.procedure.create_config()
        specs = {spec.name: spec for spec in recipe.procedure.get_arguments()}
        if "run-mode" in specs:
            config.set_property("run-mode", Gimp.RunMode(run_mode))
        for key, value in recipe.arguments(values).items():
            carry.put(config, specs[key], value)
        return recipe.results(self._finish(name, recipe.procedure, config))

    def _finish(self, name: str, found: Any, config: Any) -> list[Any]:
        results = found.run(config)
        if results.index(0) != Gimp.PDBStatusType.SUCCESS:
            raise Failed(carry.last_error(f"{name} failed"))
        return [carry.got(results, k, spec) for k, spec in enumerate(found.get_return_values(), 1)]

    def new(self, name: str, **arguments: Any) -> list[Any]:
        """A procedure of GIMP 3 by its own name (``_`` for ``-``) with plain values by argument name."""
        found = Gimp.get_pdb().lookup_procedure(name.replace("_", "-"))
        config = found.create_config()
        specs = {spec.name: spec for spec in found.get_arguments()}
        if "run-mode" in specs:
            config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        for key, value in arguments.items():
            carry.put(config, specs[key.replace("_", "-")], value)
        return self._finish(name, found, config)

    # -- pixels
    def start_pixels(self) -> None:
        """Starts GEGL."""
        carry.start_gegl()

    def read(self, drawable: int, shadow: bool, box: tuple) -> bytes:
        if not box[2] * box[3]:
            return b""
        buffer, form = self._open(drawable, shadow)
        return bytes(buffer.get(Gegl.Rectangle.new(*box), 1.0, form, Gegl.AbyssPolicy.NONE))

    def write(self, drawable: int, shadow: bool, box: tuple, data: bytes) -> None:
        buffer, form = self._open(drawable, shadow)
        buffer.set(Gegl.Rectangle.new(*box), form, data)

    def flush(self, drawable: int) -> None:
        for (number, shadow), (buffer, _) in list(self._buffers.items()):
            if number == drawable:
                buffer.flush()
                del self._buffers[number, shadow]

    def _let_go(self) -> None:
        """Before a procedure runs it must see what was written, and after it we must see what it wrote."""
        for drawable in {number for number, _ in self._buffers}:
            self.flush(drawable)

    def _open(self, drawable: int, shadow: bool) -> Any:
        self.start_pixels()
        if (drawable, shadow) not in self._buffers:
            thing = carry.thing("", drawable)
            buffer = thing.get_shadow_buffer() if shadow else thing.get_buffer()
            native, kind = thing.get_format(), int(thing.type())
            if kind not in _ENCODINGS:
                form = Babl.get_name(native)  # indexed
            elif thing.is_layer():
                form = Babl.get_name(Babl.format_with_space(_ENCODINGS[kind], native))
            else:
                form = "Y u8"  # a mask's or channel's values are linear
            self._buffers[drawable, shadow] = (buffer, form)
        return self._buffers[drawable, shadow]

    # -- the rest
    def kind(self, item: int) -> str:
        if item <= 0 or not Gimp.Item.id_is_valid(item):
            return ""
        thing = Gimp.Item.get_by_id(item)
        if thing.is_layer():
            return "group" if thing.is_group() else "layer"
        if thing.is_layer_mask():
            return "mask"
        if thing.is_selection():
            return "selection"
        return "vectors" if thing.is_path() else "channel"

    def directories(self) -> dict[str, str]:
        names = ("directory", "data_directory", "locale_directory", "sysconf_directory", "plug_in_directory")
        found = {}  # 3.0 does not tell where its own plug-ins lie
        for name in names:
            place = getattr(Gimp, name, Gimp.directory)()
            found[name] = place if isinstance(place, str) else place.get_path()
        return found

    def version(self) -> tuple[int, int, int]:
        return Gimp.MAJOR_VERSION, Gimp.MINOR_VERSION, Gimp.MICRO_VERSION

    def data(self, key: str) -> bytes | None:
        # 3.0 has no store for plug-ins' data in its procedures; a parasite that is not kept on disk serves the same.
        found = Gimp.get_parasite(key)
        return carry.parasite_data(found) if found else None

    def set_data(self, key: str, data: bytes) -> None:
        Gimp.attach_parasite(carry.parasite(key, 0, data))

    def resource_names(self, kind: str) -> list[str]:
        plural = {"brush": "brushes", "font": "fonts", "pattern": "patterns"}.get(kind, kind + "s")
        return self.new(f"gimp-{plural}-get-list", filter="")[0]

    def prepare_window(self) -> None:
        gi.require_version("GimpUi", "3.0")
        from gi.repository import GimpUi

        GimpUi.init("gimpfu")

    def adopt_window(self, window: Any) -> None:
        from gi.repository import GimpUi

        GimpUi.window_set_transient(window)

    # -- being a plug-in
    def main(self, query: Callable[[], list[Installed]], run: Callable[[str, list], list]) -> int:
        from . import install

        port = self

        class PlugIn(Gimp.PlugIn):
            def do_set_i18n(self, _name: str) -> bool:
                return False

            def do_query_procedures(self) -> list[str]:
                return [one.name for one in query()]

            def do_create_procedure(self, name: str) -> Any:
                one = next(one for one in query() if one.name == name)
                return install.procedure(self, one, functools.partial(port.answer, run, one))

        Gimp.main(PlugIn.__gtype__, sys.argv)
        return 0

    def answer(self, run: Callable[[str, list], list], one: Installed, made: Any, plain: list) -> Any:
        """Runs one of ours and turns what came of it into GIMP's return values."""
        try:
            values = run(one.name, plain)
        except Cancelled:
            return made.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        except BaseException as error:
            if not isinstance(error, SystemExit):
                traceback.print_exc()
            said = str(error) or type(error).__name__
            self._let_go()
            return made.new_return_values(
                Gimp.PDBStatusType.EXECUTION_ERROR,
                GLib.Error.new_literal(GLib.quark_from_string("gimpfu"), said, 0),
            )
        self._let_go()
        returned = made.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
        for k, (spec, value) in enumerate(zip(made.get_return_values(), values), 1):
            box = GObject.Value()
            box.init(spec.value_type)
            box.set_value(carry._made(spec, value))
            returned.remove(k)
            returned.insert(k, box)
        return returned


def _as_list(answer: Any) -> list[Any]:
    if answer is None:
        return []
    return list(answer) if isinstance(answer, (tuple, list)) else [answer]
