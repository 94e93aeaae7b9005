"""The checkout this installer lies in: what it installs, in which version, proved with which photograph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .trouble import Trouble

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Checkout:
    """A source tree of pluripaint at ``root``."""

    root: Path

    def version(self) -> str:
        try:
            text = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        except OSError as error:
            raise Trouble(
                f"{self.root} is no complete checkout of pluripaint: pyproject.toml is missing.",
                "Fetch it again.",
            ) from error
        found = re.search(r'^version = "([^"]+)"', text, re.M)
        if not found:
            raise Trouble(f"{self.root / 'pyproject.toml'} names no version.", "Fetch the checkout again.")
        return found.group(1)

    def constraints(self, minor: int) -> Path:
        """The pinned versions for Python 3.``minor``."""
        path = self.root / "installer" / f"constraints-3.{minor}.txt"
        if not path.exists():
            raise Trouble(f"There are no pinned versions for Python 3.{minor}.", "Use Python 3.10 to 3.14.")
        return path

    def pinned(self, name: str, minor: int) -> str | None:
        found = re.search(rf"^{name}==(\S+)", self.constraints(minor).read_text(encoding="utf-8"), re.M)
        return found.group(1) if found else None

    def sample(self) -> tuple[Path, Path]:
        """The sample photograph and its mask."""
        folder = self.root / "assets" / "sample"
        pictures = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
        masks = [path for path in pictures if "mask" in path.stem]
        photos = [path for path in pictures if path not in masks]
        if not masks or not photos:
            raise Trouble(f"The sample photograph is missing in {folder}.", "Fetch the checkout again.")
        return photos[0], masks[0]
