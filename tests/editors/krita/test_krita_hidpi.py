"""On a screen with two pixels to a point one pixel of the photograph is one pixel of the screen, and thumbnails are
drawn for the screen's pixels."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from krita_editor import QUICK, KritaEditor
from PIL import Image
from stage import Stage

pytestmark = pytest.mark.editor

SIDE = 24
BOX = (430, 330, 90, 60)
COUNT = 3


@pytest.fixture(scope="module")
def hidpi(tmp_path_factory: pytest.TempPathFactory, shots: Path) -> Iterator[KritaEditor]:
    """Krita on such a screen."""
    stage = Stage(shots, size="2800x1800")
    try:
        settings = {**QUICK, "variations": COUNT}
        editor = KritaEditor(stage, tmp_path_factory.mktemp("hidpi") / "profile", settings, scale=2)
        try:
            yield editor
        finally:
            editor.close()
    finally:
        stage.close()


def seen_at(screen: np.ndarray, patch: np.ndarray) -> list[tuple[int, int]]:
    """Where a patch stands in a picture, pixel for pixel: (row, column)."""
    height, width = patch.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(screen[..., 1], (1, width))[:, :, 0]
    rows, columns = np.nonzero((windows == patch[0, :, 1]).all(axis=-1))
    return [
        (y, x) for y, x in zip(rows, columns) if np.array_equal(screen[y : y + height, x : x + width], patch)
    ]


def widget_on(krita: KritaEditor, screen: np.ndarray, name: str) -> np.ndarray:
    """The part of a screenshot that a widget of the docker takes."""
    left, top, width, height = krita.do(
        f"""
        shown = widget({name!r})
        corner = shown.mapTo(shown.window(), QtCore.QPoint(0, 0))
        outer = shown.window().windowHandle().geometry()
        answer = [outer.x() + corner.x(), outer.y() + corner.y(), shown.width(), shown.height()]
        """
    )
    scale = krita.scale
    return screen[top * scale : (top + height) * scale, left * scale : (left + width) * scale]


def thumbnail(krita: KritaEditor, row: int) -> np.ndarray:
    """The pixels that were made for one of the strip's icons: uint8 [H, W, 3]."""
    width, height, rows = krita.do(
        f"""
        import base64
        icon = widget('pluripaint_strip').item({row}).icon()
        image = icon.pixmap(icon.availableSizes()[0]).toImage().convertToFormat(QtGui.QImage.Format_RGBA8888)
        bits = image.constBits()
        bits.setsize(image.sizeInBytes())
        answer = [image.width(), image.height(), base64.b64encode(bytes(bits)).decode()]
        """
    )
    return np.frombuffer(base64.b64decode(rows), "u1").reshape(height, width, 4)[..., :3]


def test_the_review_and_its_thumbnails_are_sharp(hidpi, photo):
    krita = hidpi
    krita.open(photo)
    krita.select(*BOX)
    before = np.frombuffer(krita.pixels(), "u1").reshape(800, 1200, 4)[..., 2::-1]
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    krita.ready()
    assert krita.do("answer = widget('pluripaint_picture').devicePixelRatioF()") == 2
    with Image.open(krita.stage.screenshot("krita_hidpi_review", krita.stage.window("Krita"))) as picture:
        screen = np.asarray(picture.convert("RGB"))
    beside = before[345 : 345 + SIDE, 525 : 525 + SIDE]  # a little to the right of the selection
    assert len(seen_at(widget_on(krita, screen, "pluripaint_picture"), beside)) == 1
    strip = widget_on(krita, screen, "pluripaint_strip")
    side = krita.do("answer = widget('pluripaint_strip').iconSize().width()")
    for row in range(COUNT):
        small = thumbnail(krita, row)
        assert max(small.shape[:2]) == 2 * side, "drawn for the screen's pixels"
        assert len(seen_at(strip, small)) == 1, "and shown as drawn"
