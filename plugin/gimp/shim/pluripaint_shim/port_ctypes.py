"""GIMP 2.10 through libgimp: any procedure, 8-bit pixels, being a plug-in."""

from __future__ import annotations

import ctypes as C
import functools
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from pluripaint_gimp import libgimp210 as g

from . import nearest
from .port import ITEMS, KINDS, NUMBERS, Cancelled, Failed, Installed, Port, Signature

_STRINGS = C.POINTER(C.c_char_p)
_DEFS = C.POINTER(C.POINTER(g.ParamDef))
_texts = [C.POINTER(g.vp)] * 5
g.more(
    {
        "run_procedure2": (C.POINTER(g.Param), g.cp, C.POINTER(g.i32), g.i32, C.POINTER(g.Param)),
        "destroy_params": (None, C.POINTER(g.Param), g.i32),
        "procedural_db_proc_info": (
            g.i32, g.cp, *_texts, C.POINTER(g.i32), C.POINTER(g.i32), C.POINTER(g.i32), _DEFS, _DEFS
        ),
        "procedural_db_proc_exists": (g.i32, g.cp),
        "procedural_db_get_data_size": (g.i32, g.cp),
        "procedural_db_get_data": (g.i32, g.cp, g.vp),
        "procedural_db_set_data": (g.i32, g.cp, g.vp, g.i32),
        "drawable_get_shadow_buffer": (g.vp, g.i32),
        "item_is_selection": (g.i32, g.i32),
        "item_is_vectors": (g.i32, g.i32),
        "drawable_type": (g.i32, g.i32),
        "register_load_handler": (g.i32, g.cp, g.cp, g.cp),
        "register_magic_load_handler": (g.i32, g.cp, g.cp, g.cp, g.cp),
        "register_save_handler": (g.i32, g.cp, g.cp, g.cp),
        "register_file_handler_mime": (g.i32, g.cp, g.cp),
        "quit": (None,),
    }
)  # fmt: skip
_base = g._library("libgimpbase-2.0", "0")
_ARRAY_TYPES = {"ints": C.c_int32, "int16s": C.c_int16, "bytes": C.c_uint8, "floats": C.c_double}
_ENCODINGS = ("R'G'B' u8", "R'G'B'A u8", "Y' u8", "Y'A u8")


def _folder(name: str) -> str:
    return g._declare(_base, f"gimp_{name}", g.cp)().decode()


class CtypesPort(Port):
    series = "2.10"

    def __init__(self) -> None:
        self._pixels_started = False
        self._buffers: dict[tuple[int, bool], Any] = {}
        self._keep: list[Any] = []  # what libgimp still reads after a callback has returned

    # -- procedures
    @functools.lru_cache(maxsize=None)  # noqa: B019 - the port lives as long as the process
    def signature(self, name: str) -> Signature | None:
        if not self._exists(name):
            return None
        texts = [g.vp() for _ in range(5)]
        counts = [g.i32() for _ in range(3)]
        takes, gives = C.POINTER(g.ParamDef)(), C.POINTER(g.ParamDef)()
        there = g.procedural_db_proc_info(
            name.encode(), *map(C.byref, texts), *map(C.byref, counts), C.byref(takes), C.byref(gives)
        )
        if not there:
            return None
        said = tuple(g.text(text.value) for text in texts)
        return Signature(name, _defs(takes, counts[1].value), _defs(gives, counts[2].value), said)

    def _exists(self, name: str) -> bool:
        """Asked first: GIMP prints an error for the signature of what is not there."""
        return bool(g.procedural_db_proc_exists(name.encode()))

    def names(self) -> list[str]:
        return self.call("gimp-procedural-db-query", [".*"] * 7)[1]

    def call(self, name: str, values: Sequence[Any], run_mode: int = 1) -> list[Any]:
        found = self.signature(name)
        if found is None:
            raise NameError(nearest.sentence(name, self.names(), "GIMP 2.10"))
        values = [run_mode, *values] if found.has_run_mode else list(values)
        keep: list[Any] = []
        params = (g.Param * max(1, len(values)))()
        for param, (_, kind), value in zip(params, found.arguments, values):
            _fill(param, kind, value, keep)
        _fit_counts(params, found.arguments, values)
        count = g.i32()
        self._let_go()
        returned = g.run_procedure2(name.encode(), C.byref(count), len(values), params)
        if not returned:
            raise Failed(f"{name}: GIMP gave no answer")
        try:
            status = returned[0].data.d_status
            if status != g.SUCCESS:
                raise Failed((g.get_pdb_error() or b"").decode() or f"{name} failed")
            return _plain(returned, 1, count.value)
        finally:
            g.destroy_params(returned, count.value)

    # -- pixels
    def read(self, drawable: int, shadow: bool, box: tuple) -> bytes:
        buffer, form = self._open(drawable, shadow)
        out = bytearray(box[2] * box[3] * g.babl_bpp(form))
        if out:
            target = (C.c_char * len(out)).from_buffer(out)
            g.buffer_get(buffer, C.byref(g.Rect(*box)), 1.0, form, target, 0, 0)
        return bytes(out)

    def write(self, drawable: int, shadow: bool, box: tuple, data: bytes) -> None:
        buffer, form = self._open(drawable, shadow)
        if len(data) != box[2] * box[3] * g.babl_bpp(form):
            raise ValueError("the pixels do not have the size of their region")
        g.buffer_set(buffer, C.byref(g.Rect(*box)), 0, form, C.c_char_p(data), 0)

    def flush(self, drawable: int) -> None:
        for (number, shadow), (buffer, _) in list(self._buffers.items()):
            if number == drawable:
                g.buffer_flush(buffer)
                g.g_object_unref(buffer)
                del self._buffers[number, shadow]

    def _let_go(self) -> None:
        """Before a procedure runs it must see what was written, and after it we must see what it wrote."""
        for drawable in {number for number, _ in self._buffers}:
            self.flush(drawable)

    def _open(self, drawable: int, shadow: bool) -> Any:
        if not self._pixels_started:
            g.gegl_init(None, None)
            self._pixels_started = True
        if (drawable, shadow) not in self._buffers:
            opened = (g.drawable_get_shadow_buffer if shadow else g.drawable_get_buffer)(drawable)
            if not opened:
                raise Failed("the pixels of the drawable cannot be read")
            native = g.drawable_get_format(drawable)
            kind = g.drawable_type(drawable)
            if kind >= len(_ENCODINGS):
                form = native  # indexed
            elif g.item_is_layer(drawable):
                form = g.babl_format_with_space(_ENCODINGS[kind].encode(), g.babl_format_space(native))
            else:
                form = g.babl_format(b"Y u8")  # a mask's or channel's values are linear
            self._buffers[drawable, shadow] = (opened, form)
        return self._buffers[drawable, shadow]

    # -- the rest
    def kind(self, item: int) -> str:
        if item <= 0 or not g.item_is_valid(item):
            return ""
        if g.item_is_layer(item):
            return "group" if g.item_is_group(item) else "layer"
        if g.item_is_layer_mask(item):
            return "mask"
        if g.item_is_selection(item):
            return "selection"
        return "vectors" if g.item_is_vectors(item) else "channel"

    def directories(self) -> dict[str, str]:
        names = ("directory", "data_directory", "locale_directory", "sysconf_directory", "plug_in_directory")
        return {name: _folder(name) for name in names}

    def version(self) -> tuple[int, int, int]:
        major, minor, micro = self.call("gimp-version", [])[0].split(".")[:3]
        return int(major), int(minor), int(micro)

    def data(self, key: str) -> bytes | None:
        size = g.procedural_db_get_data_size(key.encode())
        if size <= 0:
            return None
        block = C.create_string_buffer(size)
        return block.raw if g.procedural_db_get_data(key.encode(), block) else None

    def set_data(self, key: str, data: bytes) -> None:
        g.procedural_db_set_data(key.encode(), C.create_string_buffer(data, len(data)), len(data))

    def resource_names(self, kind: str) -> list[str]:
        if kind in ("font", "palette", "gradient", "pattern"):
            plural = {"font": "fonts", "palette": "palettes", "gradient": "gradients", "pattern": "patterns"}
            return self.call(f"gimp-{plural[kind]}-get-list", [""])[1]
        return self.call("gimp-brushes-get-list", [""])[1]

    def prepare_window(self) -> None:
        """libgimp itself brings no GTK 2: nothing to prepare."""

    def adopt_window(self, window: Any) -> None:
        """2.10's way to do it lies in libgimpui, which brings GTK 2: the window stays on its own."""

    # -- being a plug-in
    def main(self, query: Callable[[], list[Installed]], run: Callable[[str, list], list]) -> int:
        def on_query() -> None:
            try:
                for procedure in query():
                    self._install(procedure)
            except Exception:
                traceback.print_exc()

        def on_run(name: bytes, count: int, params: Any, returned: Any, values: Any) -> None:
            # An exception inside a ctypes callback would only be printed: it becomes a status with a sentence.
            results: list[tuple[str, Any]] = []
            try:
                found = self.signature(name.decode())
                kinds = [kind for _, kind in found.results] if found else []
                results = list(zip(kinds, run(name.decode(), _plain(params, 0, count))))
                status = g.SUCCESS
            except Cancelled:
                status = g.CANCEL
            except BaseException as error:
                if not isinstance(error, SystemExit):
                    traceback.print_exc()
                sys.stderr.flush()
                status, results = g.EXECUTION_ERROR, [("string", str(error) or type(error).__name__)]
            self._let_go()
            answer = (g.Param * (1 + len(results)))()
            answer[0].type, answer[0].data.d_status = g.STATUS, status
            for param, (kind, value) in zip(answer[1:], results):
                one = g.Param()
                _fill(one, kind, value, self._keep)
                param.type, param.data = one.type, one.data
            for k, (kind, value) in enumerate(results, 1):
                _fill(answer[k], kind, value, self._keep)
            self._keep.append(answer)
            returned[0] = len(answer)
            values[0] = C.cast(answer, C.POINTER(g.Param))

        info = g.PlugInInfo(None, None, g.QUERY(on_query), g.RUN(on_run))
        argv = (g.cp * (len(sys.argv) + 1))(*[part.encode() for part in sys.argv], None)
        self._keep += [info, argv]
        return int(g.main(C.byref(info), len(sys.argv), argv))

    def _install(self, one: Installed) -> None:
        takes = _table([(kind, name, text) for kind, name, text, _ in one.arguments])
        gives = _table(one.results)
        texts = (one.blurb, one.help, one.author, one.copyright, one.date, one.label, one.image_types)
        g.install_procedure(
            one.name.encode(),
            *[(text or "").encode() if text is not None else None for text in texts],
            one.kind,
            len(one.arguments),
            len(one.results),
            takes,
            gives,
        )
        name = one.name.encode()
        for menu in one.menus:
            if menu.startswith("<"):
                g.plugin_menu_register(name, menu.encode())
        if one.load:
            extensions, prefixes, magics = (part.encode() for part in one.load)
            if magics:
                g.register_magic_load_handler(name, extensions, prefixes, magics)
            else:
                g.register_load_handler(name, extensions, prefixes)
        if one.save:
            g.register_save_handler(name, *[part.encode() for part in one.save])
        if one.mime:
            g.register_file_handler_mime(name, one.mime.encode())


def _table(entries: Sequence[tuple[str, str, str]]) -> Any:
    """Argument definitions; an empty array must be NULL."""
    if not entries:
        return None
    return (g.ParamDef * len(entries))(
        *[g.ParamDef(KINDS[kind], name.encode(), text.encode()) for kind, name, text in entries]
    )


def _defs(pointer: Any, count: int) -> list[tuple[str, str]]:
    return [(pointer[k].name.decode(), NUMBERS[pointer[k].type]) for k in range(count)]


def _fit_counts(params: Any, arguments: Sequence[tuple[str, str]], values: Sequence[Any]) -> None:
    """A count that a script gives too high would make libgimp read beyond the array."""
    for k in range(1, len(values)):
        if arguments[k][1] in (*_ARRAY_TYPES, "strings", "colors") and arguments[k - 1][1] == "int":
            longest = 0 if values[k] is None else len(values[k])
            params[k - 1].data.d_int32 = min(params[k - 1].data.d_int32, longest)


def _fill(param: Any, kind: str, value: Any, keep: list[Any]) -> None:
    """Writes a plain value into a GimpParam; what it points to goes into ``keep``."""
    data = param.data
    param.type = KINDS[kind]
    if kind == "float":
        data.d_float = value
    elif kind == "string":
        if value is None:
            data.d_string = None
        else:
            keep.append(C.create_string_buffer(value.encode()))
            data.d_string = C.cast(keep[-1], g.vp)
    elif kind == "color":
        data.d_color = g.Color(*value)
    elif kind == "parasite":
        name, flags, content = value
        keep.append(C.create_string_buffer(content, len(content)))
        data.d_parasite = g.Parasite(name.encode(), flags, len(content), C.cast(keep[-1], g.vp))
    elif kind in _ARRAY_TYPES:
        keep.append((_ARRAY_TYPES[kind] * max(1, len(value)))(*value))
        data.d_ptr = C.cast(keep[-1], g.vp)
    elif kind == "strings":
        keep.append((g.cp * (len(value) + 1))(*[text.encode() for text in value], None))
        data.d_ptr = C.cast(keep[-1], g.vp)
    elif kind == "colors":
        keep.append((g.Color * max(1, len(value)))(*[g.Color(*one) for one in value]))
        data.d_ptr = C.cast(keep[-1], g.vp)
    else:
        data.d_int32 = value


def _plain(params: Any, first: int, end: int) -> list[Any]:
    """GimpParams as plain values; an array's length is the number before it."""
    values: list[Any] = []
    for k in range(first, end):
        kind, data = NUMBERS[params[k].type], params[k].data
        length = values[-1] if values and isinstance(values[-1], int) else 0
        if kind == "float":
            values.append(data.d_float)
        elif kind == "string":
            text = C.cast(data.d_string, g.cp).value if data.d_string else None
            values.append(None if text is None else text.decode("utf-8", "replace"))
        elif kind == "color":
            values.append((data.d_color.r, data.d_color.g, data.d_color.b, data.d_color.a))
        elif kind == "parasite":
            note = data.d_parasite
            content = C.string_at(note.data, note.size) if note.data else b""
            values.append(((note.name or b"").decode(), note.flags, content))
        elif kind == "bytes":
            values.append(C.string_at(data.d_ptr, length) if data.d_ptr else b"")
        elif kind in _ARRAY_TYPES:
            array = C.cast(data.d_ptr, C.POINTER(_ARRAY_TYPES[kind]))
            values.append(array[:length] if data.d_ptr else [])
        elif kind == "strings":
            texts = C.cast(data.d_ptr, _STRINGS)[:length] if data.d_ptr else []
            values.append([(text or b"").decode("utf-8", "replace") for text in texts])
        elif kind == "colors":
            colors = C.cast(data.d_ptr, C.POINTER(g.Color))[:length] if data.d_ptr else []
            values.append([(one.r, one.g, one.b, one.a) for one in colors])
        elif kind in ITEMS or kind in ("image", "display"):
            values.append(data.d_int32 if data.d_int32 > 0 else -1)
        else:
            values.append(data.d_int32)
    return values
