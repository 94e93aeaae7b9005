"""libgimp 2.10, GEGL and babl through ctypes: their functions with declared types, nothing more.

libgimp-2.0 links no GTK (libgimpui-2.0 links GTK 2 and must never be loaded here), so the plug-in may use GTK 3.
Every function is declared: ctypes' default result is a 32-bit integer, which cuts pointers.
"""

from __future__ import annotations

import ctypes as C
import sys

i32, vp, cp, dbl = C.c_int32, C.c_void_p, C.c_char_p, C.c_double


def _library(base: str, version: str) -> C.CDLL:
    names = {
        "win32": [f"{base}-{version}.dll", f"{base}.dll"],
        "darwin": [f"{base}.{version}.dylib"],
    }.get(sys.platform, [f"{base}.so.{version}"])
    for name in names:
        try:
            return C.CDLL(name)
        except OSError:
            continue
    raise OSError(f"{base} of GIMP 2.10 was not found")


class Color(C.Structure):
    _fields_ = [("r", dbl), ("g", dbl), ("b", dbl), ("a", dbl)]


class Parasite(C.Structure):
    _fields_ = [("name", cp), ("flags", C.c_uint32), ("size", C.c_uint32), ("data", vp)]


class ParamData(C.Union):
    """32 bytes: the largest member is a colour."""

    _fields_ = [
        ("d_int32", i32),
        ("d_float", dbl),
        ("d_string", vp),
        ("d_ptr", vp),
        ("d_color", Color),
        ("d_parasite", Parasite),
        ("d_status", i32),
    ]


class Param(C.Structure):
    _fields_ = [("type", i32), ("data", ParamData)]


class ParamDef(C.Structure):
    _fields_ = [("type", i32), ("name", cp), ("description", cp)]


class Rect(C.Structure):
    _fields_ = [("x", i32), ("y", i32), ("w", i32), ("h", i32)]


INT32, FLOAT, STRING, IMAGE, LAYER, DRAWABLE, STATUS = 0, 3, 4, 13, 14, 16, 21
EXECUTION_ERROR, CALLING_ERROR, PASS_THROUGH, SUCCESS, CANCEL = range(5)

QUERY = C.CFUNCTYPE(None)
RUN = C.CFUNCTYPE(None, cp, i32, C.POINTER(Param), C.POINTER(i32), C.POINTER(C.POINTER(Param)))


class PlugInInfo(C.Structure):
    _fields_ = [("init", vp), ("quit", vp), ("query", QUERY), ("run", RUN)]


_glib = _library("libglib-2.0", "0")
_gobject = _library("libgobject-2.0", "0")
_babl = _library("libbabl-0.1", "0")
_gegl = _library("libgegl-0.4", "0")
_gimp = _library("libgimp-2.0", "0")
_ints = C.POINTER(i32)


def _declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, list(arguments)
    return function


g_free = _declare(_glib, "g_free", None, vp)
g_object_unref = _declare(_gobject, "g_object_unref", None, vp)
gegl_init = _declare(_gegl, "gegl_init", None, vp, vp)
buffer_get = _declare(_gegl, "gegl_buffer_get", None, vp, C.POINTER(Rect), dbl, vp, vp, i32, i32)
buffer_set = _declare(_gegl, "gegl_buffer_set", None, vp, C.POINTER(Rect), i32, vp, vp, i32)
buffer_flush = _declare(_gegl, "gegl_buffer_flush", None, vp)
babl_format = _declare(_babl, "babl_format", vp, cp)
babl_format_with_space = _declare(_babl, "babl_format_with_space", vp, cp, vp)
babl_get_name = _declare(_babl, "babl_get_name", cp, vp)
babl_encoding = _declare(_babl, "babl_format_get_encoding", cp, vp)
babl_format_space = _declare(_babl, "babl_format_get_space", vp, vp)
babl_space = _declare(_babl, "babl_space", vp, cp)
babl_space_get_icc = _declare(_babl, "babl_space_get_icc", vp, vp, _ints)
babl_bpp = _declare(_babl, "babl_format_get_bytes_per_pixel", i32, vp)
babl_fish = _declare(_babl, "babl_fish", vp, vp, vp)
babl_process = _declare(_babl, "babl_process", C.c_long, vp, vp, vp, C.c_long)

main = _declare(_gimp, "gimp_main", i32, C.POINTER(PlugInInfo), i32, C.POINTER(cp))
_FUNCTIONS = {
    "install_procedure": (
        None,
        cp,
        cp,
        cp,
        cp,
        cp,
        cp,
        cp,
        cp,
        i32,
        i32,
        i32,
        C.POINTER(ParamDef),
        C.POINTER(ParamDef),
    ),
    "plugin_menu_register": (i32, cp, cp),
    "get_pdb_error": (cp,),
    "message": (i32, cp),
    "displays_flush": (i32,),
    "display_new": (i32, i32),
    "directory": (cp,),
    "progress_init": (i32, cp),
    "progress_update": (i32, dbl),
    "progress_set_text": (i32, cp),
    "progress_end": (i32,),
    "drawable_get_buffer": (vp, i32),
    "drawable_get_format": (vp, i32),
    "drawable_update": (i32, i32, i32, i32, i32, i32),
    "drawable_width": (i32, i32),
    "drawable_height": (i32, i32),
    "drawable_offsets": (i32, i32, _ints, _ints),
    "image_new_with_precision": (i32, i32, i32, i32, i32),
    "image_get_precision": (i32, i32),
    "image_base_type": (i32, i32),
    "image_width": (i32, i32),
    "image_height": (i32, i32),
    "image_is_valid": (i32, i32),
    "image_duplicate": (i32, i32),
    "image_set_color_profile": (i32, i32, vp),
    "image_get_selection": (i32, i32),
    "image_get_active_layer": (i32, i32),
    "image_set_active_layer": (i32, i32, i32),
    "image_set_active_channel": (i32, i32, i32),
    "image_remove_channel": (i32, i32, i32),
    "image_get_active_drawable": (i32, i32),
    "image_insert_layer": (i32, i32, i32, i32, i32),
    "image_remove_layer": (i32, i32, i32),
    "image_reorder_item": (i32, i32, i32, i32, i32),
    "image_undo_group_start": (i32, i32),
    "image_undo_group_end": (i32, i32),
    "image_get_item_position": (i32, i32, i32),
    "image_get_layers": (vp, i32, _ints),
    "image_get_channels": (vp, i32, _ints),
    "image_delete": (i32, i32),
    "image_insert_channel": (i32, i32, i32, i32, i32),
    "image_select_item": (i32, i32, i32, i32),
    "channel_new": (i32, i32, cp, i32, i32, dbl, C.POINTER(Color)),
    "selection_grow": (i32, i32, i32),
    "selection_shrink": (i32, i32, i32),
    "selection_feather": (i32, i32, dbl),
    "selection_bounds": (i32, i32, _ints, _ints, _ints, _ints, _ints),
    "item_get_parent": (i32, i32),
    "item_get_children": (vp, i32, _ints),
    "item_set_visible": (i32, i32, i32),
    "item_get_visible": (i32, i32),
    "item_is_group": (i32, i32),
    "item_is_text_layer": (i32, i32),
    "item_is_layer": (i32, i32),
    "item_is_layer_mask": (i32, i32),
    "item_is_channel": (i32, i32),
    "item_is_valid": (i32, i32),
    "item_get_name": (vp, i32),
    "item_set_name": (i32, i32, cp),
    "item_get_tattoo": (i32, i32),
    "item_delete": (i32, i32),
    "item_attach_parasite": (i32, i32, C.POINTER(Parasite)),
    "item_get_parasite": (C.POINTER(Parasite), i32, cp),
    "layer_new": (i32, i32, cp, i32, i32, i32, dbl, i32),
    "layer_new_from_visible": (i32, i32, i32, cp),
    "layer_group_new": (i32, i32),
    "layer_set_offsets": (i32, i32, i32, i32),
    "layer_is_floating_sel": (i32, i32),
    "layer_get_opacity": (dbl, i32),
    "layer_get_mode": (i32, i32),
    "layer_get_mask": (i32, i32),
    "layer_get_apply_mask": (i32, i32),
    "layer_from_mask": (i32, i32),
    "layer_set_edit_mask": (i32, i32, i32),
}
_declared = {name: _declare(_gimp, "gimp_" + name, *types) for name, types in _FUNCTIONS.items()}
_declared["color_profile_new_from_icc_profile"] = _declare(
    _library("libgimpcolor-2.0", "0"), "gimp_color_profile_new_from_icc_profile", vp, cp, C.c_size_t, vp
)
parasite_free = _declare(_library("libgimpbase-2.0", "0"), "gimp_parasite_free", None, C.POINTER(Parasite))


def more(functions: dict) -> None:
    """Declares further ``gimp_`` functions: name → (result, arguments …)."""
    for name, types in functions.items():
        library = _gimp if hasattr(_gimp, "gimp_" + name) else _library("libgimpcolor-2.0", "0")
        _declared[name] = _declare(library, "gimp_" + name, *types)


def __getattr__(name: str):
    """``gimp_`` functions by their name without the prefix."""
    try:
        return _declared[name]
    except KeyError:
        raise AttributeError(name) from None


def text(pointer) -> str:
    """Copies and frees a string that libgimp handed over."""
    value = C.cast(pointer, cp).value if pointer else None
    g_free(pointer)
    return value.decode("utf-8", "replace") if value else ""


def numbers(function, argument: int) -> list:
    """The item numbers that a function returns as an array with a count."""
    return numbers_of(function, argument)


def numbers_of(function, *arguments: int) -> list:
    """The same for functions of any arguments."""
    count = i32()
    pointer = function(*arguments, C.byref(count))
    found = list(C.cast(pointer, C.POINTER(i32))[: count.value]) if pointer else []
    g_free(pointer)
    return found
