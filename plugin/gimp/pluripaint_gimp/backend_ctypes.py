"""GIMP 2.10 without Python 2: the backend on libgimp through ctypes."""

from __future__ import annotations

import ctypes as C
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from pluripaint_client.geometry import Region

from . import libgimp210 as g
from .backend import PERSISTENT_UNDOABLE, Backend, GimpFailed, Invocation, NewLayer, Procedure

_RGBA, _GRAYA = 1, 3
_NORMAL, _NORMAL_LEGACY = 28, 0
_TYPES = {"int": g.INT32, "float": g.FLOAT, "string": g.STRING}


def _rect(box: Region) -> Any:
    return C.byref(g.Rect(*box))


class CtypesBackend(Backend):
    def __init__(self) -> None:
        self._pixels_started = False
        self._progress = False
        self._keep: list[Any] = []  # what libgimp still reads after a callback has returned
        self.version = "2.10"

    # -- pixels
    def start_pixels(self) -> None:
        if not self._pixels_started:
            g.gegl_init(None, None)
            self._pixels_started = True

    def encoding(self, item: int) -> str:
        return g.babl_encoding(g.drawable_get_format(item)).decode()

    def format(self, item: int, encoding: str) -> str:
        space = g.babl_format_space(g.drawable_get_format(item))
        return g.babl_get_name(g.babl_format_with_space(encoding.encode(), space)).decode()

    def icc(self, item: int) -> bytes | None:
        space = g.babl_format_space(g.drawable_get_format(item))
        if space == g.babl_space(b"sRGB"):
            return None
        size = g.i32()
        data = g.babl_space_get_icc(space, C.byref(size))
        return C.string_at(data, size.value) if data else None

    def read(self, item: int, box: Region, fmt: str, scale: float = 1.0) -> bytes:
        form = g.babl_format(fmt.encode())
        out = bytearray(box.area * g.babl_bpp(form))
        buffer = g.drawable_get_buffer(item)
        if not buffer:
            raise self._failed("The pixels of the layer cannot be read")
        g.buffer_get(buffer, _rect(box), scale, form, (C.c_char * len(out)).from_buffer(out), 0, 0)
        g.g_object_unref(buffer)
        return bytes(out)

    def convert(self, pixels: bytes, width: int, height: int, fmt: str, to: str) -> bytes:
        source, target = g.babl_format(fmt.encode()), g.babl_format(to.encode())
        out = C.create_string_buffer(width * height * g.babl_bpp(target))
        g.babl_process(g.babl_fish(source, target), C.c_char_p(pixels), out, width * height)
        return out.raw

    # -- images
    def image_valid(self, image: int) -> bool:
        return bool(g.image_is_valid(image))

    def image_size(self, image: int) -> tuple[int, int]:
        return g.image_width(image), g.image_height(image)

    def base_type(self, image: int) -> str:
        return {0: "rgb", 1: "gray", 2: "indexed"}[g.image_base_type(image)]

    def precision(self, image: int) -> int:
        return g.image_get_precision(image)

    def selection_box(self, image: int) -> Region | None:
        values = [g.i32() for _ in range(5)]
        g.selection_bounds(image, *[C.byref(value) for value in values])
        any_selected, x1, y1, x2, y2 = (value.value for value in values)
        return Region(x1, y1, x2 - x1, y2 - y1) if any_selected else None

    def selection(self, image: int) -> int:
        return g.image_get_selection(image)

    def altered(self, image: int, coverage: bytes, box: Region, fmt: str, grow: int, feather: float) -> bytes:
        scratch = self.new_image(self.base_type(image), self.precision(image), None, box.width, box.height)
        whole = Region(0, 0, box.width, box.height)
        try:
            channel = g.channel_new(scratch, b"selection", box.width, box.height, 100.0, C.byref(g.Color()))
            self._write(channel, whole, fmt, coverage)
            g.image_insert_channel(scratch, channel, 0, 0)
            g.image_select_item(scratch, 2, channel)
            if grow:
                (g.selection_grow if grow > 0 else g.selection_shrink)(scratch, abs(grow))
            if feather:
                g.selection_feather(scratch, feather)
            return self.read(self.selection(scratch), whole, fmt)
        finally:
            g.image_delete(scratch)

    def selected_items(self, image: int) -> list[int]:
        active = g.image_get_active_drawable(image)
        return [active] if active > 0 else []

    def select_items(self, image: int, items: Sequence[int]) -> None:
        masks = [item for item in items if self.kind(item) == "mask"]
        layers = [item for item in items if g.item_is_layer(item)]
        layers += [self.layer_of_mask(mask) for mask in masks]
        channels = [item for item in items if self.kind(item) == "channel"]
        if layers:
            g.image_set_active_layer(image, layers[0])
        elif channels:
            g.image_set_active_channel(image, channels[0])
        for mask in masks:
            g.layer_set_edit_mask(self.layer_of_mask(mask), 1)

    def layers(self, image: int) -> list[int]:
        return g.numbers(g.image_get_layers, image)

    def channels(self, image: int) -> list[int]:
        return g.numbers(g.image_get_channels, image)

    def visible_copy(self, image: int, of: int) -> int:
        return self._made(g.layer_new_from_visible(of, image, b"visible"))

    def duplicate(self, image: int) -> int:
        return g.image_duplicate(image)

    def delete_image(self, image: int) -> None:
        g.image_delete(image)

    def remove_channel(self, image: int, channel: int) -> None:
        g.image_remove_channel(image, channel)

    def new_image(self, base: str, precision: int, icc: bytes | None, width: int, height: int) -> int:
        image = g.image_new_with_precision(width, height, int(base == "gray"), precision)
        profile = g.color_profile_new_from_icc_profile(icc, len(icc), None) if icc else None
        if profile:
            g.image_set_color_profile(image, profile)
            g.g_object_unref(profile)
        return image

    def show_image(self, image: int) -> None:
        g.display_new(image)

    def undo_group(self, image: int, start: bool) -> None:
        (g.image_undo_group_start if start else g.image_undo_group_end)(image)

    def displays_flush(self) -> None:
        g.displays_flush()

    # -- items
    def item_valid(self, item: int) -> bool:
        return bool(item > 0 and g.item_is_valid(item))

    def kind(self, item: int) -> str:
        if g.item_is_layer_mask(item):
            return "mask"
        if g.item_is_layer(item):
            if g.layer_is_floating_sel(item):
                return "floating"
            if g.item_is_group(item):
                return "group"
            return "text" if g.item_is_text_layer(item) else "layer"
        return "channel" if g.item_is_channel(item) else "other"

    def item_name(self, item: int) -> str:
        return g.text(g.item_get_name(item))

    def rename(self, item: int, name: str) -> None:
        g.item_set_name(item, name.encode())

    def box(self, item: int) -> Region:
        x, y = g.i32(), g.i32()
        g.drawable_offsets(item, C.byref(x), C.byref(y))
        return Region(x.value, y.value, g.drawable_width(item), g.drawable_height(item))

    def parent(self, item: int) -> int:
        return max(0, g.item_get_parent(item))

    def position(self, image: int, item: int) -> int:
        return g.image_get_item_position(image, item)

    def children(self, item: int) -> list[int]:
        return g.numbers(g.item_get_children, item) if g.item_is_group(item) else []

    def visible(self, item: int) -> bool:
        return bool(g.item_get_visible(item))

    def set_visible(self, item: int, visible: bool) -> None:
        g.item_set_visible(item, int(visible))

    def plain_reasons(self, item: int) -> list[str]:
        mask = g.layer_get_mask(item)
        found = {
            "opacity": g.layer_get_opacity(item) < 100,
            "mode": g.layer_get_mode(item) not in (_NORMAL, _NORMAL_LEGACY),
            "mask": mask > 0 and bool(g.layer_get_apply_mask(item)),
        }
        return [reason for reason, holds in found.items() if holds]

    def layer_of_mask(self, mask: int) -> int:
        return g.layer_from_mask(mask)

    def new_group(self, image: int, name: str) -> int:
        group = self._made(g.layer_group_new(image))
        g.item_set_name(group, name.encode())
        return group

    def new_layer(self, image: int, layer: NewLayer) -> int:
        kind = _GRAYA if self.base_type(image) == "gray" else _RGBA
        box = layer.box
        made = self._made(
            g.layer_new(image, layer.name.encode(), box.width, box.height, kind, 100.0, _NORMAL)
        )
        g.item_set_visible(made, int(layer.visible))
        g.layer_set_offsets(made, box.left, box.top)
        self._write(made, Region(0, 0, box.width, box.height), layer.format, layer.pixels)
        return made

    def _write(self, item: int, box: Region, fmt: str, pixels: bytes) -> None:
        form = g.babl_format(fmt.encode())
        if len(pixels) != box.area * g.babl_bpp(form):
            raise GimpFailed("The pixels do not have the size of their layer")
        buffer = g.drawable_get_buffer(item)
        g.buffer_set(buffer, _rect(box), 0, form, C.c_char_p(pixels), 0)
        g.buffer_flush(buffer)
        g.g_object_unref(buffer)
        g.drawable_update(item, *box)

    def insert(self, image: int, layer: int, parent: int, position: int) -> None:
        if not g.image_insert_layer(image, layer, parent, position):
            raise self._failed("The layer cannot be inserted")

    def reorder(self, image: int, item: int, parent: int, position: int) -> None:
        if not g.image_reorder_item(image, item, parent, position):
            raise self._failed("The layer cannot be moved")

    def remove(self, image: int, item: int) -> None:
        if not g.image_remove_layer(image, item):
            raise self._failed("The layer cannot be removed")

    def delete_item(self, item: int) -> None:
        g.item_delete(item)

    def tattoo(self, item: int) -> int:
        return g.item_get_tattoo(item)

    def parasite(self, item: int) -> bytes:
        found = g.item_get_parasite(item, self.parasite_name.encode())
        if not found:
            return b""
        data = C.string_at(found.contents.data, found.contents.size)
        g.parasite_free(found)
        return data

    def set_parasite(self, item: int, data: bytes) -> None:
        block = C.create_string_buffer(data, len(data))
        note = g.Parasite(
            self.parasite_name.encode(), PERSISTENT_UNDOABLE, len(data), C.cast(block, C.c_void_p)
        )
        g.item_attach_parasite(item, C.byref(note))

    # -- the person
    def progress(self, text: str, fraction: float) -> None:
        if not self._progress:
            g.progress_init(text.encode())
            self._progress = True
        g.progress_set_text(text.encode())
        g.progress_update(fraction)

    def progress_end(self) -> None:
        if self._progress:
            g.progress_end()
            self._progress = False

    def message(self, text: str) -> None:
        g.message(text.encode())

    def settings_folder(self) -> str:
        return g.directory().decode()

    def prepare_window(self) -> None:
        """libgimp 2.10 brings GTK 2 only in libgimpui, which is not loaded: nothing to prepare."""

    def adopt_window(self, window: Any) -> None:
        """2.10's way to do it lies in libgimpui: the window stays on its own."""

    def _failed(self, what: str) -> GimpFailed:
        return GimpFailed(f"{what}: {(g.get_pdb_error() or b'').decode()}")

    def _made(self, item: int) -> int:
        if item <= 0:
            raise self._failed("GIMP made no layer")
        return item

    # -- being a plug-in
    def main(self, procedures: Sequence[Procedure]) -> int:
        named = {procedure.name: procedure for procedure in procedures}
        result = (g.Param * 2)()

        def query() -> None:
            for procedure in procedures:
                self._install(procedure)

        def run(name: bytes, count: int, params: Any, returned: Any, values: Any) -> None:
            # An exception inside a ctypes callback would only be printed: it becomes a status with a sentence.
            try:
                said = self._run(named[name.decode()], params, count)
                status = g.SUCCESS if said == "" else g.CANCEL if said is None else g.EXECUTION_ERROR
            except Exception as error:
                traceback.print_exc()
                status, said = g.EXECUTION_ERROR, str(error) or type(error).__name__
            result[0].type, result[0].data.d_status = g.STATUS, status
            returned[0] = 1
            if said and status == g.EXECUTION_ERROR:
                block = C.create_string_buffer(said.encode())
                self._keep.append(block)
                result[1].type, result[1].data.d_string = g.STRING, C.cast(block, C.c_void_p)
                returned[0] = 2
            values[0] = C.cast(result, C.POINTER(g.Param))

        info = g.PlugInInfo(None, None, g.QUERY(query), g.RUN(run))
        argv = (g.cp * (len(sys.argv) + 1))(*[part.encode() for part in sys.argv], None)
        self._keep += [info, argv, result]
        return int(g.main(C.byref(info), len(sys.argv), argv))

    def _install(self, procedure: Procedure) -> None:
        head = [(g.INT32, "run-mode", "0 interactive, 1 without questions, 2 with the last settings")]
        if procedure.needs_image:
            head += [(g.IMAGE, "image", "Image"), (g.DRAWABLE, "drawable", "Layer")]
        entries = head + [(_TYPES[one.kind], one.name, one.label) for one in procedure.arguments]
        table = (g.ParamDef * len(entries))(
            *[g.ParamDef(kind, name.encode(), label.encode()) for kind, name, label in entries]
        )
        blurb = procedure.blurb.encode()
        g.install_procedure(
            procedure.name.encode(),
            blurb,
            blurb,
            b"pluripaint",
            b"pluripaint",
            b"2026",
            procedure.label.encode(),
            b"*" if procedure.needs_image else b"",
            1,
            len(entries),
            0,
            table,
            None,  # an empty array must be NULL
        )
        if procedure.menu:
            g.plugin_menu_register(procedure.name.encode(), procedure.menu.encode())

    def _run(self, procedure: Procedure, params: Any, count: int) -> str | None:
        values: list[Any] = []
        for k in range(count):
            kind, data = params[k].type, params[k].data
            if kind == g.FLOAT:
                values.append(data.d_float)
            elif kind == g.STRING:
                values.append((C.cast(data.d_string, g.cp).value or b"").decode() if data.d_string else "")
            else:
                values.append(data.d_int32)
        head = 3 if procedure.needs_image else 1
        image = values[1] if procedure.needs_image else 0
        settings = {one.name: value for one, value in zip(procedure.arguments, values[head:])}
        items = self.selected_items(image) if procedure.needs_image else []
        return procedure.run(self, Invocation(values[0], image, items, settings))
