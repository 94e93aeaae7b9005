"""One stage, one GIMP and one daemon for each GIMP version; all tests of a module share them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from gimp_editor import VERSIONS, Gimp, root_folder, shots_folder
from PIL import Image
from real_daemon import Daemon
from skimage import data
from stage import Stage


@pytest.fixture(scope="module")
def translated() -> bool:
    """Whether the module's GIMP speaks the language of ``pseudo_locale``; a module may say so."""
    return False


@pytest.fixture(scope="module")
def scale() -> int:
    """Pixels of the screen to a point in the module's GIMP; a module may say another."""
    return 1


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    """Scripts of ``scripts/`` in the module's GIMP: procedure to file; a module may say which."""
    return {}


@pytest.fixture(scope="module", params=VERSIONS)
def gimp(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    translated: bool,
    scale: int,
    scripts: dict[str, str],
) -> Iterator[Any]:
    """A running GIMP with a photograph open and a warm daemon beside it."""
    version = request.param
    folder = tmp_path_factory.mktemp(f"gimp {version}")
    photo = folder / "photo.png"
    Image.fromarray(data.chelsea()).save(photo)
    root = root_folder() if version != "2.10" else None
    assert root or shutil.which("gimp-2.10"), "GIMP 2.10 is not installed"
    stage = Stage(shots_folder(folder), gtk=True)
    running = daemon = None
    try:
        running = Gimp(
            stage,
            root,
            folder / f"pp-{version}-{os.getpid()}",
            photo,
            version,
            translated=translated,
            scale=scale,
            scripts=scripts,
        )
        daemon = Daemon(running.home)
        running.daemon = daemon
        running.remember(variations=3, preset="fast", method="exemplar", seed=7)
        yield running
    finally:
        if running:
            running.close()
        if daemon:
            daemon.close()
        stage.close()
