"""``layers.ora`` of ``pluripaint generate`` in GIMP 3; Debian's 2.10 reads the format by Python 2, which it lacks."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from generating import generate, make_mask, make_photo
from gimp_editor import GIMP3
from shim_console import Console, folder_for

pytestmark = pytest.mark.editor

OPENED = """
result = pdb.gimp_file_load(folder + '/layers.ora', 'layers.ora')
answer = [[one.name, bool(one.visible), list(one.offsets)] for one in result.layers]
for one in result.layers[:-1]:
    one.visible = False
"""


def test_the_photo_and_a_layer_a_variation(tmp_path):
    photo, _ = make_photo(tmp_path / "photo.png"), make_mask(tmp_path / "mask.png")
    generate(tmp_path / "photo.png", tmp_path / "mask.png", "-o", tmp_path / "out", "-n", 2, "--in-process")
    console = Console(GIMP3, folder_for(tmp_path, GIMP3), scripts=[])
    try:
        shutil.copy(tmp_path / "out" / "layers.ora", console.outside)
        outcome = console.run({"open": OPENED})["open"]
    finally:
        console.close()
    assert not outcome.error, outcome.error
    best, other, bottom = outcome.answer
    assert [best[1], other[1], bottom[1]] == [True, False, True]
    assert best[2] == [39, 30] and bottom[2] == [0, 0]
    assert "exemplar" in best[0] and "exemplar" in other[0]
    assert np.array_equal(outcome.pixels[..., :3], photo.pixels)
