"""gimpfu scripts on the shim, dropped where users drop them: GIMP 2.10 and GIMP 3.0 give the same pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from gimp_editor import GIMP3, VERSIONS
from shim_console import Console, Outcome, folder_for, mean_difference

pytestmark = pytest.mark.editor

_RGB = "image, layer = picture()\n"
_RGBA = "image, layer = picture(kind=RGBA_IMAGE)\n"
PICTURES = {
    "pixel filter": _RGB + "pdb.python_fu_pixel_filter(image, layer, 1.5, True)\nresult = image",
    "pixel filter in a selection": _RGBA
    + "pdb.gimp_rect_select(image, 10, 10, 50, 30, CHANNEL_OP_REPLACE, False, 0)\n"
    + "pdb.python_fu_pixel_filter(image, layer, 0.5, False)\nresult = image",
    "layers and groups": _RGB
    + "count, group = pdb.python_fu_shim_stack(image, layer)\nanswer = [int(count), group.name]\nresult = image",
    "selections": _RGB + "pdb.python_fu_shim_select(image, layer, 8)\nresult = image",
    "render": "result = pdb.python_fu_shim_render(96, (60, 120, 200), 5)",
    "file saver": _RGB
    + "path = folder + '/a.shimtext'\npdb.file_shimtext_save(image, layer, path, path)\n"
    + "opened = pdb.gimp_file_load(path, path)\nassert opened.width == image.width\n"
    + "result = pdb.file_shimtext_load(path, path)\nanswer = result.layers[0].name",
    "a PNG of one layer": _RGB
    + "other = layer.copy()\nimage.add_layer(other, 0)\npdb.gimp_invert(other)\n"
    + "pdb.gimp_file_save(image, layer, folder + '/b.png', 'b.png')\n"
    + "result = pdb.file_png_load(folder + '/b.png', 'b.png')",
    "levels and curves": _RGB
    + "pdb.gimp_levels(layer, HISTOGRAM_VALUE, 10, 240, 1.2, 0, 255)\n"
    + "pdb.gimp_curves_spline(layer, HISTOGRAM_GREEN, 6, [0, 0, 128, 110, 255, 255])\nresult = image",
    "brightness and contrast": _RGB + "pdb.gimp_brightness_contrast(layer, 100, -80)\nresult = image",
    "colorize and posterize": _RGB
    + "pdb.gimp_colorize(layer, 100, 50, 10)\npdb.gimp_posterize(layer, 6)\nresult = image",
    "blur and bump": _RGB
    + "bump = layer.copy()\nimage.add_layer(bump, 0)\npdb.plug_in_gauss_iir(image, layer, 8, True, True)\n"
    + "pdb.plug_in_bump_map(image, layer, bump, 135, 45, 3, 0, 0, 0, 0, True, False, 0)\n"
    + "gimp.delete(bump)\nresult = image",
    "turned and scaled": _RGB
    + "layer = layer.transform_rotate_simple(ROTATE_90, True, 0, 0, False)\n"
    + "pdb.gimp_layer_scale(layer, 60, 80, True)\nimage.resize_to_layers()\n"
    + "pdb.gimp_image_flip(image, ORIENTATION_VERTICAL)\nresult = image",
}
IMAGE_ALONE = (
    _RGB
    + "answer = [int(pdb[name](image, 'a b')) for name in ('python-fu-shim-count', 'python-fu-shim-count-too')]"
)
ANSWERS = {
    "GTK 2": "answer = [pdb.python_fu_shim_asks(0), '']\n"
    + "try:\n    pdb.python_fu_shim_asks(1)\nexcept RuntimeError as why:\n    answer[1] = str(why)",
    "an image alone": IMAGE_ALONE,
    "unknown name": "try:\n    pdb.gimp_image_get_layerz\n"
    + "except AttributeError as why:\n    answer = str(why).split(' has ')[1]",
    "wrong number": _RGB
    + "try:\n    pdb.gimp_layer_set_name(layer)\nexcept TypeError as why:\n    answer = str(why)",
    "failure": _RGB
    + "try:\n    pdb.gimp_image_remove_layer(image, gimp.Layer(image, 'x', 2, 2))\n"
    + "except RuntimeError as why:\n    answer = 'RuntimeError'",
    "no layer": "answer = pdb.gimp_image_get_active_layer(gimp.Image(4, 4, RGB)) is None",
    "run mode": _RGB
    + "pdb.gimp_file_save(image, layer, folder + '/c.png', '', run_mode=RUN_NONINTERACTIVE)\nanswer = 1",
    "results": _RGB + "answer = [pdb.gimp_image_undo_group_start(image), pdb.gimp_image_width(image), "
    "pdb.gimp_drawable_offsets(layer), pdb.gimp_image_get_layers(image)[0]]",
    "colour": "gimp.set_foreground(255, 128, 0)\nanswer = list(pdb.gimp_context_get_foreground())",
    "every type": _RGB
    + "channel = gimp.Channel(image, 'c', 5, 5, 50, (1, 2, 3))\nimage.add_channel(channel, 0)\n"
    + "path = gimp.Vectors(image, 'v')\npdb.gimp_image_insert_vectors(image, path, None, 0)\n"
    + "out = folder + '/every'\n"
    + "pdb.python_fu_shim_every_type(image, layer, out, 8, 1600, 320000, -7, 2.5, 'val', (255, 128, 0), 'blue', "
    + "layer, channel, path, 1, 0, 33, 12, 3, 'Sans', '/f', '2. Hardness 050', 'Pine', 'FG to BG (RGB)', 'pal', 'b', "
    + "'2', 'two\\nlines', '', '/tmp', 1)\nanswer = open(out).read()",
    "strokes": "image = gimp.Image(20, 20, RGB)\npath = gimp.Vectors(image, 'p')\n"
    "stroke = gimp.VectorsBezierStroke(path, [1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5], False)\n"
    "answer = [stroke.points, round(stroke.get_length(0.1), 3), len(path.strokes)]",
    "data": "gimp.set_data('shim-key', 'kept')\nimport gimpshelf\ngimpshelf.shelf['shim'] = {'a': 1}\n"
    "answer = [gimp.get_data('shim-key').decode(), gimpshelf.shelf['shim'], gimpshelf.shelf.has_key('none')]",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Outcome]]]:
    """Everything run once in each GIMP."""
    base = tmp_path_factory.mktemp("shim")
    found = {}
    for version in VERSIONS:
        console = Console(version, folder_for(base, version))
        try:
            jobs = {**PICTURES, **ANSWERS}
            ran = console.run({str(k): code for k, code in enumerate(jobs.values())})
            found[version] = dict(zip(jobs, ran.values()))
            found[version]["an image alone, known from an earlier start"] = console.run(
                {"again": IMAGE_ALONE}
            )["again"]
        finally:
            console.close()
    yield found


@pytest.mark.parametrize("name", PICTURES)
def test_a_script_draws_the_same_in_both(outcomes: dict, name: str) -> None:
    old, new = outcomes["2.10"][name], outcomes[GIMP3][name]
    assert not old.error, old.error
    assert not new.error, new.error
    assert old.pixels.std() > 5  # there is something in the picture
    assert mean_difference(old.pixels, new.pixels) <= 2
    assert old.answer == new.answer


@pytest.mark.parametrize("name", [*ANSWERS, "an image alone, known from an earlier start"])
def test_a_script_learns_the_same_in_both(outcomes: dict, name: str) -> None:
    old, new = outcomes["2.10"][name], outcomes[GIMP3][name]
    assert not old.error, old.error
    assert not new.error, new.error
    assert old.answer == new.answer
    assert old.answer is not None


def test_what_arrives_has_the_type_of_its_parameter(outcomes: dict) -> None:
    kinds = [kind for kind, *_ in json.loads(outcomes["2.10"]["every type"].answer)]
    assert kinds[:4] == ["Image", "Layer", "int", "int"]
    assert kinds.count("RGB") == 2
    assert kinds[-1] == "int"


def test_the_unknown_name_is_told_with_its_neighbour(outcomes: dict) -> None:
    said = outcomes[GIMP3]["unknown name"].answer
    assert "gimp-image-get-layerz" in said
    assert "gimp-image-get-layers" in said


def test_a_window_of_gtk_2_is_told(outcomes: dict) -> None:
    drawn_none, said = outcomes[GIMP3]["GTK 2"].answer
    assert drawn_none == 7 and "gtk.Window" in said and "no longer exists" in said


def test_scripts_are_as_users_drop_them() -> None:
    firsts = [
        script.read_text().splitlines()[0] for script in Path(__file__).with_name("scripts").glob("*.py")
    ]
    assert {first for first in firsts if first.startswith("#!")} == {"#!/usr/bin/env python"}
    assert any(not first.startswith("#!") for first in firsts)  # also without a first line a script runs
