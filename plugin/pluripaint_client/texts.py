"""What people read, in the language their editor runs in: one catalogue for both plug-ins, the client and the daemon.

gettext's own format: ``locale/LANGUAGE/LC_MESSAGES/pluripaint.mo`` beside this file; English where there is none. The
texts to translate are in ``locale/pluripaint.pot``, which ``plugin/extract_texts.py`` makes.

The daemon speaks English, as it serves editors of several languages: what it says is looked up here where it is shown.
Its sentences with a value in them stay English.
"""

from __future__ import annotations

import gettext
import os
from typing import List

DOMAIN = "pluripaint"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")


def languages() -> List[str]:
    """Best first, as gettext itself chooses: an editor's own language switch sets ``LANGUAGE``."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return [language for language in value.split(":") if language]
    return []


_catalogue = gettext.translation(DOMAIN, FOLDER, languages(), fallback=True)


def _(text: str) -> str:
    """A text in the person's language; one that no catalogue knows stays as it is."""
    return _catalogue.gettext(text) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """A counted text in the person's language."""
    return _catalogue.ngettext(one, many, count)
