"""What people read, in the language their editor runs in: one catalogue for both plug-ins, the client and the daemon.

gettext's own format: ``locale/LANGUAGE/LC_MESSAGES/pluripaint.mo`` beside this file; English where there is none. The
texts to translate are in ``locale/pluripaint.pot``, which ``plugin/extract_texts.py`` makes.

The daemon speaks English, as it serves editors of several languages: what it says is looked up here where it is shown.
A sentence with values in it is a :class:`Sentence`, also on its way over the wire.
"""

from __future__ import annotations

import gettext
import os
from typing import Any, List, Mapping, Tuple, Union

DOMAIN = "pluripaint"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")

Value = Union[str, int, float]


def languages() -> List[str]:
    """Best first, as gettext itself chooses: an editor's own language switch sets ``LANGUAGE``."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return [language for language in value.split(":") if language]
    return []


_catalogue = gettext.translation(DOMAIN, FOLDER, languages(), fallback=True)


class Sentence(str):
    """An English sentence with values in it that remembers how it was made, so that ``_`` can say it otherwise.

    Example::

        Sentence("“{name}” goes from {low:g} to {high:g}.", name="variety", low=0.0, high=2.0)
    """

    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, **values: Value) -> Sentence:
        return cls.received(template.format(**values), template, values)

    @classmethod
    def received(cls, whole: str, template: str, values: Mapping[str, Value]) -> Sentence:
        """One that somebody else made: ``template`` is looked up, and never filled in as it came."""
        made = str.__new__(cls, whole)
        made.template, made.values = template, values
        return made

    def __reduce__(self) -> Tuple[Any, ...]:
        return Sentence.received, (str(self), self.template, dict(self.values))


def _(text: str) -> str:
    """A text in the person's language; one that no catalogue knows stays as it is."""
    if isinstance(text, Sentence):
        template = _catalogue.gettext(text.template)
        try:
            return str(text) if template == text.template else template.format(**text.values)
        except (LookupError, ValueError, TypeError, AttributeError):
            return str(text)  # a translation, or a daemon of another version, names other values
    return _catalogue.gettext(text) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """A counted text in the person's language."""
    return _catalogue.ngettext(one, many, count)
