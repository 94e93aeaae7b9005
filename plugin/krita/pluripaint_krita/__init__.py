"""Filter → Inpaint in Krita: several different fills of a selection, as layers.

Goes in: the active document with its selection. Comes out: one group of layers, in one undo step.
Open ``extension.py`` first, then ``desk.py`` (what can be done) and ``editor.py`` (what Krita is asked).
"""

import sys
from pathlib import Path

_BESIDE = str(Path(__file__).resolve().parent / "vendor")
"""The installer and the importer's zip lay a copy of ``pluripaint_client`` here."""

if _BESIDE not in sys.path and Path(_BESIDE).is_dir():
    sys.path.insert(0, _BESIDE)

try:
    import krita  # noqa: F401
except ImportError:
    # Not in Krita: the modules that do not need it can be imported, nothing is registered.
    pass
else:
    from .extension import register

    register()
