"""``layers.ora`` of ``pluripaint generate``, opened in Krita."""

from __future__ import annotations

import numpy as np
import pytest
from generating import generate, make_mask, make_photo

pytestmark = pytest.mark.editor


def test_the_photo_and_a_layer_a_variation(krita, tmp_path):
    photo, _ = make_photo(tmp_path / "photo.png"), make_mask(tmp_path / "mask.png")
    generate(tmp_path / "photo.png", tmp_path / "mask.png", "-o", tmp_path / "out", "-n", 2, "--in-process")
    krita.open(tmp_path / "out" / "layers.ora")
    best, other, bottom = krita.tree()[::-1]
    assert [best[3], other[3], bottom[3]] == [True, False, True]
    assert "exemplar" in best[1] and "exemplar" in other[1]
    layer = np.frombuffer(krita.pixels(bottom[1]), "u1").reshape(*photo.pixels.shape[:2], 4)
    assert np.array_equal(layer[..., 2::-1], photo.pixels), "Krita keeps blue first"
