"""A GIMP 2.10 whose Python finds no GTK 3: the menu works with the last settings and says which package is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from gimp_editor import Gimp, root_folder, shots_folder
from PIL import Image
from real_daemon import Daemon
from skimage import data
from stage import PATIENCE, Stage, wait_for
from test_window import grown

pytestmark = pytest.mark.editor

PACKAGES = ("gimp", "python3", "python3-gi", "fonts-dejavu-core")
NEEDS = "The window needs gir1.2-gtk-3.0: install that, then run the installer again."


@pytest.fixture(scope="module", params=["2.10"])
def gimp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gimp]:
    """GIMP 2.10 in a root folder of Debian 12 where the package was never installed; its messages are in its log."""
    folder = tmp_path_factory.mktemp("without GTK 3")
    photo = folder / "photo.png"
    Image.fromarray(data.chelsea()).save(photo)
    stage = Stage(shots_folder(folder), gtk=True)
    running = daemon = None
    try:
        root = root_folder("bookworm", *PACKAGES)
        running = Gimp(stage, root, folder / f"pp-without-gtk-{os.getpid()}", photo, request.param)
        daemon = running.daemon = Daemon(running.home)
        running.remember(variations=2, preset="fast", method="exemplar", seed=7)
        running.hand(
            "from pluripaint_gimp import libgimp210 as g; "
            "g.more({'message_set_handler': (g.i32, g.i32)}); g.message_set_handler(1)"
        )
        yield running
    finally:
        if running:
            running.close()
        if daemon:
            daemon.close()
        stage.close()


def said(gimp: Gimp, sentence: str) -> None:
    """Waits until GIMP's messages hold a sentence; forgets it."""
    wait_for(lambda: sentence in gimp.log.read_text(errors="replace"), PATIENCE, sentence)
    os.truncate(gimp.log, 0)


def test_the_menu_works_without_gtk(gimp: Gimp) -> None:
    gimp.press("generate")
    said(gimp, "Select what is to be replaced")
    gimp.hand("select(max(images()), 'ellipse', 150, 80, 90, 70, 8.0)")
    before = gimp.state()

    gimp.press("generate")
    after = gimp.wait_state(grown, "the group")
    said(gimp, f"These are the last settings. {NEEDS}")
    gimp.stage.screenshot("gimp-2.10-without-gtk")
    group = after["tree"][0]
    assert group["name"] == "Variations · exemplar · 7" and len(group["children"]) == 2
    gimp.keys("ctrl+z")
    assert gimp.wait_state(lambda s: len(s["tree"]) == 1, "undo") == before

    gimp.press("generate-last")
    first = gimp.wait_state(grown, "the group")
    gimp.press("pick")
    said(gimp, f"{NEEDS} The eyes in the Layers list show the variations, too.")
    assert gimp.state() == first
    gimp.press("generate-more")
    more = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the second group")
    assert more["tree"][1:] == first["tree"]
    gimp.press("keep")
    kept = gimp.wait_state(lambda s: s["tree"][0]["kind"] == "layer", "one layer")
    assert kept["tree"][1:] == first["tree"]
    gimp.press("status")
    said(gimp, "The daemon runs (version ")
    log = gimp.log.read_text(errors="replace")
    assert NEEDS not in log, "what needs no window says nothing of it"
