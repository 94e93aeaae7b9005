"""A real Krita for each file of this folder; each test gets a document of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_without_krita import Docker, package_under_qt6
from krita_editor import QUICK, ROOT, KritaEditor
from stage import Stage


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder of the person's choice, or a temporary one."""
    chosen = os.environ.get("PLURIPAINT_SHOTS")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("shots")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shots: Path) -> Iterator[KritaEditor]:
    """Krita on a display of its own.

    Not one for all files: what goes wrong in one of them stays there.
    """
    stage = Stage(shots)
    try:
        editor = KritaEditor(stage, tmp_path_factory.mktemp("kr") / "Zoë's profile", QUICK)
        try:
            yield editor
        finally:
            editor.close()
    finally:
        stage.close()


@pytest.fixture
def krita(running: KritaEditor) -> Iterator[KritaEditor]:
    """Krita with nothing open; an exception that nobody caught fails the test during which it came."""
    running.close_documents()
    yield running
    errors = running.script_errors()
    running.close_documents()
    assert not errors, "\n".join(errors)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A copy of the sample photograph: Krita saves changes beside it by itself, and asks about them the next time."""
    return Path(shutil.copy(ROOT / "assets" / "sample" / "photo.jpg", tmp_path))


@pytest.fixture(scope="module")
def product() -> Iterator[Any]:
    """The plug-in's docker as a package, without Krita."""
    with package_under_qt6() as package:
        yield package


@pytest.fixture
def docker(product: Any) -> Iterator[Docker]:
    made = Docker(product)
    yield made
    made.panel.close()
    for run in list(made.desk.runs):
        run.cancel()
