"""Files that travel with the package: sample photograph, default weights, plug-in files.

They lie in ``_bundled/`` inside an installed wheel and at the top level of a source checkout; everything
else in the project finds them through :func:`bundled`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(relative: str) -> Path:
    """Path of a bundled file or folder, for example ``"assets/sample/photo.jpg"`` or ``"plugin/gimp"``.

    Raises:
        FileNotFoundError: neither the wheel nor the checkout holds it.
    """
    for root in (_PACKAGE / "_bundled", _PACKAGE.parent.parent):
        candidate = root / relative
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{relative} is missing from this installation; install pluripaint again.")
