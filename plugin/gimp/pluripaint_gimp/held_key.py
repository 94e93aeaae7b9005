"""A shortcut that is held: GIMP calls the entry again and again, and each call is a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable

from .backend import NONINTERACTIVE, Backend, Invocation

Run = Callable[[Backend, Invocation], "str | None"]

_STARTED = time.time()

_SECONDS = 1.0
"""From what one call wrote to the start of the next: desktops wait up to 0.7 s before a key repeats."""

_COMING_UP = 30.0
"""So long a process may take from its start to its call, with dozens of them starting at once."""


def once(name: str, run: Run) -> Run:
    """``run``, cancelled where the same entry was called for the same picture less than a second ago, done or not: it
    may be over before the key begins to repeat.
    """

    def guarded(gimp: Backend, call: Invocation) -> str | None:
        if call.mode == NONINTERACTIVE:
            return run(gimp, call)
        path = os.path.join(gimp.settings_folder(), "pluripaint-called.json")
        key = [os.getppid(), call.image, name]
        last = _read(path)
        _write(path, [*key, time.time()])
        if last[:3] == key and -_COMING_UP < _STARTED - last[3] < _SECONDS:
            return None
        return run(gimp, call)

    return guarded


def _read(path: str) -> list[object]:
    """Process of GIMP, picture, entry, seconds since 1970 of the last call; zeros where it is not known."""
    try:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
    except (OSError, ValueError):
        said = None
    fits = isinstance(said, list) and len(said) == 4 and isinstance(said[3], float)
    return said if fits else [0, 0, "", 0.0]


def _write(path: str, said: list[object]) -> None:
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(said, file)
        os.replace(temporary, path)
    except OSError:  # without it, a key that is held does more than it should
        with contextlib.suppress(OSError):
            os.remove(temporary)
