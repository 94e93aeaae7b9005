"""What a person does while a job runs, and what was active when it began: the result goes where it belongs."""

from __future__ import annotations

import pytest
from krita_editor import LAYER, KritaEditor
from stage import PATIENCE, wait_for

pytestmark = pytest.mark.editor

BOX = (430, 330, 90, 60)


@pytest.fixture
def at_work(krita, photo):
    """A job that a person has started; the document's name stands in Krita's ``first``."""
    krita.open(photo)
    krita.select(*BOX)
    krita.do("first = app.activeDocument(); widget('pluripaint_count').setValue(4)")
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    krita.wait("widget('pluripaint_words').isVisible()", "the job")


def inserted(krita: KritaEditor) -> list[str]:
    """Insert what comes; the names of the topmost nodes of the job's own document, bottom to top."""
    krita.do("app.setActiveDocument(first) if first in app.documents() else None")
    krita.ready()
    krita.do("widget('pluripaint_insert').click()")
    krita.generated()
    return stack(krita)


def stack(krita: KritaEditor) -> list[str]:
    """Names of the active document's own layers, bottom to top; its selection is no layer."""
    nodes = [node for node in krita.tree() if node[2] != "selectionmask"]
    return [node[1] for node in nodes if node[0] == min(other[0] for other in nodes)]


def test_a_moved_layer_is_said_and_the_fill_stays_where_it_belongs(krita, at_work):
    krita.do(
        f"""
        top = first.createNode('above', 'paintlayer')
        first.rootNode().addChildNode(top, None)
        first.nodeByName({LAYER!r}).move(40, 25)
        first.waitForDone()
        """
    )
    names = inserted(krita)
    assert names[:2] == [LAYER, "above"] and names[2].startswith("Variations")
    assert "The layer was moved" in krita.sentence()
    bounds = krita.do(
        f"b = first.nodeByName({krita.group()[1][1]!r}).bounds(); answer = [b.x(), b.y(), b.width(), b.height()]"
    )
    assert bounds == list(BOX)


def test_a_layer_that_is_gone_is_said(krita, at_work):
    krita.do(
        f"""
        other = first.createNode('other', 'paintlayer')
        first.rootNode().addChildNode(other, None)
        first.nodeByName({LAYER!r}).remove()
        first.waitForDone()
        """
    )
    names = inserted(krita)
    assert names[0] == "other" and names[-1].startswith("Variations")
    assert "The layer is gone" in krita.sentence()


def test_another_size_is_said_and_the_fill_lies_on_top(krita, at_work):
    krita.do("first.resizeImage(0, 0, 1300, 900); first.waitForDone()")
    assert inserted(krita)[-1].startswith("Variations")
    assert "size has changed" in krita.sentence()


def test_another_depth_takes_the_fill_in_the_new_depth(krita, at_work):
    krita.do("first.setColorSpace('RGBA', 'U16', ''); first.waitForDone()")
    inserted(krita)
    (depth,) = krita.do(
        f"answer = list({{first.nodeByName(name).colorDepth() for name in {[n[1] for n in krita.group()[1:]]!r}}})"
    )
    assert depth == "U16"


def test_the_result_goes_to_the_document_it_was_asked_for(krita, at_work, photo):
    krita.open(photo)
    assert krita.do("answer = app.activeDocument() != first")
    krita.wait(
        "widget('pluripaint_insert').isVisible() and widget('pluripaint_insert').isEnabled()", "the review"
    )
    krita.do("second = app.activeDocument(); widget('pluripaint_insert').click()")
    wait_for(
        lambda: krita.do("answer = any(n.name()[:5] == 'Varia' for n in first.rootNode().childNodes())"),
        PATIENCE,
        "the group in the first document",
    )
    assert krita.do("answer = [n.name() for n in second.rootNode().childNodes()]") == [LAYER]


def test_a_closed_document_becomes_a_new_one(krita, at_work):
    krita.do(
        """
        loop = QtCore.QEventLoop()
        QtCore.QTimer.singleShot(300, loop.quit)
        loop.exec()
        first.setBatchmode(True)
        first.setModified(False)
        first.close()
        """
    )
    krita.wait("not app.documents()", "closing")
    # Krita 5.3 has a start page then, without dockers.
    seen = krita.wait(
        "[name for name in ('pluripaint_insert', 'pluripaint_anew') if widget(name)"
        " and widget(name).isVisible() and widget(name).isEnabled()]",
        "the variations",
    )
    krita.stage.screenshot("krita_closed")
    krita.do(f"widget({seen[0]!r}).click()")
    krita.wait("app.activeDocument() is not None", "a new document")
    krita.generated()
    assert "The picture was closed" in krita.sentence()


STATES = [
    ("another blend mode", "layer.setBlendingMode('multiply')"),
    ("partly transparent", "layer = layer.duplicate(); add(layer, None); layer.setOpacity(128)"),
    ("is a group", "layer = document.createGroupLayer('one'); add(layer, None)"),
    ("is a clone", "layer = document.createCloneLayer('one', layer); add(layer, None)"),
    ("is a vector layer", "layer = document.createVectorLayer('one'); add(layer, None)"),
    ("has a mask", "layer.addChildNode(document.createNode('veil', 'transparencymask'), None)"),
    ("has a mask", "layer.addChildNode(document.createTransformMask('turn'), None)"),
    (
        "has a mask",
        "all = Selection(); all.select(0, 0, document.width(), document.height(), 255)"
        "; layer.addChildNode(document.createFilterMask('veil', app.filter('blur'), all), None)",
    ),
    ("is empty", "layer = document.createNode('one', 'paintlayer'); add(layer, None)"),
    ("several layers are selected", "several = True"),
]


def test_quitting_asks_before_variations_are_lost(krita, at_work):
    krita.ready()
    krita.do("QTimer.singleShot(0, app.activeWindow().qwindow().close)")
    modal = "isinstance(QtWidgets.QApplication.activeModalWidget(), QtWidgets.QMessageBox)"
    krita.wait(modal, "the question")
    krita.do(
        """
        question = QtWidgets.QApplication.activeModalWidget()
        answer = question.text()
        QTimer.singleShot(0, question.button(QtWidgets.QMessageBox.Cancel).click)
        """
    )
    krita.wait(f"not {modal}", "its end")
    assert inserted(krita)[-1].startswith("Variations"), "Krita went on, and so did the set"


@pytest.mark.parametrize(("reason", "change"), STATES)
def test_a_layer_that_is_not_what_is_seen_gives_way_to_all_that_is_visible(krita, photo, reason, change):
    krita.open(photo)
    krita.select(*BOX)
    krita.do("widget('pluripaint_count').setValue(1)")
    krita.do(
        f"""
        document = app.activeDocument()
        several = False
        layer, add = document.nodeByName({LAYER!r}), document.rootNode().addChildNode
        {change}
        document.waitForDone()
        document.setActiveNode(layer)
        document.waitForDone()
        """
    )
    if reason.startswith("several"):
        krita.do(
            """
            other = document.createNode('other', 'paintlayer')
            document.rootNode().addChildNode(other, None)
            document.waitForDone()
            """
        )
        krita.focus()
        krita.trigger("select_all_layers")
        krita.wait(  # Krita 5.3 takes the selection for a layer now and then
            f"{{'other', {LAYER!r}}} <= {{n.name() for n in app.activeWindow().activeView().selectedNodes()}}",
            "both layers selected",
        )
    krita.trigger("pluripaint_2_again")
    krita.generated()
    krita.wait("'Inserted' in widget('pluripaint_sentence').text()", "the end of it")
    assert "Working on all that is visible: " in krita.sentence() and reason in krita.sentence()
    assert stack(krita)[-1].startswith("Variations"), "on top of the stack"
