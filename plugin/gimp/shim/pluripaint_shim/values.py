"""Numbers as scripts of the Python 2 years expect them.

``width / 2`` used to give a whole number. Now it gives a fraction, and ``range(width / 2)`` or ``row[width / 2]`` would
fail. Numbers that come from GIMP are ``Whole``: their quotients are floats with the true value which also serve
wherever Python asks for a whole number, then rounded down as Python 2 did.
"""

from __future__ import annotations

import math


def _kept(name):
    """The float operation with its result again a Quotient."""

    def operation(self, other):
        result = getattr(float, name)(self, other)
        return result if result is NotImplemented else Quotient(result)

    return operation


class Quotient(float):
    """A fraction that may stand where a whole number is asked for."""

    __slots__ = ()

    def __index__(self):
        return math.floor(self)

    __add__, __radd__ = _kept("__add__"), _kept("__radd__")
    __sub__, __rsub__ = _kept("__sub__"), _kept("__rsub__")
    __mul__, __rmul__ = _kept("__mul__"), _kept("__rmul__")
    __truediv__, __rtruediv__ = _kept("__truediv__"), _kept("__rtruediv__")


def _whole(name):
    """The int operation with its result again a Whole."""

    def operation(self, other):
        result = getattr(int, name)(self, other)
        return Whole(result) if type(result) is int else result

    return operation


_small: dict = {}


class Whole(int):
    """A whole number that GIMP gave. Small ones are one object each: scripts write ``image.base_type is RGB``."""

    __slots__ = ()

    def __new__(cls, value=0):
        made = _small.get(value) if type(value) is int else None
        if made is None:
            made = int.__new__(cls, value)
            if -6 < made < 2048:
                made = _small.setdefault(int(made), made)
        return made

    __add__, __radd__ = _whole("__add__"), _whole("__radd__")
    __sub__, __rsub__ = _whole("__sub__"), _whole("__rsub__")
    __mul__, __rmul__ = _whole("__mul__"), _whole("__rmul__")
    __floordiv__, __mod__ = _whole("__floordiv__"), _whole("__mod__")

    def __truediv__(self, other):
        result = int.__truediv__(self, other)
        return result if result is NotImplemented else Quotient(result)

    def __rtruediv__(self, other):
        result = int.__rtruediv__(self, other)
        return result if result is NotImplemented else Quotient(result)

    def __neg__(self):
        return Whole(int.__neg__(self))


class Text(str):
    """Text that GIMP gave; Python 2's was bytes, which scripts decoded."""

    __slots__ = ()

    def decode(self, _encoding="utf-8", _errors="strict"):
        return str(self)


class Pixels(bytes):
    """The bytes of pixels, or of ``struct.pack``: they join with text and equal it, as Python 2's one kind did."""

    __slots__ = ()

    def __add__(self, other):
        return Pixels(bytes(self) + as_bytes(other))

    def __radd__(self, other):
        return Pixels(as_bytes(other) + bytes(self))

    def __mul__(self, count):
        return Pixels(bytes(self) * count)

    __rmul__ = __mul__

    def __getitem__(self, key):
        found = bytes.__getitem__(self, key)
        return Pixels(found) if isinstance(key, slice) else found

    def __eq__(self, other):
        return bytes.__eq__(self, as_bytes(other) if isinstance(other, str) else other)

    def __ne__(self, other):
        return not self == other

    __hash__ = bytes.__hash__


def as_bytes(data) -> bytes:
    """Bytes of what scripts hold pixels and parasites in: bytes, text of Latin-1 characters, arrays, lists."""
    if isinstance(data, str):
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            return data.encode("utf-8")
    return bytes(data)
