"""What this system calls the packages that a window made in Python needs.

Standard library only: the installer and ``pluripaint doctor`` load this file by its path.
"""

from __future__ import annotations

import glob
import shutil

_NAMES = {
    "apt-get": ("python3-gi", "gir1.2-gtk-3.0"),
    "dnf": ("python3-gobject", "gtk3"),
    "pacman": ("python-gobject", "gtk3"),
}
_TYPELIBS = ("/usr/lib*", "/usr/lib/*", "/usr/local/lib*", "/usr/local/lib/*")


def missing(gi: bool, gtk: bool) -> str:
    """The packages to install; empty when nothing is missing.

    Args:
        gi: whether Python imports ``gi``.
        gtk: whether it finds GTK 3 by it; without ``gi`` it cannot tell, so the files are looked for.
    """
    names = next((names for manager, names in _NAMES.items() if shutil.which(manager)), _NAMES["apt-get"])
    gtk = gtk or (not gi and _typelib_there())
    return " and ".join(name for name, there in zip(names, (gi, gtk)) if not there)


def _typelib_there() -> bool:
    return any(glob.glob(f"{folder}/girepository-1.0/Gtk-3.0.typelib") for folder in _TYPELIBS)


def missing_here() -> str:
    """The packages that this Python lacks; empty when it finds GTK 3."""
    try:
        import gi
    except ImportError:
        return missing(False, False)
    try:
        gi.require_version("Gtk", "3.0")
    except ValueError:
        return missing(True, False)
    return ""
