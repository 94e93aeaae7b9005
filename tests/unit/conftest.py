"""What several unit tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluating import folder, home  # noqa: F401
from generating import make_mask, make_photo
from toys import SEEN

from pluripaint.methods import registry


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A small photograph, a mask, and a folder that is not there yet."""
    make_photo(tmp_path / "photo.png")
    make_mask(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png", tmp_path / "out"


@pytest.fixture
def toys(monkeypatch) -> None:
    """Two methods more: ``toy`` and, as a network of 32 pixels a side, ``small-toy``."""
    SEEN.clear()
    monkeypatch.setitem(registry._METHODS, "toy", "toys:Toy")
    monkeypatch.setitem(registry._METHODS, "small-toy", "toys:SmallToy")
