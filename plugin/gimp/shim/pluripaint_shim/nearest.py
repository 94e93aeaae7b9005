"""The sentence for a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def sentence(name: str, names: Iterable[str], where: str) -> str:
    """Names what is missing and the nearest name that exists."""
    asked = name.replace("_", "-")
    there = sorted(set(names))
    close = difflib.get_close_matches(asked, there, n=1, cutoff=0.5)
    if not close:
        # The words of the name, wherever they stand.
        words = set(asked.split("-"))
        close = sorted(there, key=lambda one: -len(words & set(one.split("-"))))[:1]
    hint = f"; the nearest known name is “{close[0]}”" if close else ""
    return f"{where} has no procedure “{asked}”{hint}."
