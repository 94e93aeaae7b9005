"""Puts the GIMP plug-in into a profile: ``plug-ins/pluripaint/pluripaint.py`` with its packages beside it.

Standard library only. GIMP takes a plug-in only from a folder of its own name and with the run bit set.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAME = "pluripaint"
HERE = Path(__file__).resolve().parent


def deploy(profile: Path, python: str, sources: Path | None = None) -> Path:
    """Installs or updates the plug-in in a GIMP profile (the folder that holds ``plug-ins``).

    The new folder is made beside the old one and takes its place by rename.

    Args:
        python: absolute path of the Python that runs it, as GIMP sees it; written as the interpreter line.
        sources: folder with ``gimp`` and ``pluripaint_client``; default: where this file lies.

    Returns:
        The plug-in's folder.

    Raises:
        OSError: the profile cannot be written.
    """
    sources = sources or HERE.parent
    plug_ins = profile / "plug-ins"
    plug_ins.mkdir(parents=True, exist_ok=True)
    target = plug_ins / NAME
    # The folders beside it start with a dot: GIMP searches every other one for plug-ins.
    making, old = plug_ins / f".{NAME}.new", plug_ins / f".{NAME}.old"
    for left_over in (making, old):
        shutil.rmtree(left_over, ignore_errors=True)
    _fill(making, sources, python)
    if target.exists():
        target.rename(old)
    making.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


def _fill(folder: Path, sources: Path, python: str) -> None:
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(sources / "gimp" / "pluripaint_gimp", folder / "pluripaint_gimp", ignore=ignore)
    shutil.copytree(sources / "pluripaint_client", folder / "pluripaint_client", ignore=ignore)
    locale = sources / "gimp" / "locale"
    if locale.is_dir():
        shutil.copytree(locale, folder / "locale", ignore=shutil.ignore_patterns("*.po", "*.pot"))
    text = (sources / "gimp" / "entry.py").read_text(encoding="utf-8")
    entry = folder / f"{NAME}.py"
    entry.write_text("\n".join([f"#!{python}", *text.splitlines()[1:], ""]), encoding="utf-8")
    entry.chmod(0o755)


def main() -> int:
    """``deploy.py PROFILE [PYTHON]``."""
    if not 2 <= len(sys.argv) <= 3:
        print("usage: deploy.py PROFILE [PYTHON]", file=sys.stderr)
        return 2
    python = sys.argv[2] if len(sys.argv) == 3 else os.path.realpath(sys.executable)
    print(deploy(Path(sys.argv[1]), python))
    return 0


if __name__ == "__main__":
    sys.exit(main())
