"""Where a run's pixels come from when the layer that was asked for cannot give them, and what is said of it."""

from __future__ import annotations

import pytest
from krita_editor import LAYER, KritaEditor
from stage import PATIENCE, wait_for
from test_krita_pixels import SIZE, SPACES, fresh, gradient

pytestmark = pytest.mark.editor

BOX = (60, 50, 40, 30)


@pytest.fixture
def small_layer(krita):
    """A picture, and above it an active layer with a patch of paint far from the selection."""
    fresh(krita, SPACES[0], gradient())
    krita.select(*BOX)
    krita.do(
        """
        document = app.activeDocument()
        document.resizeImage(0, 0, 1200, 900)
        layer = document.createNode('patch', 'paintlayer')
        layer.setPixelData(QByteArray(bytes([40, 90, 200, 255]) * 64), 1150, 850, 8, 8)
        document.rootNode().addChildNode(layer, None)
        document.setActiveNode(layer)
        document.refreshProjection()
        document.waitForDone()
        """
    )
    krita.wait("app.activeDocument().activeNode().name() == 'patch'", "the active layer")
    return krita


def test_a_layer_with_nothing_around_the_selection_gives_way_to_all_that_is_visible(small_layer):
    krita = small_layer
    krita.trigger("pluripaint_2_again")
    assert "less than" not in krita.sentence()
    krita.generated()
    krita.wait("'Inserted' in widget('pluripaint_sentence').text()", "the end of it")
    assert "all that is visible: “patch” has nothing around the selection" in krita.sentence()


def test_nothing_around_the_selection_at_all_is_said_as_it_is(small_layer):
    krita = small_layer
    krita.do(f"document.nodeByName({LAYER!r}).setVisible(False); document.refreshProjection()")
    krita.trigger("pluripaint_2_again")
    assert krita.sentence().startswith("There is nothing around the selection")
    assert not krita.group()


CHANGES = {
    "hidden": (f"nodeByName({LAYER!r}).setVisible(False)", f"“{LAYER}” is hidden"),
    "gone": (f"nodeByName({LAYER!r}).remove()", "the layer that the set was made from is gone"),
    "altered": (f"nodeByName({LAYER!r}).setOpacity(200)", f"“{LAYER}” is partly transparent"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_more_says_that_it_does_not_use_the_sets_own_layer(krita, change):
    what, said = CHANGES[change]
    fresh(krita, SPACES[0], gradient())
    krita.trigger("pluripaint_2_again")
    krita.generated()
    krita.do(
        f"""
        document = app.activeDocument()
        below = document.createNode('below', 'paintlayer')
        below.setPixelData(QByteArray(bytes([40, 90, 200, 255]) * {SIZE[0] * SIZE[1]}), 0, 0, *{SIZE!r})
        document.rootNode().addChildNode(below, None)
        document.{what}
        document.refreshProjection()
        document.waitForDone()
        """
    )
    krita.trigger("pluripaint_3_more")
    wait_for(lambda: groups(krita) == 2, PATIENCE, "the further set")
    krita.wait("'Inserted' in widget('pluripaint_sentence').text()", "the end of it")
    assert f"Working on all that is visible: {said}." in krita.sentence()


def test_a_set_of_all_that_is_visible_has_nothing_to_say(krita):
    fresh(krita, SPACES[0], gradient())
    krita.do("from pluripaint_krita.extension import desk; desk().set(source='visible')")
    try:
        krita.trigger("pluripaint_2_again")
        krita.generated()
        krita.trigger("pluripaint_3_more")
        wait_for(lambda: groups(krita) == 2, PATIENCE, "the further set")
        krita.wait("'Inserted' in widget('pluripaint_sentence').text()", "the end of it")
        assert "Working on" not in krita.sentence()
    finally:
        krita.do("desk().set(source='layer')")


def groups(krita: KritaEditor) -> int:
    """How many sets there are."""
    return sum(node[1].startswith("Variations ·") for node in krita.tree())
