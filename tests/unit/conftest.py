"""What several unit tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from generating import make_mask, make_photo


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A small photograph, a mask, and a folder that is not there yet."""
    make_photo(tmp_path / "photo.png")
    make_mask(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png", tmp_path / "out"
