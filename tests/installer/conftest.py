"""Which of the installer's tests run here, and what whole runs of it start from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_set import make_checkout, make_wheels

# Needs root and mmdebstrap; CI sets this.
collect_ignore = [] if os.environ.get("PLURIPAINT_BARE_MACHINE") else ["test_bare_machine.py"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory) -> Path:
    return make_wheels(tmp_path_factory.mktemp("set") / "wheel's folder")


@pytest.fixture(scope="session")
def versions(tmp_path_factory) -> dict[str, Path]:
    """Checkouts by name; what is broken in them, its own."""
    base = tmp_path_factory.mktemp("checkouts")
    wanted = {
        "old": ("1.0", ""),
        "new": ("1.1", ""),
        "no-proof": ("1.2", "proof"),
        "no-final": ("1.3", "final"),
    }
    return {name: make_checkout(base / f"{name} chéckout", *what) for name, what in wanted.items()}


@pytest.fixture
def home(tmp_path) -> Path:
    """The home of a made-up user."""
    user = tmp_path / "änna bö"
    user.mkdir()
    return user


@pytest.fixture
def environ(tmp_path, home) -> dict[str, str]:
    """What that user's programs start with."""
    return {"PATH": str(tmp_path / "bin"), "HOME": str(home)}
