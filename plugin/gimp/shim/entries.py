"""How GIMP finds a Python and ``gimpfu`` for a script that nobody touched.

GIMP reads ``interpreters/*.interp`` (which program runs a script: by its first line or, where that names none, by its
ending) and ``environ/*.env`` (variables for plug-ins) in the user's folder. Standard library only; the installer calls
``write`` and ``remove``.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = "pluripaint-gimpfu"
# The programs that the first lines of old scripts name: directly, or after /usr/bin/env.
PROGRAMS = ("python", "python2", "python2.7", "/usr/bin/python", "/usr/bin/python2", "/usr/bin/python2.7")


def interpreters(python: str) -> str:
    """The text of the ``.interp`` file: first lines of old scripts, then those without one, and the Python for them."""
    return "".join(f"{name}={python}\n" for name in PROGRAMS) + f":{NAME}:E::py::{python}:\n"


def environment(shim: str) -> str:
    """The text of the ``.env`` file: the shim's folder on Python's path (GIMP puts it before what is there)."""
    return f"{os.pathsep} PYTHONPATH={shim}\n"


def write(profile: Path, python: str, shim: str) -> list[Path]:
    """Writes both entries into a GIMP profile.

    Args:
        profile: the folder that holds ``plug-ins``.
        python: absolute path of the Python 3 to run scripts with.
        shim: absolute path of the folder that holds ``gimpfu.py``.

    Returns:
        The files written.

    Raises:
        OSError: the profile cannot be written.
    """
    texts = {
        profile / "interpreters" / f"{NAME}.interp": interpreters(python),
        profile / "environ" / f"{NAME}.env": environment(shim),
    }
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        making = file.with_name(f".{file.name}.new")
        making.write_text(text, encoding="utf-8")
        making.replace(file)
    return list(texts)


def remove(profile: Path) -> None:
    """Takes both entries out of a profile."""
    for file in (profile / "interpreters" / f"{NAME}.interp", profile / "environ" / f"{NAME}.env"):
        file.unlink(missing_ok=True)
