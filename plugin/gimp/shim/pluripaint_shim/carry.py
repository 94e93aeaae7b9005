"""Values between plain Python and the types of GIMP 3's procedures."""

from __future__ import annotations

import ctypes as C
import functools
import sys
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio, GLib, GObject  # noqa: E402

from . import enums  # noqa: E402
from .port import Failed  # noqa: E402

RESOURCES = {
    "GimpBrush": Gimp.Brush,
    "GimpFont": Gimp.Font,
    "GimpGradient": Gimp.Gradient,
    "GimpPalette": Gimp.Palette,
    "GimpPattern": Gimp.Pattern,
}
IMAGE_ALONE = "It works on the image alone: the drawables, which GIMP 3 hands to it too, are not used."
"""Ends the help of a script's procedure that takes no drawable. GIMP keeps nothing else of it between two starts."""

_KINDS = {
    "gint": "int",
    "guint": "int",
    "gboolean": "int",
    "gdouble": "float",
    "gchararray": "string",
    "GFile": "string",
    "GimpImage": "image",
    "GimpDisplay": "display",
    "GimpLayer": "layer",
    "GimpTextLayer": "layer",
    "GimpGroupLayer": "layer",
    "GimpDrawable": "drawable",
    "GimpItem": "item",
    "GimpChannel": "channel",
    "GimpLayerMask": "channel",
    "GimpSelection": "selection",
    "GimpPath": "vectors",
    "GeglColor": "color",
    "GimpColorArray": "colors",
    "GimpCoreObjectArray": "drawable",
    "GimpParasite": "parasite",
    "GStrv": "strings",
    "GBytes": "bytes",
    "GimpDoubleArray": "floats",
    "GimpInt32Array": "ints",
}


def kind(spec: Any) -> str:
    """What 2.10 would have called the type of an argument of GIMP 3."""
    name = spec.value_type.name
    if name in _KINDS:
        return _KINDS[name]
    return "string" if name in RESOURCES or spec.value_type.is_a(Gimp.Resource.__gtype__) else "int"


@functools.lru_cache(maxsize=None)
def start_gegl() -> None:
    """Starts GEGL, which takes 0.2 s: before the first colour or pixel."""
    Gegl.init(None)


def old_form(procedure: Any) -> tuple[str, str]:
    """Arguments and results of a procedure that 2.10 did not have, as 2.10 would have had them."""
    left_out = {"options"} | ({"drawables"} if (procedure.get_help() or "").endswith(IMAGE_ALONE) else set())
    takes = [(spec.name, kind(spec)) for spec in procedure.get_arguments() if spec.name not in left_out]
    names = [name for name, _ in takes]
    if "file" in names and "run-mode" in names:
        # GIMP 3 does not say whether a procedure opens or writes files; those that write take an image before the file.
        place = names.index("file")
        files = [("filename", "string"), ("raw-filename", "string")]
        if names[:place] == ["run-mode", "image"]:
            files.insert(0, ("drawable", "drawable"))
        takes[place : place + 1] = files
    gives = [(spec.name, kind(spec)) for spec in procedure.get_return_values()]
    return tuple(",".join(f"{name}:{what}" for name, what in one) for one in (takes, gives))


def last_error(otherwise: str) -> str:
    """What GIMP says of the last failure; it says “success” of some."""
    said = Gimp.get_pdb().get_last_error()
    return said if said and said != "success" else otherwise


# -- colours: sRGB's curve between what scripts say and the linear light of GeglColor
def _linear(part: float) -> float:
    if part <= 0.04045:
        return part / 12.92
    return ((part + 0.055) / 1.055) ** 2.4


def _encoded(part: float) -> float:
    if part <= 0.0031308:
        return part * 12.92
    return 1.055 * part ** (1 / 2.4) - 0.055


def color(parts: Any) -> Any:
    """A GeglColor of encoded components."""
    start_gegl()
    made = Gegl.Color.new("black")
    made.set_rgba(*[_linear(part) for part in parts[:3]], parts[3] if len(parts) > 3 else 1.0)
    return made


def parts(colour: Any) -> tuple:
    """Encoded components of a GeglColor."""
    if colour is None:
        return (0.0, 0.0, 0.0, 1.0)
    start_gegl()
    *linear, alpha = colour.get_rgba()[-4:]
    return (*[_encoded(part) for part in linear], alpha)


# -- enumerations: numbers moved, names did not
def enum_values(cls: Any) -> dict[int, Any]:
    """Number → value of an enumeration, as older and newer PyGObjects keep them."""
    kept = getattr(cls, "__enum_values__", None)
    return kept if kept is not None else {int(one): one for one in cls}


def _enum_class(gtype: Any) -> Any:
    name = gtype.name
    for prefix, module in (("Gimp", Gimp), ("Gegl", Gegl)):
        if name.startswith(prefix) and hasattr(module, name[len(prefix) :]):
            return getattr(module, name[len(prefix) :])
    return gtype.pytype


def enum(gtype: Any, value: int) -> Any:
    """A 2.10 number as the value of GIMP 3's enumeration."""
    values = enum_values(_enum_class(gtype))
    nicks = enums.nicks(gtype.name, value)
    for one in values.values():
        if one.value_nick in nicks:
            return one
    return values.get(value, value) if not nicks else _failed_enum(gtype, nicks[0])


def _failed_enum(gtype: Any, nick: str) -> Any:
    raise Failed(f"GIMP 3 has no “{nick}” among {gtype.name} any more")


def number(value: Any) -> int:
    """A value of GIMP 3's enumeration as the 2.10 number."""
    found = enums.value_of(value.__gtype__.name, value.value_nick)
    return int(value) if found is None else found


def resource(name: str, title: str | None) -> Any:
    """A brush, font … by its name."""
    if not title:
        return None
    cls = RESOURCES[name]
    for one in (title, f"{title} Regular", f"{title}-serif") if name == "GimpFont" else (title,):
        found = cls.get_by_name(one)
        if found is not None:
            return found
    if name == "GimpFont":
        fallback = Gimp.context_get_font()
        print(
            f"The font “{title}” is not there; “{fallback and fallback.get_name()}” is used.", file=sys.stderr
        )
        return fallback
    raise Failed(f"GIMP has no {name[4:].lower()} “{title}”")


def file(path: str | None) -> Any:
    """A file by its path or address."""
    if not path:
        return None
    return Gio.File.new_for_uri(path) if "://" in path else Gio.File.new_for_path(path)


def parasite(name: str, flags: int, data: bytes) -> Any:
    """A GimpParasite.  Its typelib calls the bytes signed: those above 127 must go in as negative numbers."""
    return Gimp.Parasite.new(name, flags, [byte - 256 if byte > 127 else byte for byte in data])


def parasite_data(value: Any) -> bytes:
    """The bytes of a GimpParasite; see :func:`parasite`."""
    return bytes(byte & 255 for byte in value.get_data())


def thing(gtype_name: str, ident: Any) -> Any:
    """An image, display or item by its number."""
    if ident is None or ident <= 0:
        return None
    cls = {"GimpImage": Gimp.Image, "GimpDisplay": Gimp.Display}.get(gtype_name, Gimp.Item)
    found = cls.get_by_id(ident)
    if found is None:
        raise Failed(f"there is no {gtype_name[4:].lower()} with the number {ident}")
    return found


# -- number arrays: PyGObject crashes on them, so libgimp itself fills them in
class _GValue(C.Structure):
    _fields_ = [("type", C.c_size_t), ("data", C.c_uint64 * 2)]


def _pointer(wrapped: Any) -> C.c_void_p:
    """The GObject or boxed structure inside a Python object: its first field."""
    return C.c_void_p.from_address(id(wrapped) + object.__basicsize__)


_gobject = C.CDLL("libgobject-2.0.so.0") if sys.platform.startswith("linux") else C.CDLL(None)
_gimpbase = C.CDLL("libgimpbase-3.0.so.0") if sys.platform.startswith("linux") else C.CDLL(None)
_gobject.g_value_init.argtypes = [C.c_void_p, C.c_size_t]
_gobject.g_value_unset.argtypes = [C.c_void_p]
_gobject.g_object_set_property.argtypes = [C.c_void_p, C.c_char_p, C.c_void_p]
_gobject.g_type_from_name.argtypes = [C.c_char_p]
_gobject.g_type_from_name.restype = C.c_size_t
for _name in ("double", "int32"):
    getattr(_gimpbase, f"gimp_value_set_{_name}_array").argtypes = [C.c_void_p, C.c_void_p, C.c_size_t]
    getattr(_gimpbase, f"gimp_value_get_{_name}_array").argtypes = [C.c_void_p, C.POINTER(C.c_size_t)]
    getattr(_gimpbase, f"gimp_value_get_{_name}_array").restype = C.c_void_p
_gimpbase.gimp_value_array_index.argtypes = [C.c_void_p, C.c_int]
_gimpbase.gimp_value_array_index.restype = C.c_void_p


def _set_numbers(config: Any, name: str, gtype_name: str, values: Any) -> None:
    doubles = gtype_name == "GimpDoubleArray"
    block = ((C.c_double if doubles else C.c_int32) * max(1, len(values)))(*values)
    box = _GValue()
    _gobject.g_value_init(C.byref(box), _gobject.g_type_from_name(gtype_name.encode()))
    put = _gimpbase.gimp_value_set_double_array if doubles else _gimpbase.gimp_value_set_int32_array
    put(C.byref(box), block, len(values))
    _gobject.g_object_set_property(_pointer(config), name.encode(), C.byref(box))
    _gobject.g_value_unset(C.byref(box))


def _get_numbers(results: Any, k: int, gtype_name: str) -> list:
    doubles = gtype_name == "GimpDoubleArray"
    get = _gimpbase.gimp_value_get_double_array if doubles else _gimpbase.gimp_value_get_int32_array
    count = C.c_size_t()
    block = get(_gimpbase.gimp_value_array_index(_pointer(results), k), C.byref(count))
    return C.cast(block, C.POINTER(C.c_double if doubles else C.c_int32))[: count.value] if block else []


# -- arguments
def put(config: Any, spec: Any, value: Any) -> None:
    """Sets one argument of a procedure from a plain value."""
    name, gtype = spec.name, spec.value_type
    if gtype.name == "GimpCoreObjectArray":
        numbers = value if isinstance(value, (list, tuple)) else [value]
        config.set_core_object_array(name, [thing("", one) for one in numbers if one > 0])
    elif gtype.name in ("GimpDoubleArray", "GimpInt32Array"):
        _set_numbers(config, name, gtype.name, value)
    elif gtype.name == "GimpColorArray":
        config.set_color_array(name, [color(one) for one in value])
    else:
        config.set_property(name, _made(spec, value))


def _made(spec: Any, value: Any) -> Any:
    gtype, name = spec.value_type, spec.value_type.name
    if name == "gboolean":
        return bool(value)
    if name in ("gint", "guint"):
        return min(max(int(value), spec.minimum), spec.maximum)
    if name == "gdouble":
        return min(max(float(value), spec.minimum), spec.maximum)
    if name == "gchararray":
        return _choice(spec, value) if isinstance(value, (int, float)) else value
    if name == "GFile":
        return file(value)
    if name == "GeglColor":
        return color(value)
    if name in RESOURCES:
        return resource(name, value)
    if name == "GimpUnit":
        return Gimp.Unit.get_by_id(int(value))
    if name == "GimpParasite":
        return parasite(*value)
    if name == "GBytes":
        return GLib.Bytes.new(value)
    if name == "GStrv":
        return list(value)
    if gtype.is_a(GObject.TYPE_ENUM):
        return enum(gtype, int(value))
    if gtype.is_a(GObject.TYPE_OBJECT):
        return thing(name, value)
    return value


def _choice(spec: Any, value: Any) -> Any:
    """A number where GIMP 3 wants one of a list of words."""
    try:
        choice = Gimp.param_spec_choice_get_choice(spec)
        for nick in choice.list_nicks():
            if choice.get_id(nick) == int(value):
                return nick
    except (AttributeError, TypeError):
        pass
    return str(value)


# -- results
def got(results: Any, k: int, spec: Any) -> Any:
    """One result as a plain value; ``results`` counts from 1."""
    name = spec.value_type.name
    if name == "GimpCoreObjectArray":
        return [_ident(one) for one in results.get_core_object_array(k) or []]
    if name in ("GimpDoubleArray", "GimpInt32Array"):
        return _get_numbers(results, k, name)
    if name == "GimpColorArray":
        return [parts(one) for one in results.get_color_array(k) or []]
    return plain(spec.value_type, results.index(k))


def _ident(one: Any) -> Any:
    if one is None:
        return -1
    return one.get_name() if isinstance(one, Gimp.Resource) else one.get_id()


def plain(gtype: Any, value: Any) -> Any:
    """A value of GIMP 3 as a plain one."""
    name = gtype.name
    if name == "gboolean":
        return int(value)
    if name == "GeglColor":
        return parts(value)
    if name == "GFile":
        return (value.get_path() or value.get_uri()) if value is not None else None
    if name == "GimpParasite":
        return (value.get_name(), value.get_flags(), parasite_data(value)) if value is not None else None
    if name == "GBytes":
        return bytes(value.get_data()) if value is not None else b""
    if name == "GStrv":
        return list(value or [])
    if gtype.is_a(GObject.TYPE_ENUM):
        return number(value)
    if gtype.is_a(Gimp.Resource.__gtype__):
        return value.get_name() if value is not None else None
    if gtype.is_a(GObject.TYPE_OBJECT):
        return _ident(value)
    return value
