"""A language in which every text of ours is marked: what stays unmarked was never given to gettext."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGE = "eo"
"""Esperanto: a language that editors have, so that they let it through, and nobody's catalogue of ours."""
TEMPLATE = Path(__file__).resolve().parents[2] / "plugin" / "pluripaint_client" / "locale" / "pluripaint.pot"

_ACCENTED = str.maketrans("aceginorsuyACEGINORSUY", "àçéĝîñôŕšûýÀÇÉĜÎÑÔŔŠÛÝ")


def marked(text: str) -> str:
    """The text with accents and brackets; what stands in braces and the key behind an underline are kept."""
    parts = re.split(r"(\{[^}]*\}|[_&].)", text)
    return "⟦" + "".join(part if part[:1] in "{_&" else part.translate(_ACCENTED) for part in parts) + "⟧"


def write_catalogue(locale: Path) -> None:
    """Write ``LANGUAGE``'s compiled catalogue into a folder ``locale``."""
    with TEMPLATE.open("rb") as file:
        template = read_po(file)
    catalogue = Catalog(locale=LANGUAGE)
    for message in template:
        if message.id:
            both = (message.id,) if isinstance(message.id, str) else message.id
            words = tuple(marked(text) for text in both)
            catalogue.add(message.id, words[0] if isinstance(message.id, str) else words)
    folder = locale / LANGUAGE / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pluripaint.mo").open("wb") as file:
        write_mo(file, catalogue)


def unmarked(texts: Iterable[str]) -> list[str]:
    """Texts with a word outside every ⟦…⟧; a method's name is no word."""
    found = []
    for text in texts:
        rest, before = text, ""
        while rest != before:  # a marked text may stand in another
            before, rest = rest, re.sub(r"⟦[^⟦⟧]*⟧", "", rest)
        if re.search(r"[A-Za-z]{3,}", rest.replace("exemplar", "")):
            found.append(text)
    return found
