"""What Python 2 had by itself and scripts of its years still call after their syntax was brought up to date."""

from __future__ import annotations

import array
import builtins
import collections
import collections.abc
import functools
import gettext
import importlib
import itertools
import math
import os
import string
import struct
import sys
import time
import urllib
from pathlib import Path

from . import python2_types
from .values import Pixels, as_bytes

_NAMES = {
    "xrange": range,
    "unicode": str,
    "long": int,
    "basestring": str,
    "unichr": chr,
    "raw_input": input,
    "reduce": functools.reduce,
    "reload": importlib.reload,
    "intern": sys.intern,
    "apply": lambda function, values=(), named=None: function(*values, **(named or {})),
    "file": open,
    "cmp": python2_types.compare,
    "execfile": lambda path: exec(compile(Path(path).read_bytes(), path, "exec"), globals()),
}
_array, _struct_pack, _builtin_ord = array.array, struct.pack, ord
_LARGEST_LIST = 1 << 20  # numbers; beyond it a range stays one, which counts as well and needs no memory


class Array(_array):
    """An array of numbers that is filled from text and gives it, as it was before Python 3."""

    def __new__(cls, typecode, values=()):
        return _array.__new__(
            cls, typecode, as_bytes(values) if isinstance(values, str) and typecode != "u" else values
        )

    def tostring(self):
        return Pixels(self.tobytes())

    def fromstring(self, data):
        self.frombytes(as_bytes(data))


def _pack(form, *values):
    """``struct.pack``; what it gives joins with text, and text goes in."""
    return Pixels(_struct_pack(form, *[as_bytes(one) if isinstance(one, str) else one for one in values]))


class Listed(list):
    """A list that can also be walked through once, for scripts that know what Python 3 gives."""

    def __next__(self):
        self._walk = getattr(self, "_walk", None) or iter(self)
        return next(self._walk)


def lists(function):
    """A builtin that gave a list in Python 2, for the names of scripts only."""

    @functools.wraps(function, updated=())
    def listed(*values):
        return Listed(function(*values))

    return listed


def numbers(*values):
    """``range``, which gave a list; half of an odd number, as ``/`` gives it now, is rounded down as it was."""
    found = range(*[math.floor(one) if isinstance(one, float) else one for one in values])
    return list(found) if len(found) <= _LARGEST_LIST else found


def _ord(one):
    """The number of a character; a single byte of ``bytes`` is a number already."""
    return one if isinstance(one, int) else _builtin_ord(one)


def _install(domain, localedir=None, unicode=True, codeset=None, names=None):
    """``gettext.install`` with the arguments it had."""
    gettext.translation(domain, localedir, fallback=True).install(names)


def _maketrans(old, new):
    """A table for ``str.translate``: every character below 256, ``old`` replaced by ``new``."""
    table = [chr(k) for k in range(256)]
    for one, other in zip(old, new):
        table[ord(one)] = other
    return "".join(table)


def _text_function(name):
    """A method of text as the function that ``string`` had."""
    return lambda text, *values: getattr(text, name)(*values)


def _later(module, name):
    """A function of a module that is loaded when the function is called: some take long."""
    return lambda *values, **named: getattr(importlib.import_module(module), name)(*values, **named)


_STRING = {
    "maketrans": _maketrans,
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "join": lambda words, separator=" ": separator.join(words),
    "joinfields": lambda words, separator=" ": separator.join(words),
    "atoi": int,
    "atol": int,
    "atof": float,
    **{
        name: _text_function(name)
        for name in (
            "split", "rsplit", "replace", "strip", "lstrip", "rstrip", "lower", "upper", "find", "rfind", "index",
            "count", "zfill", "ljust", "rjust", "center", "capitalize", "translate",
        )
    },
}  # fmt: skip
_MODULES = {
    string: _STRING,
    collections: {
        name: getattr(collections.abc, name)
        for name in (
            "Callable",
            "Iterable",
            "Iterator",
            "Mapping",
            "MutableMapping",
            "Sequence",
            "Set",
            "Sized",
        )
    },
    itertools: {
        "izip": zip,
        "imap": map,
        "ifilter": filter,
        "izip_longest": itertools.zip_longest,
        "ifilterfalse": itertools.filterfalse,
    },
    sys: {
        "maxint": sys.maxsize,
        "setdefaultencoding": lambda _name: None,
        "exc_clear": lambda: None,
    },
    time: {"clock": time.process_time},
    urllib: {
        **{
            name: _later("urllib.parse", name)
            for name in ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode")
        },
        **{
            name: _later("urllib.request", name)
            for name in ("urlopen", "urlretrieve", "pathname2url", "url2pathname")
        },
    },
}


def help_old_scripts() -> None:
    """Puts the missing names where scripts look for them; what is there is left alone."""
    for module, names in [(builtins, _NAMES), *_MODULES.items()]:
        for name, value in names.items():
            if not hasattr(module, name):
                setattr(module, name, value)
    python2_types.extend()
    builtins.ord, array.array, struct.pack, gettext.install = _ord, Array, _pack, _install
    if not hasattr(builtins, "_"):
        builtins._ = lambda text: text


def help_script(names: dict) -> None:
    """Helps with what a script imported by name before it imported ``gimpfu``.

    Args:
        names: the script's global names.
    """
    ours = {id(_array): Array, id(_struct_pack): _pack}
    names.update({name: ours[id(value)] for name, value in names.items() if id(value) in ours})
    zipfile = sys.modules.get("zipfile")
    if zipfile and zipfile.ZipFile.__init__.__module__ == "zipfile":
        _open_zip(zipfile.ZipFile)


def _open_zip(kind):
    """Archives may be named by encoded text."""
    opened = kind.__init__

    def init(self, file, *values, **named):
        opened(self, os.fsdecode(file) if isinstance(file, bytes) else file, *values, **named)

    kind.__init__ = init
