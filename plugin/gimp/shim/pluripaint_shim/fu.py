"""``register`` and ``main`` of gimpfu: procedures from functions, defaults, last values, dialogs."""

from __future__ import annotations

import pickle
import re
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

from . import images, items, main, vectors
from .colours import RGB, rgb
from .parameters import (
    PF_BRUSH,
    PF_CHANNEL,
    PF_COLOR,
    PF_DIRNAME,
    PF_DISPLAY,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_FONT,
    PF_GRADIENT,
    PF_IMAGE,
    PF_INT8,
    PF_INT16,
    PF_INT32,
    PF_ITEM,
    PF_LAYER,
    PF_OPTION,
    PF_PALETTE,
    PF_PATTERN,
    PF_RADIO,
    PF_SLIDER,
    PF_SPINNER,
    PF_STRING,
    PF_TEXT,
    PF_TOGGLE,
    PF_VECTORS,
    SUBJECTS,
    CancelError,
)
from .pdb import call, error
from .port import Cancelled
from .which_gimp import find

_PDB_TYPES = {PF_TOGGLE: 0, PF_SLIDER: 3, PF_SPINNER: 0, PF_OPTION: 0}
_STRINGS = (
    PF_FONT, PF_FILE, PF_BRUSH, PF_PATTERN, PF_GRADIENT, PF_RADIO, PF_TEXT, PF_PALETTE, PF_FILENAME, PF_DIRNAME
)  # fmt: skip
_OBJECTS = {
    PF_COLOR: RGB,
    PF_ITEM: items.Item,
    PF_DISPLAY: images.Display,
    PF_IMAGE: images.Image,
    PF_LAYER: items.Layer,
    PF_CHANNEL: items.Channel,
    PF_DRAWABLE: items.Drawable,
    PF_VECTORS: vectors.Vectors,
    PF_TOGGLE: int,
    PF_SPINNER: (int, float),
    PF_OPTION: int,
    PF_SLIDER: float,
    PF_FLOAT: float,
    PF_INT8: int,
    PF_INT16: int,
    PF_INT32: int,
}
RUN_INTERACTIVE, RUN_NONINTERACTIVE, RUN_WITH_LAST_VALS = range(3)
_PREFIXES = ("python-", "extension-", "plug-in-", "file-")
_FILE_PARAMS = [
    (PF_STRING, "filename", "The name of the file", ""),
    (PF_STRING, "raw-filename", "The name of the file", ""),
]


@dataclass
class Registered:
    """One ``register`` call."""

    name: str
    texts: tuple
    label: str | None
    image_types: str | None
    params: list
    results: list
    function: Any
    menu: str | None
    on_query: Any
    on_run: Any
    run_mode: bool

    def pdb_params(self) -> list:
        """The arguments as the procedure database gets them."""
        head = [(0, "run-mode", "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1) }", 1)]
        own = [(pdb_type(p[0]), p[1], _plain_label(p[2]), pdb_default(p)) for p in self.params]
        return (head if self.run_mode else []) + own

    def pdb_results(self) -> list:
        return [(pdb_type(result[0]), result[1], _plain_label(result[2])) for result in self.results]


_registered: dict[str, Registered] = {}


def pdb_type(pf) -> int:
    """The type of procedure argument that carries a PF_ type."""
    return 4 if pf in _STRINGS else _PDB_TYPES.get(pf, int(pf))


def pdb_default(param) -> Any:
    """The default as the procedure database can keep it."""
    kind, default = pdb_type(param[0]), param[3]
    try:
        if kind == 4:
            return "" if default is None else str(default)
        if kind == 10:
            return tuple(rgb(default)._parts)
        return float(default) if kind == 3 else int(default) if kind < 3 else None
    except (TypeError, ValueError):
        return None


def _plain_label(text) -> str:
    return (text or "").replace("_", "")


def _check(what: str, name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", name):
        raise error(f"{what} “{name}” contains characters other than letters, digits, _ and -")


def _check_entries(params, results) -> None:
    for entry in params:
        if len(entry) < 4:
            raise error(f"a parameter needs at least 4 elements ({len(entry)} given: {entry})")
        if not isinstance(entry[0], int):
            raise error("the type of a parameter must be one of the PF_ constants")
        _check("the name of a parameter", entry[1])
    for entry in results:
        if len(entry) < 3:
            raise error(f"a result needs at least 3 elements ({len(entry)} given: {entry})")
        if not isinstance(entry[0], int):
            raise error("the type of a result must be one of the PF_ constants")
        _check("the name of a result", entry[1])


def register(
    proc_name, blurb, help, author, copyright, date, label, imagetypes, params, results, function,
    menu=None, domain=None, on_query=None, on_run=None, run_mode_param=True,
):  # fmt: skip
    """Announces a procedure that runs ``function``; see EDITORS for the rules, which are gimpfu's own."""
    _check("the procedure's name", proc_name)
    params, results = list(params), list(results)
    _check_entries(params, results)
    if not proc_name.replace("_", "-").startswith(_PREFIXES):
        proc_name = "python-fu-" + proc_name
    if menu is None and label:
        menu, _, label = label.rpartition("/")
        if menu:
            message = f"{proc_name}: pass the menu as “menu=”, not as part of the label"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        params = _old_style(menu) + params
    texts = (blurb, help, author, copyright, date)
    name = proc_name.replace("_", "-")
    _registered[name] = Registered(
        name,
        texts,
        label,
        imagetypes,
        params,
        results,
        function,
        menu,
        on_query,
        on_run,
        bool(run_mode_param),
    )


def _old_style(menu: str) -> list:
    """Parameters that a menu in the label brings along."""
    if menu.startswith("<Load>"):
        return list(_FILE_PARAMS)
    if not menu.startswith(("<Image>", "<Save>")):
        return []
    head = [(PF_IMAGE, "image", "Input image", None), (PF_DRAWABLE, "drawable", "Input drawable", None)]
    return head + (_FILE_PARAMS if menu.startswith("<Save>") else [])


def start() -> None:
    """gimpfu's ``main``: answers GIMP."""
    main.main(None, None, _query, _run)


def _query() -> None:
    for one in _registered.values():
        main.install_procedure(
            one.name, *one.texts, one.label, one.image_types, 1, one.pdb_params(), one.pdb_results()
        )
        if one.menu:
            main.menu_register(one.name, one.menu)
        if one.on_query:
            one.on_query()


def _key(name: str) -> str:
    return "python-fu-save--" + name


def last_values(one: Registered) -> list:
    """The values of the last run; the defaults where there was none."""
    defaults = [param[3] for param in one.params]
    stored = find().data(_key(one.name))
    if stored:
        try:
            values = list(pickle.loads(stored))
        except Exception:  # what another version of the script left
            traceback.print_exc()
            return defaults
        if len(values) == len(defaults):
            return values
    return defaults


def remember(one: Registered, values) -> None:
    """Keeps the values of a run for the next one; images and items are not kept."""
    kept = [None if isinstance(value, items._Numbered) else value for value in values]
    try:
        find().set_data(_key(one.name), pickle.dumps(kept))
    except Exception:  # a value that cannot be kept must not stop the script
        traceback.print_exc()


def _fits(value, pf) -> bool:
    wanted = _OBJECTS.get(pf, str)
    return value is not None and isinstance(value, wanted)


def _given(one: Registered, values) -> int:
    """How many leading values GIMP filled in: an image, what is active, file names."""
    count = 0
    for value, param in zip(values, one.params):
        subject = param[0] in SUBJECTS
        files = (
            one.menu
            and one.menu.startswith(("<Load>", "<Save>"))
            and param[1] in ("filename", "raw-filename")
        )
        if not (subject or files) or not _fits(value, param[0]):
            break
        count += 1
    return count


def _prepared(one: Registered, values) -> list:
    """Values as the function expects them: what is no default of the procedure database becomes the script's own."""
    made = []
    for value, param in zip(values, one.params):
        made.append(_radio(param, value) if param[0] == PF_RADIO else value)
    return made + [param[3] for param in one.params[len(made) :]]


def _radio(param, value):
    """A choice came as text: the value of the same text."""
    choices = [choice for _, choice in param[4]] if len(param) > 4 else []
    if value in choices:
        return value
    return next((choice for choice in choices if str(choice) == str(value)), value)


def _run(name, params):
    one = _registered[name.replace("_", "-")]
    mode, values = (int(params[0]), list(params[1:])) if one.run_mode else (RUN_NONINTERACTIVE, list(params))
    if mode == RUN_NONINTERACTIVE:
        return one.function(*_prepared(one, values))
    count = _given(one, values)
    start_values = values[:count]
    if mode == RUN_WITH_LAST_VALS or count == len(one.params):
        answer = one.function(*start_values, *last_values(one)[count:])
    else:
        answer = _interact(one, start_values)
    call("gimp-displays-flush")
    return answer


def _interact(one: Registered, start_values):
    """Asks for what is missing and runs the function; what it raises is shown in the dialog."""
    from pluripaint_gimp import gtk_packages

    packages = gtk_packages.missing_here()
    if packages:
        raise error(f"The dialog needs {packages}: install that, then run the installer again.")
    from . import dialogs

    if one.on_run:
        one.on_run()

    def run(values):
        remember(one, [*start_values, *values])
        return one.function(*start_values, *values)

    count = len(start_values)
    try:
        return dialogs.ask(one, one.params[count:], last_values(one)[count:], run)
    except CancelError:
        raise Cancelled from None


def fail(msg):
    """Shows a message and ends the script."""
    call("gimp-message", msg)
    raise error(msg)
