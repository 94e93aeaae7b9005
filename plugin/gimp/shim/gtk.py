"""What scripts of PyGTK 2 need to start, and their message boxes; windows of their own are out of reach."""

import sys
import types

import pluripaint_shim.pdb as _pdb

_SENTENCE = (
    "This script opens a window made with GTK 2 (gtk.{}), which no longer exists; "
    "use the script's settings, or ask its author for a version for Python 3."
)


class _AnyName(type):
    """Every name below a class is a class again: enumerations, nested modules, methods."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _gone(f"{cls._name}.{name}")

    def __or__(cls, other):
        return cls

    __ror__ = __and__ = __rand__ = __or__


def _gone(name):
    """A class that may be named and inherited from; making one says what is wrong."""

    def refuse(self, *_values, **_named):
        raise _pdb.error(_SENTENCE.format(name))

    return _AnyName(name.rpartition(".")[2], (), {"_name": name, "__init__": refuse})


class MessageDialog:
    """A message box becomes a message of GIMP; whoever is asked a question says no."""

    def __init__(self, parent=None, flags=0, type=None, buttons=None, message_format=None):
        self._texts = [message_format or "", ""]

    def set_markup(self, text):
        self._texts[0] = text

    def format_secondary_text(self, text):
        self._texts[1] = text

    format_secondary_markup = format_secondary_text

    def run(self):
        _pdb.call("gimp-message", "\n".join(text for text in self._texts if text))
        return RESPONSE_NO

    def show(self):
        self.run()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_values, **_named: None


def events_pending():
    """Nothing waits in a loop that does not run."""
    return False


def main_iteration(_block=True):
    """One turn of that loop."""
    return False


RESPONSE_NONE, RESPONSE_OK, RESPONSE_CANCEL, RESPONSE_CLOSE, RESPONSE_YES, RESPONSE_NO = (
    -1,
    -5,
    -6,
    -7,
    -8,
    -9,
)


class _Gtk(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _gone(name)


sys.modules[__name__].__class__ = _Gtk
