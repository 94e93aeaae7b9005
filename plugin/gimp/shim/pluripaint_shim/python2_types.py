"""The methods that Python 2's own types had: ``dict.iteritems``, ``list.sort(compare)``, ``"…".decode()`` and so on.

Types of Python itself take no new attributes, but the dictionary behind ``type.__dict__`` does (as long as CPython is
told). What is added is new, or takes what Python 3 takes as well; the process belongs to the script.
"""

from __future__ import annotations

import codecs
import ctypes
import functools
import gc
import io
import types
from typing import Any

from .values import Pixels, as_bytes

_TEXT_CODECS = ("utf", "latin", "iso", "ascii", "us-ascii", "cp", "windows", "mac", "unicode")


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1; what cannot be compared is ordered by its type, nothing comes first."""
    try:
        return (one > other) - (one < other)
    except TypeError:
        ranks = [("" if value is None else type(value).__name__) for value in (one, other)]
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])


def _key(cmp: Any, key: Any) -> Any:
    if cmp is None:
        return key
    made = functools.cmp_to_key(cmp)
    return made if key is None else lambda value: made(key(value))


_sort, _translate, _join = list.sort, str.translate, str.join


def sort(self, cmp=None, key=None, reverse=False):
    """``list.sort`` with a comparing function in front."""
    try:
        _sort(self, key=_key(cmp, key), reverse=reverse)
    except TypeError:
        if cmp is not None or key is not None:
            raise
        _sort(self, key=functools.cmp_to_key(compare), reverse=reverse)


def sorted_as_before(values, cmp=None, key=None, reverse=False):
    """``sorted`` with a comparing function."""
    made = list(values)
    sort(made, cmp, key, reverse)
    return made


def translate(self, table, deletechars=""):
    """``str.translate``; a table may be ``None``, and some characters are left out."""
    text = self if not deletechars else "".join(one for one in self if one not in deletechars)
    return text if table is None else _translate(text, table)


def join(self, parts):
    """``str.join``; where some of the parts are bytes, as pixels are, so is the whole."""
    try:
        parts = parts if isinstance(parts, (list, tuple)) else list(parts)
        return _join(self, parts)
    except TypeError:
        if not any(isinstance(one, bytes) for one in parts):
            raise
        return Pixels(as_bytes(self).join(as_bytes(one) for one in parts))


def decode(self, encoding="utf-8", errors="strict"):
    """Text is text already; ``"…".decode("hex")`` and the like give what they gave."""
    if encoding.lower().replace("_", "-").startswith(_TEXT_CODECS) or encoding == "":
        return self
    made = codecs.decode(self.encode("latin-1"), encoding)
    return made.decode("latin-1") if isinstance(made, bytes) else made


def _next(self):
    return self.__next__()


_ADDED: dict[type, dict[str, Any]] = {
    dict: {
        "iteritems": lambda self: iter(self.items()),
        "iterkeys": lambda self: iter(self.keys()),
        "itervalues": lambda self: iter(self.values()),
        "has_key": lambda self, key: key in self,
    },
    list: {"sort": sort},
    str: {"decode": decode, "translate": translate, "join": join},
    **{
        kind: {"next": _next}
        for kind in (
            types.GeneratorType, type(iter([])), type(iter(())), type(iter({})), type(iter("")), type(iter(range(1))),
            type(iter({}.items())), type(iter({}.values())), enumerate, zip, map, filter, reversed, io.TextIOWrapper,
        )
    },
}  # fmt: skip


def extend() -> None:
    """Adds the methods; a Python that does not allow it goes without."""
    for kind, methods in _ADDED.items():
        inside = next((one for one in gc.get_referents(kind.__dict__) if type(one) is dict), None)
        if inside is None:
            continue
        inside.update(methods)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
