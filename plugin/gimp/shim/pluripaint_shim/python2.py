"""What Python 2 had by itself and scripts of its years still call after their syntax was brought up to date."""

from __future__ import annotations

import array
import builtins
import functools
import gettext
import sys
from pathlib import Path

_NAMES = {
    "xrange": range,
    "unicode": str,
    "long": int,
    "basestring": str,
    "unichr": chr,
    "raw_input": input,
    "reduce": functools.reduce,
    "apply": lambda function, values=(), named=None: function(*values, **(named or {})),
    "file": open,
    "cmp": lambda a, b: (a > b) - (a < b),
    "execfile": lambda path: exec(compile(Path(path).read_bytes(), path, "exec"), globals()),
}


class Array(array.array):
    """An array with the two methods that Python 3.9 dropped."""

    def tostring(self):
        return self.tobytes()

    def fromstring(self, data):
        self.frombytes(data if isinstance(data, bytes) else data.encode("latin-1"))


def _ord(one):
    """The number of a character; a single byte of ``bytes`` is a number already."""
    return one if isinstance(one, int) else _builtin_ord(one)


_builtin_ord = ord


def _install(domain, localedir=None, unicode=True, codeset=None, names=None):
    """``gettext.install`` with the arguments it had."""
    gettext.translation(domain, localedir, fallback=True).install(names)


def help_old_scripts() -> None:
    """Puts the missing names where scripts look for them; what is there is left alone."""
    for name, value in _NAMES.items():
        if not hasattr(builtins, name):
            setattr(builtins, name, value)
    builtins.ord = _ord
    if not hasattr(array.array, "tostring"):
        array.array = Array
    if not hasattr(sys, "maxint"):
        sys.maxint = sys.maxsize
    gettext.install = _install
    if not hasattr(builtins, "_"):
        builtins._ = lambda text: text
