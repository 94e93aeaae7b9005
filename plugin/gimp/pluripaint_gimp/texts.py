"""The plug-in's sentences in the person's language: gettext catalogues in ``locale`` beside the plug-in."""

from __future__ import annotations

import gettext
import os

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "locale")
_catalogue = gettext.translation("pluripaint-gimp", _FOLDER, fallback=True)

_ = _catalogue.gettext
ngettext = _catalogue.ngettext
