"""Our procedures in GIMP 3: an image procedure for what works on an image, load and export procedures, plain ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gi.repository import Gimp, Gio, GObject

from . import carry
from .port import Installed

_FLAGS = GObject.ParamFlags.READWRITE
_DRAWABLES = ("drawable", "layer", "channel", "item")
_OF_IMAGES = ("<Image>", "<Layers>")
_RESERVED = ("run-mode", "image", "drawables", "file", "options")


def procedure(plug_in: Any, one: Installed, answer: Callable[[Any, list], Any]) -> Any:
    """Makes the procedure. ``answer(procedure, plain values with the run mode)`` runs it."""
    own = [entry for entry in one.arguments if entry[1] != "run-mode"]
    if one.load:
        made = _load(plug_in, one, own, answer)
    elif one.save:
        made = _save(plug_in, one, own, answer)
    elif own and own[0][0] == "image" and any(menu.startswith(_OF_IMAGES) for menu in one.menus):
        made = _on_image(plug_in, one, own, answer)
    else:
        made = _plain(plug_in, one, own, answer)
    _describe(made, one)
    for kind, name, text in [] if one.load else one.results:  # opening has its own result
        _add(made, kind, name, text, None, True)
    return made


def _takes_drawable(arguments: Sequence) -> bool:
    """Whether a drawable follows the image, as GIMP 3 has it."""
    own = [kind for kind, name, *_ in arguments if name != "run-mode"]
    return len(own) > 1 and own[1] in _DRAWABLES


def _names(own: list) -> list[str]:
    """Argument names that GIMP 3 takes: unlike its own and unlike each other."""
    made: list[str] = []
    for _, name, _, _ in own:
        name = name if name and name[0].isalpha() else f"x-{name}"
        while name in made or name in _RESERVED:
            name += "-2"
        made.append(name)
    return made


def _values(config: Any, names: list[str], own: list) -> list:
    found = []
    for name, entry in zip(names, own):
        spec = config.find_property(name)
        value = config.get_property(name)
        plain = _number(entry[0], carry.plain(spec.value_type, value))
        # 3.0.4 hands out transparent black for the default of a colour.
        found.append(
            entry[3] if entry[0] == "color" and plain == (0.0, 0.0, 0.0, 0.0) and entry[3] else plain
        )
    return found


def _number(kind: str, value: Any) -> Any:
    return value if value is not None or kind == "string" else -1


def _on_image(plug_in: Any, one: Installed, own: list, answer: Callable) -> Any:
    head = 2 if _takes_drawable(own) else 1
    names = _names(own[head:])

    def run(made: Any, mode: Any, image: Any, drawables: Any, config: Any, _data: Any) -> Any:
        start = [int(mode), image.get_id()] + (
            [drawables[0].get_id() if drawables else -1] if head == 2 else []
        )
        return answer(made, start + _values(config, names, own[head:]))

    made = Gimp.ImageProcedure.new(plug_in, one.name, Gimp.PDBProcType.PLUGIN, run, None)
    made.set_image_types(one.image_types or "*")
    mask = Gimp.ProcedureSensitivityMask
    made.set_sensitivity_mask(mask.DRAWABLE | mask.DRAWABLES | (mask.NO_DRAWABLES if head == 1 else 0))
    for (kind, _, text, default), name in zip(own[head:], names):
        _add(made, kind, name, text, default, False)
    return made


def _plain(plug_in: Any, one: Installed, own: list, answer: Callable) -> Any:
    names = _names(own)

    def run(made: Any, config: Any, _data: Any) -> Any:
        return answer(made, [int(config.get_property("run-mode")), *_values(config, names, own)])

    made = Gimp.Procedure.new(plug_in, one.name, Gimp.PDBProcType.PLUGIN, run, None)
    modes = Gimp.RunMode
    made.add_enum_argument("run-mode", "Run mode", "Run mode", modes.__gtype__, modes.NONINTERACTIVE, _FLAGS)
    for (kind, _, text, default), name in zip(own, names):
        _add(made, kind, name, text, default, False)
    return made


def _load(plug_in: Any, one: Installed, own: list, answer: Callable) -> Any:
    names = _names(own[2:])

    def run(made: Any, mode: Any, file: Gio.File, _metadata: Any, flags: Any, config: Any, _data: Any) -> Any:
        path = file.get_path() or file.get_uri()
        returned = answer(made, [int(mode), path, path, *_values(config, names, own[2:])])
        return returned, flags

    made = Gimp.LoadProcedure.new(plug_in, one.name, Gimp.PDBProcType.PLUGIN, run, None)
    extensions, prefixes, magics = one.load or ("", "", "")
    _file_types(made, extensions, prefixes, magics, one.mime)
    for (kind, _, text, default), name in zip(own[2:], names):
        _add(made, kind, name, text, default, False)
    return made


def _save(plug_in: Any, one: Installed, own: list, answer: Callable) -> Any:
    names = _names(own[4:])

    def run(
        made: Any, mode: Any, image: Any, file: Gio.File, _o: Any, _m: Any, config: Any, _data: Any
    ) -> Any:
        path = file.get_path() or file.get_uri()
        chosen = image.get_selected_drawables() or image.get_layers()
        start = [int(mode), image.get_id(), chosen[0].get_id() if chosen else -1, path, path]
        return answer(made, start + _values(config, names, own[4:]))

    made = Gimp.ExportProcedure.new(plug_in, one.name, Gimp.PDBProcType.PLUGIN, False, run, None)
    made.set_image_types(one.image_types or "*")
    _file_types(made, *(one.save or ("", "")), "", one.mime)
    for (kind, _, text, default), name in zip(own[4:], names):
        _add(made, kind, name, text, default, False)
    return made


def _file_types(made: Any, extensions: str, prefixes: str, magics: str, mime: str) -> None:
    made.set_extensions(extensions)
    if prefixes:
        made.set_prefixes(prefixes)
    if magics:
        made.set_magics(magics)
    if mime:
        made.set_mime_types(mime)
    made.set_format_name(extensions.split(",")[0].upper())


def _describe(made: Any, one: Installed) -> None:
    alone = isinstance(made, Gimp.ImageProcedure) and not _takes_drawable(one.arguments)
    made.set_documentation(one.blurb, f"{one.help}\n{carry.IMAGE_ALONE}" if alone else one.help, None)
    made.set_attribution(one.author, one.copyright, one.date)
    if one.label:
        made.set_menu_label(one.label)
        for menu in one.menus:
            if menu.startswith("<") and not menu.startswith(("<Load>", "<Save>")):
                made.add_menu_path(_menu(menu, made))


def _menu(path: str, made: Any) -> str:
    """Where it goes: a list's own menu takes only procedures of GIMP 3's form, and GIMP 3 has no toolbox menu."""
    root, _, rest = path.partition(">")
    if root == "<Image" or (root == "<Layers" and isinstance(made, Gimp.ImageProcedure)):
        return path
    return "<Image>" + (rest or "/Filters")


_OBJECTS = ("image", "layer", "channel", "drawable", "item", "display", "vectors")


def _add(made: Any, kind: str, name: str, text: str, default: Any, result: bool) -> None:
    """Adds one argument or result."""
    end = "return_value" if result else "argument"
    text = text or name
    if kind in _OBJECTS:
        what = {"vectors": "path"}.get(kind, kind)
        getattr(made, f"add_{what}_{end}")(name, text, text, True, _FLAGS)
    elif kind == "color":
        colour = carry.color(default if default is not None else (0.0, 0.0, 0.0, 1.0))
        getattr(made, f"add_color_{end}")(name, text, text, True, colour, _FLAGS)
    elif kind == "float":
        limit = GObject.G_MAXDOUBLE
        getattr(made, f"add_double_{end}")(name, text, text, -limit, limit, default or 0.0, _FLAGS)
    elif kind == "string":
        getattr(made, f"add_string_{end}")(name, text, text, default or "", _FLAGS)
    elif kind in ("int", "int16", "int8"):
        low, high = -(2**31), 2**31 - 1
        getattr(made, f"add_int_{end}")(name, text, text, low, high, default or 0, _FLAGS)
    elif kind in ("floats", "ints", "strings"):
        what = {"floats": "double_array", "ints": "int32_array", "strings": "string_array"}[kind]
        getattr(made, f"add_{what}_{end}")(name, text, text, _FLAGS)
    else:
        raise ValueError(f"an argument of the type {kind} cannot be registered in GIMP 3")
