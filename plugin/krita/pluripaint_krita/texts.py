"""The plug-in's sentences in the language Krita runs in, by gettext; English where there is no translation."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

DOMAIN = "pluripaint_krita"
_FOLDER = Path(__file__).resolve().parent / "locale"


def _languages() -> list[str]:
    """What Krita was told (its language switch sets LANGUAGE), else the system's."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return value.split(":")
    return []


_translation = gettext.translation(DOMAIN, str(_FOLDER), _languages(), fallback=True)


def _(text: str) -> str:
    """The translation of a text that stands literally in the code."""
    return _translation.gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The translation of a counted text."""
    return _translation.ngettext(one, many, count)
