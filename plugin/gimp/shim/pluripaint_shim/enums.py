"""The constants of GIMP 2.10, from ``enums_210.tsv``, and what the numbers are called in GIMP 3."""

from __future__ import annotations

import functools
import os
import re

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_LARGEST = 524288  # pixels along one side
_MISC = {
    "PARASITE_PERSISTENT": 1,
    "PARASITE_UNDOABLE": 2,
    "PARASITE_ATTACH_PARENT": 0x80 << 8,
    "PARASITE_PARENT_PERSISTENT": 1 << 8,
    "PARASITE_PARENT_UNDOABLE": 2 << 8,
    "PARASITE_ATTACH_GRANDPARENT": 0x80 << 16,
    "PARASITE_GRANDPARENT_PERSISTENT": 1 << 16,
    "PARASITE_GRANDPARENT_UNDOABLE": 2 << 16,
    "UNIT_PIXEL": 0,
    "UNIT_INCH": 1,
    "UNIT_MM": 2,
    "UNIT_POINT": 3,
    "UNIT_PICA": 4,
    "MIN_IMAGE_SIZE": 1,
    "MAX_IMAGE_SIZE": _LARGEST,
    "MIN_RESOLUTION": 5e-3,
    "MAX_RESOLUTION": 1048576.0,
    "MAX_MEMSIZE": 1 << 42,
    "PIXEL_FETCHER_EDGE_NONE": 0,
    "PIXEL_FETCHER_EDGE_WRAP": 1,
    "PIXEL_FETCHER_EDGE_SMEAR": 2,
    "PIXEL_FETCHER_EDGE_BLACK": 3,
    "PIXEL_FETCHER_EDGE_BACKGROUND": 4,
    "EXPORT_CAN_HANDLE_RGB": 1,
    "EXPORT_CAN_HANDLE_GRAY": 2,
    "EXPORT_CAN_HANDLE_INDEXED": 4,
    "EXPORT_CAN_HANDLE_BITMAP": 8,
    "EXPORT_CAN_HANDLE_ALPHA": 16,
    "EXPORT_CAN_HANDLE_LAYERS": 32,
    "EXPORT_CAN_HANDLE_LAYERS_AS_ANIMATION": 64,
    "EXPORT_CAN_HANDLE_LAYER_MASKS": 128,
    "EXPORT_NEEDS_ALPHA": 256,
    "EXPORT_CANCEL": 0,
    "EXPORT_IGNORE": 1,
    "EXPORT_EXPORT": 2,
}

_LATER_NICKS = {  # what GIMP 3 calls values that 2.10 called otherwise
    "GimpRotationType": {"90": "degrees90", "180": "degrees180", "270": "degrees270"},
    "GimpOffsetType": {"background": "color"},
    "GimpPrecision": {
        f"{kind}-gamma": f"{kind}-non-linear" for kind in ("u8", "u16", "u32", "half", "float", "double")
    },
    "GimpSelectCriterion": {
        "r": "rgb-red",
        "g": "rgb-green",
        "b": "rgb-blue",
        "h": "hsv-hue",
        "s": "hsv-saturation",
        "v": "hsv-value",
        "a": "alpha",
        "lch-l": "lch-lightness",
        "lch-c": "lch-chroma",
        "lch-h": "lch-hue",
    },
}


def table(name: str) -> list[list[str]]:
    """The rows of a table beside this file; lines that start with ``#`` are remarks."""
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines if line.strip() and line[0] != "#"]


@functools.lru_cache(maxsize=None)
def _rows() -> list[tuple[str, str, int, str]]:
    return [(kind, nick, int(value), name) for kind, nick, value, name in table("enums_210.tsv")]


def constants() -> dict:
    """Constant name → value. A name that two enumerations share keeps the first value: they agree."""
    found: dict = {}
    for _, _, value, name in _rows():
        found.setdefault(re.sub(r"\W", "_", name), value)
    found.update(_MISC)
    return found


def nicks(kind: str, value: int) -> list[str]:
    """What a value of an enumeration (``GimpFillType``) is called: 2.10's own name, older ones, then GIMP 3's."""
    found = [nick for owner, nick, number, _ in _rows() if owner == kind and number == value]
    later = _LATER_NICKS.get(kind, {})
    return [*found, *(later[nick] for nick in found if nick in later)]


def value_of(kind: str, nick: str) -> int | None:
    """The 2.10 number of a nick, 2.10's or GIMP 3's; ``None`` where 2.10 had none."""
    earlier = {new: old for old, new in _LATER_NICKS.get(kind, {}).items()}
    nick = earlier.get(nick, nick)
    return next((number for owner, name, number, _ in _rows() if owner == kind and name == nick), None)


def known(kind: str) -> bool:
    """Whether 2.10 had the enumeration."""
    return any(owner == kind for owner, _, _, _ in _rows())
