"""The register of 2.10 procedures that need more in GIMP 3 than another name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from gi.repository import Gimp

KNOWN: dict[str, Callable[..., Any]] = {}


def known(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers ``function(port, *plain values without the run mode)`` for these 2.10 names."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            KNOWN[name] = function
        return function

    return keep


def item(number: int) -> Any:
    """An item by its number; ``None`` for none."""
    return Gimp.Item.get_by_id(number) if number > 0 else None


def image(number: int) -> Any:
    """An image by its number."""
    return Gimp.Image.get_by_id(number) if number > 0 else None


def number(thing: Any) -> int:
    """The number of an image or item; -1 for none."""
    return thing.get_id() if thing is not None else -1


@contextmanager
def context() -> Any:
    """Settings made inside are taken back."""
    Gimp.context_push()
    try:
        yield
    finally:
        Gimp.context_pop()
