"""The installer's options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    prefix: str | None = None
    wheels: Path | None = None
    autostart: bool = True
    torch: str = "auto"
    editors: str = "auto"
    dry_run: bool = False
    uninstall: bool = False


def parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="install.py",
        description="Install pluripaint for this user, or upgrade or repair it. Needs no root and changes "
        "no other Python. Ends with a real job on a sample photograph.",
    )
    add = parser.add_argument
    add("--prefix", metavar="DIR", help="folder for the environment (default: the user's data folder)")
    add(
        "--wheels", metavar="DIR", type=Path, help="take every package from this folder of wheels; no network"
    )
    add("--no-autostart", dest="autostart", action="store_false", help="don't start the daemon at login")
    add(
        "--torch",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="build of torch (auto: by what is here)",
    )
    add(
        "--editors",
        metavar="auto|none|LIST",
        default="auto",
        help="editors that get the plug-in: every one found, none, or some by name (gimp-2.10,gimp-3.0,krita); "
        "others are left as they are",
    )
    add("--dry-run", action="store_true", help="say every file and command, do nothing")
    add("--uninstall", action="store_true", help="remove all that the installer made, and nothing else")
    return Options(**vars(parser.parse_args(arguments)))
