"""*Keep Visible* where Krita does not let go of a layer, and what is active before and after it."""

from __future__ import annotations

import pytest
from krita_editor import LAYER, KritaEditor

pytestmark = pytest.mark.editor

BOX = (430, 330, 90, 60)


@pytest.fixture
def a_set(krita, photo):
    """Three candidates, the best one visible; no node is about to be made active any more."""
    krita.open(photo)
    krita.select(*BOX)
    krita.do("widget('pluripaint_count').setValue(3)")
    krita.trigger("pluripaint_2_again")
    krita.generated()
    krita.do(
        """
        loop = QtCore.QEventLoop()
        QtCore.QTimer.singleShot(400, loop.quit)
        loop.exec()
        from pluripaint_krita.extension import desk
        desk().forget_sentence()
        """
    )
    return krita


def change(krita: KritaEditor, rank: int, what: str) -> None:
    """Does something to a node of the set: 0 is the group, 1 its lowest candidate."""
    node = krita.group()[rank][4]
    krita.do(
        f"""
        document = app.activeDocument()
        node = [n for n in every(document.rootNode()) if n.uniqueId().toString() == {node!r}][0]
        node.{what}
        document.waitForDone()
        """
    )


def active(krita: KritaEditor) -> str:
    return str(krita.do("answer = app.activeDocument().activeNode().name()"))


@pytest.mark.parametrize("second_visible", [False, True], ids=["one is kept", "two are kept"])
@pytest.mark.parametrize("rank", [0, 1, 3], ids=["group", "hidden", "visible"])
def test_what_is_locked_is_said_and_nothing_is_removed(a_set, rank, second_visible):
    krita = a_set
    if second_visible:
        change(krita, 2, "setVisible(True)")
    change(krita, rank, "setLocked(True)")
    before, entries, name = krita.state(), krita.undo_entries(), krita.group()[rank][1]
    krita.trigger("pluripaint_5_keep")
    krita.wait("widget('pluripaint_sentence').text() != ''", "a sentence")
    if rank == 3 and second_visible:  # it stays where it is
        assert "discarded" in krita.sentence() and len(krita.group()) == 3
        return
    assert f"“{name}” is locked" in krita.sentence()
    assert krita.state() == before and krita.undo_entries() == entries
    change(krita, rank, "setLocked(False)")
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    assert len(krita.group()) == (3 if second_visible else 0)


@pytest.mark.parametrize("second_visible", [False, True], ids=["one is kept", "two are kept"])
def test_what_was_active_is_active_again(a_set, second_visible):
    krita = a_set
    if second_visible:
        change(krita, 2, "setVisible(True)")
    assert active(krita) == LAYER
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    krita.wait(f"app.activeDocument().activeNode().name() == {LAYER!r}", "the person's own layer")


def test_what_krita_leaves_is_not_said_to_be_discarded(a_set):
    krita = a_set
    change(krita, 2, "setVisible(True)")
    before = krita.state()
    # In place of whatever else may keep Krita from it.
    krita.do("app.action('remove_layer').blockSignals(True)")
    try:
        krita.trigger("pluripaint_5_keep")
        krita.wait("widget('pluripaint_sentence').text() != ''", "a sentence")
    finally:
        krita.do("app.action('remove_layer').blockSignals(False)")
    assert "discarded" not in krita.sentence() and "Krita" in krita.sentence()
    assert krita.state()["tree"] == before["tree"]


def test_it_works_while_the_layers_docker_is_a_tab_in_the_background(a_set):
    krita = a_set
    change(krita, 2, "setVisible(True)")
    krita.do(
        """
        window = app.activeWindow().qwindow()
        presets, list_of_layers = (window.findChild(QtWidgets.QDockWidget, n) for n in ('PresetDocker', 'KisLayerBox'))
        window.tabifyDockWidget(list_of_layers, presets)
        presets.raise_()
        """
    )
    krita.wait("list_of_layers.isVisible() and list_of_layers.visibleRegion().isEmpty()", "the layers behind")
    try:
        krita.trigger("pluripaint_5_keep")
        krita.wait("widget('pluripaint_sentence').text() != ''", "a sentence")
    finally:
        krita.do("list_of_layers.raise_()")
    assert "discarded" in krita.sentence() and len(krita.group()) == 3
