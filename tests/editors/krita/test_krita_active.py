"""What is selected, transparent or excluded in a real Krita decides what a run covers."""

from __future__ import annotations

import numpy as np
import pytest
from krita_editor import LAYER
from PIL import Image
from test_krita_pixels import SIZE, SPACES, fresh, gradient, pixels

pytestmark = pytest.mark.editor

SPACE = SPACES[0]


@pytest.fixture
def settings(krita):
    """Changes the docker's numbers under *More options*; put back afterwards."""
    boxes = ("grow", "feather")

    def change(**values):
        for name, value in values.items():
            krita.do(f"widget('pluripaint_{name}').setValue({value})")

    yield change
    change(**dict.fromkeys(boxes, 0))


def covered(krita):
    """Alpha of the one candidate over the canvas."""
    return pixels(krita, SPACE, krita.generated()[1][1])[..., -1]


@pytest.mark.parametrize(("grow", "feather"), [(6, 0), (-5, 0), (0, 6)])
def test_grow_and_feather_alter_what_the_candidate_covers(krita, settings, grow, feather):
    fresh(krita, SPACE, gradient())
    krita.select(60, 50, 40, 30)
    settings(grow=grow, feather=feather)
    krita.trigger("pluripaint_2_again")
    alpha = covered(krita)
    ys, xs = np.nonzero(alpha)
    if feather:
        assert alpha[65, 80] > 200 and len(np.unique(alpha)) > 5 and xs.min() < 60
    else:
        assert abs(int(xs.min()) - (60 - grow)) <= 1 and abs(int(ys.max()) - (79 + grow)) <= 1
    assert krita.selection((0, 0, *SIZE)).count(255) == 40 * 30, "the person's own selection is as it was"


def test_an_enlarged_canvas_is_offered_to_be_filled(krita, tmp_path):
    # Opened, not made new: a new document's background goes on in its own opaque colour.
    rows = np.round(np.repeat(gradient()[..., None], 3, axis=2) * 255).astype("u1")
    Image.fromarray(rows).save(tmp_path / "photo.png")
    krita.open(tmp_path / "photo.png")
    krita.do("widget('pluripaint_count').setValue(1)")
    krita.do(
        """
        document = app.activeDocument()
        document.resizeImage(-16, -12, 224, 184)
        document.waitForDone()
        """
    )
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    krita.wait("widget('pluripaint_transparent').isVisible()", "the offer")
    assert "transparent parts" in krita.sentence()
    krita.stage.screenshot("krita_transparent")
    krita.do("widget('pluripaint_transparent').setFocus()")
    krita.stage.key("space")
    krita.ready()
    krita.stage.key("Return")
    name = krita.generated()[1][1]
    alpha = np.frombuffer(krita.pixels(name), "u1").reshape(184, 224, 4)[..., 3]
    expected = np.full((184, 224), 255, "u1")
    expected[12:172, 16:208] = 0
    np.testing.assert_array_equal(alpha, expected)


SELECTIONS = {
    "several islands": "for box in ((20, 20, 30, 20), (150, 30, 5, 40), (80, 130, 20, 9)): one.select(*box, 255)",
    "one pixel": "one.select(80, 60, 1, 1, 255)",
    "inverted": "one.select(24, 20, 144, 120, 255); one.invert()",
}


@pytest.mark.parametrize("kind", SELECTIONS)
def test_what_is_selected_is_covered_whatever_its_shape(krita, kind):
    fresh(krita, SPACE, gradient())
    krita.do(
        f"""
        document = app.activeDocument()
        one = Selection()
        {SELECTIONS[kind]}
        document.setSelection(one)
        document.waitForDone()
        """
    )
    before, picture = krita.selection(), pixels(krita, SPACE)
    selection = np.frombuffer(before, "u1").reshape(SIZE[1], SIZE[0])
    share = {"several islands": 980, "one pixel": 1, "inverted": SIZE[0] * SIZE[1] - 144 * 120}
    assert np.count_nonzero(selection) == share[kind]
    krita.trigger("pluripaint_2_again")
    np.testing.assert_array_equal(covered(krita), selection)
    after = pixels(krita, SPACE)
    np.testing.assert_array_equal(after[selection == 0], picture[selection == 0])
    assert krita.selection() == before


def test_a_selection_inverted_in_the_menu_is_covered(krita):
    fresh(krita, SPACE, gradient())
    krita.select(24, 20, 144, 120)
    krita.trigger("invert_selection")
    krita.wait("app.activeDocument().selection().pixelData(0, 0, 1, 1).data()[0] == 255", "the inversion")
    krita.trigger("pluripaint_2_again")
    selection = np.frombuffer(krita.selection(), "u1").reshape(SIZE[1], SIZE[0])
    np.testing.assert_array_equal(covered(krita), selection)


def test_a_locked_layer_gives_its_pixels_like_any_other(krita):
    fresh(krita, SPACE, gradient())
    krita.do(f"app.activeDocument().nodeByName({LAYER!r}).setLocked(True)")
    before = krita.pixels(LAYER)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    krita.wait("'Inserted' in widget('pluripaint_sentence').text()", "the end of it")
    assert krita.sentence() == "Inserted as a group of layers."
    assert krita.pixels(LAYER) == before
    assert krita.do(f"answer = app.activeDocument().nodeByName({LAYER!r}).locked()")


def test_the_whole_canvas_is_refused_with_a_sentence(krita):
    fresh(krita, SPACE, gradient())
    krita.select(0, 0, *SIZE)
    krita.trigger("pluripaint_2_again")
    assert krita.sentence().startswith("Nothing would be left")
    assert "less than the whole picture" in krita.sentence()
    assert not krita.group()


def test_a_hidden_layer_is_said_to_give_way_to_all_that_is_visible(krita):
    fresh(krita, SPACE, gradient())
    krita.do(
        """
        document = app.activeDocument()
        layer = document.createNode('ghost', 'paintlayer')
        layer.setVisible(False)
        document.rootNode().addChildNode(layer, None)
        document.setActiveNode(layer)
        document.waitForDone()
        """
    )
    krita.wait("app.activeDocument().activeNode().name() == 'ghost'", "the active layer")
    krita.trigger("pluripaint_2_again")
    krita.generated()
    assert "“ghost” is hidden" in krita.sentence()


def test_only_generate_has_a_default_shortcut_and_nothing_else_of_kritas_has_it(krita, photo):
    krita.open(photo)
    found = krita.do(
        """
        answer = [[a.objectName(), s.toString()] for a in app.actions() for s in a.shortcuts()]
        """
    )
    ours = [pair for pair in found if pair[0].startswith("pluripaint_")]
    assert ours == [["pluripaint_1_generate", "Ctrl+Alt+Shift+G"]]
    assert [name for name, keys in found if keys == ours[0][1]] == ["pluripaint_1_generate"]
    assert len(found) > 100, "Krita's own shortcuts were looked at"
