"""GIMP 3.0 and later: the backend on libgimp's own Python bindings."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Babl, Gegl, Gimp, GLib, GObject  # noqa: E402

from pluripaint_client.geometry import Region  # noqa: E402

from .backend import PERSISTENT_UNDOABLE, Backend, GimpFailed, Invocation, NewLayer, Procedure  # noqa: E402


def _item(number: int) -> Any:
    return Gimp.Item.get_by_id(number) if number > 0 else None


def _image(number: int) -> Any:
    return Gimp.Image.get_by_id(number)


def _rect(box: Region) -> Any:
    return Gegl.Rectangle.new(*box)


class GiBackend(Backend):
    def __init__(self) -> None:
        self._pixels_started = False
        self._progress = False
        self.version = f"{Gimp.MAJOR_VERSION}.{Gimp.MINOR_VERSION}"

    # -- pixels
    def start_pixels(self) -> None:
        if not self._pixels_started:
            Gegl.init(None)
            self._pixels_started = True

    def encoding(self, item: int) -> str:
        return Babl.format_get_encoding(_item(item).get_format())

    def format(self, item: int, encoding: str) -> str:
        return Babl.get_name(Babl.format_with_space(encoding, _item(item).get_format()))

    def icc(self, item: int) -> bytes | None:
        space = Babl.format_get_space(_item(item).get_format())
        if Babl.get_name(space) == "sRGB":
            return None
        return bytes(Babl.space_get_icc(space)) or None

    def read(self, item: int, box: Region, fmt: str, scale: float = 1.0) -> bytes:
        buffer = _item(item).get_buffer()
        return bytes(buffer.get(_rect(box), scale, fmt, Gegl.AbyssPolicy.NONE))

    def convert(self, pixels: bytes, width: int, height: int, fmt: str, to: str) -> bytes:
        whole = _rect(Region(0, 0, width, height))
        buffer = Gegl.Buffer.new(fmt, 0, 0, width, height)
        buffer.set(whole, fmt, pixels)
        return bytes(buffer.get(whole, 1.0, to, Gegl.AbyssPolicy.NONE))

    # -- images
    def image_valid(self, image: int) -> bool:
        return bool(Gimp.Image.id_is_valid(image))

    def image_size(self, image: int) -> tuple[int, int]:
        return _image(image).get_width(), _image(image).get_height()

    def base_type(self, image: int) -> str:
        kind = _image(image).get_base_type()
        return {Gimp.ImageBaseType.RGB: "rgb", Gimp.ImageBaseType.GRAY: "gray"}.get(kind, "indexed")

    def precision(self, image: int) -> int:
        return int(_image(image).get_precision())

    def selection_box(self, image: int) -> Region | None:
        _, any_selected, x1, y1, x2, y2 = Gimp.Selection.bounds(_image(image))
        return Region(x1, y1, x2 - x1, y2 - y1) if any_selected else None

    def selection(self, image: int) -> int:
        return _image(image).get_selection().get_id()

    def altered(self, image: int, coverage: bytes, box: Region, fmt: str, grow: int, feather: float) -> bytes:
        scratch = _image(
            self.new_image(self.base_type(image), self.precision(image), None, box.width, box.height)
        )
        whole = Region(0, 0, box.width, box.height)
        try:
            channel = Gimp.Channel.new(
                scratch, "selection", box.width, box.height, 100.0, Gegl.Color.new("black")
            )
            self._write(channel, whole, fmt, coverage)
            scratch.insert_channel(channel, None, 0)
            scratch.select_item(Gimp.ChannelOps.REPLACE, channel)
            if grow > 0:
                Gimp.Selection.grow(scratch, grow)
            elif grow < 0:
                Gimp.Selection.shrink(scratch, -grow)
            if feather:
                Gimp.Selection.feather(scratch, feather)
            return self.read(scratch.get_selection().get_id(), whole, fmt)
        finally:
            scratch.delete()

    def selected_items(self, image: int) -> list[int]:
        return [item.get_id() for item in _image(image).get_selected_drawables()]

    def select_items(self, image: int, items: Sequence[int]) -> None:
        masks = [item for item in items if self.kind(item) == "mask"]
        layers = [_item(item) for item in items if Gimp.Item.id_is_layer(item)]
        layers += [_item(self.layer_of_mask(mask)) for mask in masks]
        channels = [_item(item) for item in items if self.kind(item) == "channel"]
        if layers:
            _image(image).set_selected_layers(layers)
        elif channels:
            _image(image).set_selected_channels(channels)
        for mask in masks:
            _item(self.layer_of_mask(mask)).set_edit_mask(True)

    def layers(self, image: int) -> list[int]:
        return [layer.get_id() for layer in _image(image).get_layers()]

    def channels(self, image: int) -> list[int]:
        return [channel.get_id() for channel in _image(image).get_channels()]

    def visible_copy(self, image: int, of: int) -> int:
        return Gimp.Layer.new_from_visible(_image(of), _image(image), "visible").get_id()

    def duplicate(self, image: int) -> int:
        return _image(image).duplicate().get_id()

    def delete_image(self, image: int) -> None:
        _image(image).delete()

    def remove_channel(self, image: int, channel: int) -> None:
        _image(image).remove_channel(_item(channel))

    def new_image(self, base: str, precision: int, icc: bytes | None, width: int, height: int) -> int:
        kind = Gimp.ImageBaseType.GRAY if base == "gray" else Gimp.ImageBaseType.RGB
        new = Gimp.Image.new_with_precision(width, height, kind, Gimp.Precision(precision))
        if icc:
            new.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(icc))
        return new.get_id()

    def show_image(self, image: int) -> None:
        Gimp.Display.new(_image(image))

    def undo_group(self, image: int, start: bool) -> None:
        (_image(image).undo_group_start if start else _image(image).undo_group_end)()

    def displays_flush(self) -> None:
        Gimp.displays_flush()

    # -- items
    def item_valid(self, item: int) -> bool:
        return bool(item > 0 and Gimp.Item.id_is_valid(item))

    def kind(self, item: int) -> str:
        thing = _item(item)
        if thing.is_layer_mask():
            return "mask"
        if thing.is_layer():
            if Gimp.Layer.is_floating_sel(thing):
                return "floating"
            if thing.is_group():
                return "group"
            if thing.is_text_layer():
                return "text"
            return "layer" if type(thing) is Gimp.Layer else "other-layer"
        return "channel" if thing.is_channel() else "other"

    def item_name(self, item: int) -> str:
        return _item(item).get_name()

    def rename(self, item: int, name: str) -> None:
        _item(item).set_name(name)

    def box(self, item: int) -> Region:
        thing = _item(item)
        _, x, y = thing.get_offsets()
        return Region(x, y, thing.get_width(), thing.get_height())

    def parent(self, item: int) -> int:
        parent = _item(item).get_parent()
        return parent.get_id() if parent else 0

    def position(self, image: int, item: int) -> int:
        return _image(image).get_item_position(_item(item))

    def children(self, item: int) -> list[int]:
        thing = _item(item)
        return [child.get_id() for child in thing.get_children()] if thing.is_group() else []

    def visible(self, item: int) -> bool:
        return _item(item).get_visible()

    def set_visible(self, item: int, visible: bool) -> None:
        _item(item).set_visible(visible)

    def plain_reasons(self, item: int) -> list[str]:
        layer = _item(item)
        found = {
            "opacity": layer.get_opacity() < 100,
            "mode": layer.get_mode() not in (Gimp.LayerMode.NORMAL, Gimp.LayerMode.NORMAL_LEGACY),
            "mask": layer.get_mask() is not None and layer.get_apply_mask(),
            "filters": any(one.get_visible() for one in layer.get_filters()),
        }
        return [reason for reason, holds in found.items() if holds]

    def layer_of_mask(self, mask: int) -> int:
        return Gimp.Layer.from_mask(_item(mask)).get_id()

    def new_group(self, image: int, name: str) -> int:
        return Gimp.GroupLayer.new(_image(image), name).get_id()

    def new_layer(self, image: int, layer: NewLayer) -> int:
        gray = self.base_type(image) == "gray"
        kind = Gimp.ImageType.GRAYA_IMAGE if gray else Gimp.ImageType.RGBA_IMAGE
        box = layer.box
        made = Gimp.Layer.new(
            _image(image), layer.name, box.width, box.height, kind, 100.0, Gimp.LayerMode.NORMAL
        )
        made.set_visible(layer.visible)
        made.set_offsets(box.left, box.top)
        self._write(made, Region(0, 0, box.width, box.height), layer.format, layer.pixels)
        return made.get_id()

    def _write(self, drawable: Any, box: Region, fmt: str, pixels: bytes) -> None:
        buffer = drawable.get_buffer()
        buffer.set(_rect(box), fmt, pixels)
        buffer.flush()
        drawable.update(*box)

    def insert(self, image: int, layer: int, parent: int, position: int) -> None:
        if not _image(image).insert_layer(_item(layer), _item(parent), position):
            raise self._failed("The layer cannot be inserted")

    def reorder(self, image: int, item: int, parent: int, position: int) -> None:
        if not _image(image).reorder_item(_item(item), _item(parent), position):
            raise self._failed("The layer cannot be moved")

    def remove(self, image: int, item: int) -> None:
        if not _image(image).remove_layer(_item(item)):
            raise self._failed("The layer cannot be removed")

    def delete_item(self, item: int) -> None:
        _item(item).delete()

    def tattoo(self, item: int) -> int:
        return int(_item(item).get_tattoo())

    def parasite(self, item: int) -> bytes:
        found = _item(item).get_parasite(self.parasite_name)
        return bytes(found.get_data()) if found else b""

    def set_parasite(self, item: int, data: bytes) -> None:
        _item(item).attach_parasite(Gimp.Parasite.new(self.parasite_name, PERSISTENT_UNDOABLE, data))

    # -- the person
    def progress(self, text: str, fraction: float) -> None:
        if not self._progress:
            Gimp.progress_init(text)
            self._progress = True
        Gimp.progress_set_text(text)
        Gimp.progress_update(fraction)

    def progress_end(self) -> None:
        if self._progress:
            Gimp.progress_end()
            self._progress = False

    def message(self, text: str) -> None:
        Gimp.message(text)

    def settings_folder(self) -> str:
        return Gimp.directory()

    def prepare_window(self) -> None:
        gi.require_version("GimpUi", "3.0")
        from gi.repository import GimpUi

        GimpUi.init("pluripaint")

    def adopt_window(self, window: Any) -> None:
        from gi.repository import GimpUi

        GimpUi.window_set_transient(window)

    def _failed(self, what: str) -> GimpFailed:
        return GimpFailed(f"{what}: {Gimp.get_pdb().get_last_error()}")

    # -- being a plug-in
    def main(self, procedures: Sequence[Procedure]) -> int:
        backend, named = self, {procedure.name: procedure for procedure in procedures}

        class PlugIn(Gimp.PlugIn):
            def do_set_i18n(self, _name: str) -> bool:
                return False  # our own gettext catalogue lies beside the plug-in

            def do_query_procedures(self) -> list[str]:
                return list(named)

            def do_create_procedure(self, name: str) -> Any:
                return backend._create(self, named[name])

        Gimp.main(PlugIn.__gtype__, sys.argv)
        return 0

    def _create(self, plug_in: Any, procedure: Procedure) -> Any:
        def answer(made: Any, invocation: Invocation) -> Any:
            try:
                said = procedure.run(self, invocation)
            except Exception as error:
                traceback.print_exc()
                said = str(error) or type(error).__name__
            if said == "":
                return made.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
            if said is None:
                return made.new_return_values(Gimp.PDBStatusType.CANCEL, None)
            return made.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(said))

        def values(config: Any) -> dict:
            return {one.name: config.get_property(one.name) for one in procedure.arguments}

        def run_on_image(made: Any, mode: Any, image: Any, items: Any, config: Any, _data: Any) -> Any:
            chosen = [item.get_id() for item in items]
            return answer(made, Invocation(int(mode), image.get_id(), chosen, values(config)))

        def run_alone(made: Any, config: Any, _data: Any) -> Any:
            return answer(made, Invocation(int(config.get_property("run-mode")), 0, [], values(config)))

        if procedure.needs_image:
            made = Gimp.ImageProcedure.new(
                plug_in, procedure.name, Gimp.PDBProcType.PLUGIN, run_on_image, None
            )
            made.set_image_types("*")
            made.set_sensitivity_mask(
                Gimp.ProcedureSensitivityMask.DRAWABLE
                | Gimp.ProcedureSensitivityMask.DRAWABLES
                | Gimp.ProcedureSensitivityMask.NO_DRAWABLES
            )
        else:
            made = Gimp.Procedure.new(plug_in, procedure.name, Gimp.PDBProcType.PLUGIN, run_alone, None)
            made.add_enum_argument(
                "run-mode",
                "Run mode",
                "Run mode",
                Gimp.RunMode.__gtype__,
                Gimp.RunMode.NONINTERACTIVE,
                GObject.ParamFlags.READWRITE,
            )
        if procedure.menu:
            made.set_menu_label(procedure.label)
            made.add_menu_path(procedure.menu)
        made.set_documentation(procedure.blurb, procedure.blurb, None)
        made.set_attribution("pluripaint", "pluripaint", "2026")
        flags = GObject.ParamFlags.READWRITE
        for one in procedure.arguments:
            if one.kind == "string":
                made.add_string_argument(one.name, one.label, one.label, one.default, flags)
            elif one.kind == "int":
                made.add_int_argument(
                    one.name, one.label, one.label, int(one.low), int(one.high), one.default, flags
                )
            else:
                made.add_double_argument(
                    one.name, one.label, one.label, one.low, one.high, one.default, flags
                )
        return made
