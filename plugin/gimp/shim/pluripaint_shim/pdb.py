"""Calling procedures as pygimp does: values in both directions, and the ``pdb`` object.

The run mode is put in front where a procedure takes one and comes only as the keyword ``run_mode=``. One result is
handed out alone, none gives ``None``; ``None`` as an item means none; a failure raises ``RuntimeError``.
"""

from __future__ import annotations

from . import colours, nearest
from .port import ARRAYS, ITEMS, KINDS, Failed, Signature
from .values import Text, Whole, as_bytes
from .which_gimp import find

_settle: list = []  # what must be written before GIMP looks at pixels
_here: dict = {}  # procedures that say something about what is being installed; filled by ``main``
_wrap: dict = {}  # kind → function that makes an object of a number; filled by the modules of the objects


class error(RuntimeError):  # noqa: N801 - pygimp's name for it
    """Something GIMP or gimpfu refuses."""


def before_calls(function) -> None:
    """``function`` runs before every procedure."""
    _settle.append(function)


def answers_here(*names: str):
    """Decorates the function that stands for procedures which GIMP would only take after the installation."""

    def keep(function):
        for name in names:
            _here[name] = function
        return function

    return keep


def wraps(*kinds: str):
    """Decorates the function that makes an object of a number of these kinds."""

    def keep(function):
        for kind in kinds:
            _wrap[kind] = function
        return function

    return keep


def call(name: str, *values):
    """Runs a procedure by its name with dashes; values as scripts have them, results as pygimp gives them."""
    port = find()
    for function in _settle:
        function()
    found = port.signature(name)
    if found is None:
        raise NameError(nearest.sentence(name, port.names(), f"GIMP {port.series}"))
    return _run(found, values, 1)


def _run(found: Signature, values, run_mode: int):
    wanted = found.arguments[1:] if found.has_run_mode else found.arguments
    if len(values) != len(wanted):
        takes = ", ".join(name for name, _ in wanted)
        raise TypeError(
            f"wrong number of parameters: {found.name} takes {len(wanted)} ({takes}), got {len(values)}"
        )
    plain = [to_plain(kind, value, f"{found.name}: {name}") for (name, kind), value in zip(wanted, values)]
    try:
        results = find().call(found.name, plain, run_mode)
    except Failed as failed:
        raise error(str(failed)) from None
    shown = tuple(from_plain(kind, value) for (_, kind), value in zip(found.results, results))
    if not shown:
        return None
    return shown[0] if len(shown) == 1 else shown


def to_plain(kind: str, value, what: str = "the value"):
    """A script's value as the port takes it."""
    try:
        if kind in ("int", "int16", "int8", "status"):
            return int(value)
        if kind == "float":
            return float(value)
        if kind == "string":
            return None if value is None else _text(value)
        if kind == "color":
            return tuple(colours.rgb(value)._parts)
        if kind in ITEMS or kind in ("image", "display"):
            return _number(kind, value)
        if kind == "parasite":
            return (value.name, value.flags, value.data)
        return _array(kind, value)
    except (TypeError, ValueError, AttributeError):
        raise TypeError(f"wrong parameter type: {what} is {kind}, got {value!r}") from None


def _text(value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(kind: str, value) -> int:
    if value is None:
        return -1
    if isinstance(value, int):
        return int(value)
    if value.pdb_kind not in _MAY_STAND[kind]:
        raise TypeError
    return int(value.ID)


_LAYERS, _CHANNELS = ("layer",), ("channel",)
_MAY_STAND = {
    "image": ("image",),
    "display": ("display",),
    "layer": (*_LAYERS, "item"),
    "channel": (*_CHANNELS, "item"),
    "selection": (*_CHANNELS, "item"),
    "drawable": (*_LAYERS, *_CHANNELS, "drawable", "item"),
    "vectors": ("vectors", "item"),
    "item": (*_LAYERS, *_CHANNELS, "drawable", "vectors", "item"),
}


def _array(kind: str, value):
    if kind == "bytes":
        return as_bytes(value)
    if value is None:
        return []
    make = {"floats": float, "strings": _text, "colors": lambda one: tuple(colours.rgb(one)._parts)}.get(
        kind, int
    )
    return [make(one) for one in value]


def from_plain(kind: str, value):
    """A value of the port as scripts get it."""
    if kind in ("int", "int16", "int8", "status"):
        return Whole(value)
    if kind in _wrap:
        return _wrap[kind](value)
    if kind == "color":
        return colours.RGB(*[float(part) for part in value])
    if kind == "string":
        return None if value is None else Text(value)
    if kind == "colors":
        return tuple(colours.RGB(*map(float, one)) for one in value)
    if kind == "ints":
        return tuple(map(Whole, value))
    if kind == "bytes":
        return tuple(map(Whole, value))
    return tuple(value) if kind in ARRAYS else value


class Function:
    """One procedure."""

    def __init__(self, found: Signature) -> None:
        self._found = found
        self.proc_name = found.name
        texts = tuple(found.texts)
        self.proc_blurb, self.proc_help, self.proc_author, self.proc_copyright, self.proc_date = texts
        self.proc_type = 1 if found.has_run_mode else 0
        self.params = tuple((KINDS[kind], name, name) for name, kind in found.arguments)
        self.return_vals = tuple((KINDS[kind], name, name) for name, kind in found.results)
        self.nparams, self.nreturn_vals = len(self.params), len(self.return_vals)

    def __call__(self, *values, **named):
        run_mode = named.pop("run_mode", 1)
        if named:
            raise TypeError("only the keyword argument “run_mode” is accepted")
        for function in _settle:
            function()
        return _run(self._found, values, int(run_mode))

    def __repr__(self):
        return f"<pdb function {self.proc_name}>"


class Procedures:
    """GIMP's procedures by attribute (``_`` for ``-``) or by name."""

    def _look(self, name: str):
        if name.replace("_", "-") in _here:
            return _here[name.replace("_", "-")]
        found = find().signature(name.replace("_", "-"))
        return Function(found) if found else None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._look(name)
        if found is None:
            raise AttributeError(self._missing(name))
        return found

    def __getitem__(self, name):
        found = self._look(name)
        if found is None:
            raise KeyError(self._missing(name))
        return found

    def __contains__(self, name):
        return self._look(name) is not None

    has_key = __contains__

    def __len__(self):
        return len(find().names())

    def __dir__(self):
        return [name.replace("-", "_") for name in find().names()]

    def query(self, *patterns):
        """The names that match up to seven regular expressions (name, blurb, help, author, copyright, date, type)."""
        wanted = [*patterns, *[".*"] * (7 - len(patterns))]
        return list(call("gimp-procedural-db-query", *wanted)[1])

    def _missing(self, name: str) -> str:
        port = find()
        return nearest.sentence(name, port.names(), f"GIMP {port.series}")


pdb = Procedures()
