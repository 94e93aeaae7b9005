"""On a screen with two pixels to a point one pixel of the photograph is one pixel of the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.editor

SIDE = 24


@pytest.fixture(scope="module")
def scale() -> int:
    return 2


def seen_at(screen: np.ndarray, patch: np.ndarray) -> list[tuple[int, int]]:
    """Where a patch stands in a picture, pixel for pixel: (row, column)."""
    windows = np.lib.stride_tricks.sliding_window_view(screen[..., 1], (1, SIDE))[:, :, 0]
    rows, columns = np.nonzero((windows == patch[0, :, 1]).all(axis=-1))
    return [
        (y, x) for y, x in zip(rows, columns) if np.array_equal(screen[y : y + SIDE, x : x + SIDE], patch)
    ]


def test_the_review_is_sharp(gimp):
    gimp.hand("select(max(images()), 'ellipse', 150, 80, 90, 70, 8.0)")
    photo = gimp.pixels("visible", "R'G'B' u8", "u1")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.wait_review()
    gimp.stage.focus(window)
    shot = gimp.stage.screenshot(f"gimp-{gimp.version}-hidpi-review", window)
    with Image.open(shot) as picture:
        screen = np.asarray(picture.convert("RGB"))
    beside = photo[105 : 105 + SIDE, 270 : 270 + SIDE]  # a little to the right of the selection
    assert len(seen_at(screen, beside)) == 1
    gimp.stage.key("Escape")
