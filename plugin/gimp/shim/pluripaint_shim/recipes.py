"""What became of a procedure of 2.10 in GIMP 3: its new name, and which value goes where.

A row of ``renamed_30.tsv`` is: 2.10 name, 3.0 name, and where names of arguments differ ``new=old`` or ``new:=number``.
The rest follows from the two signatures: arguments of one name belong together, lengths before arrays are gone, a file
is one argument instead of two, one object may have become a list, and what is left keeps its order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .enums import table
from .port import ARRAYS

_FILES = ("filename", "uri")
_RAW = ("raw-filename", "raw-uri")


@functools.lru_cache(maxsize=None)
def _renamed() -> dict[str, tuple[str, dict[str, str]]]:
    found = {}
    for row in table("renamed_30.tsv"):
        pairs = [part.partition("=") for part in row[2].split(",")] if len(row) > 2 and row[2] else []
        found[row[0]] = (row[1], {key.strip(): value.strip() for key, _, value in pairs})
    return found


@dataclass
class Recipe:
    """How to make a call of GIMP 3 from the values of a 2.10 call."""

    procedure: Any
    takes: Sequence[tuple[str, str]]  # 2.10, without the run mode
    gives: Sequence[tuple[str, str]]
    places: dict[str, int]  # 3.0 argument → place among the 2.10 values
    fixed: dict[str, float]  # 3.0 argument → number

    @property
    def writes_file(self) -> bool:
        """Whether 2.10 wrote one drawable of an image into a file here."""
        names = [name for name, _ in self.takes]
        return (
            names[:2] == ["image", "drawable"] and len(names) > 3 and names[2] in _FILES and names[3] in _RAW
        )

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """3.0 argument name → value."""
        made: dict[str, Any] = dict(self.fixed)
        for key, place in self.places.items():
            value = values[place]
            before = self.takes[place - 1] if place else ("", "")
            if self.takes[place][1] in ARRAYS and before[1] == "int" and isinstance(value, (list, bytes)):
                value = value[: int(values[place - 1])]
            made[key] = value
        return made

    def results(self, values: list[Any]) -> list[Any]:
        """2.10's results of 3.0's: lengths before arrays come back, lists of one object become the object."""
        made: list[Any] = []
        left = list(values)
        for k, (_, kind) in enumerate(self.gives):
            following = self.gives[k + 1][1] if k + 1 < len(self.gives) else ""
            if kind == "int" and following in ARRAYS and left and isinstance(left[0], (list, bytes)):
                made.append(len(_fitted(following, left[0])))
                continue
            value = left.pop(0) if left else _nothing(kind)
            made.append(_fitted(kind, value))
        return made


def _nothing(kind: str) -> Any:
    return {"string": None, "float": 0.0, "int": 0}.get(kind, -1)


def _fitted(kind: str, value: Any) -> Any:
    if isinstance(value, list) and kind not in ARRAYS:
        return value[0] if value else -1
    if kind == "floats" and value and isinstance(value[0], tuple):
        return [part for colour in value for part in colour]
    if kind == "int" and isinstance(value, float):
        return int(value)
    return value


def find(name: str, takes: str, gives: str, lookup: Callable[[str], Any]) -> Recipe | None:
    """The recipe for a 2.10 procedure; ``None`` where GIMP 3 has nothing for it."""
    new_name, aliases = _renamed().get(name, (name, {}))
    procedure = lookup(new_name) or lookup(_by_pattern(name))
    if procedure is None:
        return None
    old = [entry for entry in entries(takes) if entry[0] not in ("run-mode", "dummy-param")]
    new = [spec for spec in procedure.get_arguments() if spec.name != "run-mode"]
    if name.startswith(
        "script-fu-"
    ):  # arguments without names; GIMP 3 appended some, which keep their defaults
        return Recipe(
            procedure, old, entries(gives), {spec.name: k for k, spec in enumerate(new[: len(old)])}, {}
        )
    places, fixed = _matched([one for one, _ in old], [kind for _, kind in old], new, aliases)
    return Recipe(procedure, old, entries(gives), places, fixed)


def _by_pattern(name: str) -> str:
    if name.startswith("file-") and name.endswith(("-save", "-save2")):
        return name.rstrip("2")[: -len("save")] + "export"
    if name.startswith("gimp-vectors-"):
        return "gimp-path-" + name[len("gimp-vectors-") :]
    return name


def entries(text: str) -> list[tuple[str, str]]:
    """The (name, kind) pairs of a signature's text."""
    return [tuple(part.split(":")) for part in text.split(",")] if text else []  # type: ignore[misc]


def _matched(old: list[str], kinds: list[str], new: list[Any], aliases: dict[str, str]) -> tuple[dict, dict]:
    places: dict[str, int] = {}
    fixed: dict[str, float] = {}
    for key, source in aliases.items():
        if key.endswith(":"):
            fixed[key[:-1]] = float(source)
        elif source in old:
            places[key] = old.index(source)
    closed_up = [one.replace("-", "") for one in old]  # "first-axis-x" was "firstaxis-x"
    for spec in new:
        if spec.name in places or spec.name in fixed:
            continue
        if spec.name in old:
            places[spec.name] = old.index(spec.name)
        elif spec.name.replace("-", "") in closed_up:
            places[spec.name] = closed_up.index(spec.name.replace("-", ""))
        elif spec.value_type.name == "GFile":
            file = next((one for one in old if one in _FILES), None)
            if file:
                places[spec.name] = old.index(file)
        elif spec.name == "drawables" and "drawable" in old:
            places[spec.name] = old.index("drawable")
    used = set(places.values())
    lengths = {k - 1 for k, kind in enumerate(kinds) if kind in ARRAYS and k and kinds[k - 1] == "int"}
    left = [k for k, one in enumerate(old) if k not in used | lengths and one not in _RAW]
    free = [spec for spec in new if spec.name not in places and spec.name not in fixed]
    free = [spec for spec in free if spec.value_type.name != "GimpExportOptions"]
    if len(left) == len(free):
        places.update({spec.name: k for spec, k in zip(free, left)})
    return places, fixed
