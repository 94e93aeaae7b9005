"""A shortcut that is held: GIMP calls the entry again and again, and each call is a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable

from .backend import NONINTERACTIVE, Backend, Invocation

Run = Callable[[Backend, Invocation], "str | None"]

_SECONDS = 1.0
"""Desktops wait up to 0.7 s before a key repeats, and a process comes up a little sooner or later than another."""


def once(name: str, run: Run) -> Run:
    """``run``, cancelled where the same entry was called for the same picture less than a second ago, done or not: it
    may be over before the key begins to repeat.
    """

    def guarded(gimp: Backend, call: Invocation) -> str | None:
        if call.mode == NONINTERACTIVE:
            return run(gimp, call)
        path = os.path.join(gimp.settings_folder(), "pluripaint-called.json")
        key = [os.getppid(), call.image, name]
        last, now = _read(path), time.time()
        _write(path, [*key, now])
        if last[:3] == key and 0 <= now - last[3] < _SECONDS:
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
