"""The whole way in a real Krita with a real daemon: menu, docker, review, one undo, keep visible."""

from __future__ import annotations

import numpy as np
import pytest
from krita_editor import LAYER, KritaEditor

pytestmark = pytest.mark.editor

BOX = (430, 330, 90, 60)


def count(krita: KritaEditor, number: int) -> None:
    krita.do(f"widget('pluripaint_count').setValue({number})")


def test_the_menu_shows_what_can_be_done(krita, photo):
    krita.open(photo)
    krita.focus()
    for _press in range(4):
        krita.stage.key("alt+r")
        if krita.do("answer = QtWidgets.QApplication.activePopupWidget() is not None"):
            break
    krita.stage.key("Up", "Right")
    krita.wait(
        "'Generate More' in [a.text().replace('&', '') for a in QtWidgets.QApplication.activePopupWidget().actions()]",
        "the submenu",
    )
    krita.stage.screenshot("krita_menu")
    entries = krita.do(
        "answer = [a.text().replace('&', '') for a in QtWidgets.QApplication.activePopupWidget().actions()]"
    )
    assert entries == [
        "Generate Variations…",
        "Generate Variations (last settings)",
        "Generate More",
        "Pick Variation…",
        "Keep Visible, Discard the Rest",
        "Inpaint Settings / Status…",
    ]
    krita.stage.key("Escape", "Escape", "Escape")
    krita.wait("QtWidgets.QApplication.activePopupWidget() is None", "the end of the menu")


def test_generate_by_keys_choose_insert_undo_redo(krita, photo):
    krita.open(photo)
    krita.select(*BOX, feather=6)
    before = krita.state()
    count(krita, 3)
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.screenshot("krita_settings")
    krita.stage.key("Return")
    krita.ready()
    assert krita.strip() == ["1", "2", "3"]
    entries = len(krita.undo_entries())
    assert krita.state() == before, "nothing enters the document before the person says so"
    krita.stage.key("Right", "space")
    krita.wait("widget('pluripaint_strip').item(1).text() == '✓ 2'", "the mark")
    krita.stage.screenshot("krita_review")
    krita.stage.key("Return")
    group = krita.generated()
    assert len(krita.undo_entries()) == entries + 1
    assert [node[3] for node in group] == [True, False, True, False], "the marked one is visible, no other"
    assert [node[1][0] for node in group[1:]] == ["3", "2", "1"], "the best lies on top"
    krita.wait("app.activeDocument().activeNode().name() == 'Background'", "the person's own layer")
    after = krita.state()
    krita.stage.screenshot("krita_layers")

    assert after["layer"] == before["layer"], "the person's layer is untouched"
    selection = np.frombuffer(before["selection"], "u1")
    shown = [np.frombuffer(state["pixels"], "u1").reshape(-1, 4) for state in (before, after)]
    changed = (shown[0] != shown[1]).any(axis=1)
    assert not changed[selection == 0].any(), "outside the selection not a bit"
    assert changed[selection == 255].mean() > 0.5
    for node in group[1:]:
        layer = np.frombuffer(krita.pixels(node[1]), "u1").reshape(-1, 4)
        np.testing.assert_array_equal(
            layer[:, 3], selection, err_msg="alpha is the selection's own soft edge"
        )

    krita.trigger("edit_undo")
    krita.wait("len(tree(app.activeDocument())) == 2", "undo")
    assert krita.state() == before
    krita.trigger("edit_redo")
    krita.wait("len(tree(app.activeDocument())) == 6", "redo")
    again = krita.state()
    again["active"] = after["active"]
    assert again == after


def test_keep_visible_removes_ours_and_only_ours_in_one_step(krita, photo):
    krita.open(photo)
    krita.select(*BOX)
    count(krita, 3)
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    names = [node[1] for node in group[1:]]
    krita.do(
        f"""
        document = app.activeDocument()
        mine = document.createNode('my own, hidden', 'paintlayer')
        document.nodeByName({group[0][1]!r}).addChildNode(mine, None)
        mine.setVisible(False)
        document.nodeByName({names[1]!r}).setVisible(True)
        document.waitForDone()
        """
    )
    entries, before = len(krita.undo_entries()), krita.tree()
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    left = [node[1] for node in krita.group()[1:]]
    assert sorted(left) == sorted(["my own, hidden", names[1], names[2]])
    assert len(krita.undo_entries()) == entries + 1
    krita.trigger("edit_undo")
    krita.wait(f"len(tree(app.activeDocument())) == {len(before)}", "undo")
    assert krita.tree() == before


def test_the_last_one_left_takes_the_groups_place(krita, photo):
    krita.open(photo)
    krita.select(*BOX)
    count(krita, 2)
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    best, pixels, entries = group[-1][1], krita.pixels(), len(krita.undo_entries())
    krita.do("[d for d in app.dockers() if d.objectName() == 'KisLayerBox'][0].hide()")
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    assert not krita.group()
    assert [node[1:4] for node in krita.tree()][:2] == [
        [LAYER, "paintlayer", True],
        [best, "paintlayer", True],
    ]
    assert len(krita.undo_entries()) == entries + 1
    assert krita.pixels() == pixels, "what is seen stays"
    krita.do("[d for d in app.dockers() if d.objectName() == 'KisLayerBox'][0].show()")


def test_more_and_pick_after_the_document_was_saved_and_opened_again(krita, photo):
    krita.open(photo)
    krita.select(*BOX)
    count(krita, 2)
    krita.trigger("pluripaint_2_again")
    first = krita.generated()
    path = krita.folder / "saved.kra"
    krita.do(
        f"document = app.activeDocument(); document.setBatchmode(True); answer = document.saveAs({str(path)!r})"
    )
    krita.close_documents()
    krita.open(path)
    krita.do("app.activeDocument().setSelection(None)")

    krita.trigger("pluripaint_3_more")
    krita.wait("len([n for n in tree(app.activeDocument()) if n[1].startswith('Variations')]) == 2", "more")
    seeds = [[node[1].split("seed ")[1] for node in group[1:]] for group in (first, krita.group())]
    assert not set(seeds[0]) & set(seeds[1]), "more means other seeds"
    assert krita.group()[0][4] != first[0][4], "the new group lies above the first"

    krita.focus()
    krita.trigger("pluripaint_4_pick")
    krita.ready()
    entries = len(krita.undo_entries())
    assert krita.strip() == ["✓ 1", "2"]
    krita.stage.key("space", "Right", "space", "Return")
    krita.wait("not widget('pluripaint_strip').isVisible()", "the choice")
    assert [node[3] for node in krita.group()[1:]] == [True, False], "the second is visible now"
    assert len(krita.undo_entries()) == entries, "showing and hiding is no undo entry"


def test_escape_asks_and_discards_and_the_document_is_as_it_was(krita, photo):
    krita.open(photo)
    krita.select(*BOX)
    before = krita.state()
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    krita.ready()
    krita.stage.key("Escape")
    krita.wait(
        "isinstance(QtWidgets.QApplication.activeModalWidget(), QtWidgets.QMessageBox)", "the question"
    )
    krita.stage.screenshot("krita_discard")
    krita.do(
        """
        question = QtWidgets.QApplication.activeModalWidget()
        QTimer.singleShot(0, question.button(QtWidgets.QMessageBox.Discard).click)
        """
    )
    krita.wait("not widget('pluripaint_strip').isVisible()", "the end")
    assert krita.state() == before
    assert krita.sentence().startswith("Discarded")


def test_the_status_window_tells_of_the_daemon(krita, photo):
    krita.open(photo)
    krita.trigger("pluripaint_6_status")
    krita.wait(
        "'The daemon runs' in widget('pluripaint_status').findChildren(QtWidgets.QLabel)[0].text()",
        "the status",
    )
    krita.stage.screenshot("krita_status")
    krita.do("widget('pluripaint_status').close()")
