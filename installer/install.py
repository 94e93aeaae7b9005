#!/usr/bin/env python3
"""Install, upgrade, repair or remove pluripaint for this user: ``python3 installer/install.py --help``.

This file stays readable for old Pythons, so that they can look for a newer one or say what is missing; the
work is done in ``pluripaint_installer``. Standard library only, and nothing of the package it installs is
imported."""

import os
import shutil
import sys

OLDEST, NEWEST = (3, 10), (3, 14)  # the Pythons with a constraints-3.N.txt


def supported(version):
    return OLDEST <= tuple(version[:2]) <= NEWEST


def other_interpreter():
    """A Python within the range on PATH, newest first, or None."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            return found
    return None


def main():
    if not supported(sys.version_info):
        found = None if os.environ.get("PLURIPAINT_INSTALLER_REEXECUTED") else other_interpreter()
        if found is None:
            sys.exit(
                "This is Python %d.%d and pluripaint needs Python %d.%d to %d.%d: install one of them, "
                "then run python3.%d installer/install.py"
                % (sys.version_info[:2] + OLDEST + NEWEST + NEWEST[1:])
            )
        os.environ["PLURIPAINT_INSTALLER_REEXECUTED"] = "1"
        sys.stdout.write("Using %s, since this Python is outside the range.\n" % found)
        sys.stdout.flush()
        os.execv(found, [found, "-I", os.path.abspath(__file__)] + sys.argv[1:])
    sys.dont_write_bytecode = True  # the checkout may be read-only, and stays as it is
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from pluripaint_installer.command_line import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
