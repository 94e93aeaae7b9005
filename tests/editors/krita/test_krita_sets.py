"""Several sets, sets of all that is visible, what is not copied from, and what *Keep Visible* leaves alone."""

from __future__ import annotations

import pytest
from krita_editor import LAYER, KritaEditor
from stage import PATIENCE, wait_for

pytestmark = pytest.mark.editor

BOX = (430, 330, 90, 60)


def opened(krita: KritaEditor, photo, variations: int) -> None:
    """A photograph with something selected."""
    krita.open(photo)
    krita.select(*BOX)
    krita.do(f"widget('pluripaint_count').setValue({variations})")


def choose(krita: KritaEditor, box: str, entry: str) -> None:
    """Choose in one of the docker's lists by its text."""
    krita.wait(f"widget({box!r}).findText({entry!r}) >= 0", f"{entry} in the list")
    krita.do(
        f"""
        box = widget({box!r})
        box.setCurrentIndex(box.findText({entry!r}))
        box.activated.emit(box.currentIndex())
        """
    )


def groups(krita: KritaEditor) -> list[str]:
    """Ids of the groups of variations, bottom to top."""
    return [node[4] for node in krita.tree() if node[1].startswith("Variations ·")]


def left_of(krita: KritaEditor, identity: str) -> int:
    """Where a node's pixels begin. By its id: layers of two sets may have one name, rank and seed being the same."""
    return krita.do(
        f"""
        from pluripaint_krita import active
        answer = active.find(app.activeDocument(), {identity!r}).bounds().x()
        """
    )


def test_nothing_is_copied_from_a_saved_selection_that_excludes(krita, photo):
    opened(krita, photo, 1)
    krita.do(
        """
        document = app.activeDocument()
        left = Selection()
        left.select(0, 0, 430, document.height(), 255)
        mask = document.createSelectionMask('keep out')
        document.rootNode().addChildNode(mask, None)
        mask.setSelection(left)
        mask.setVisible(False)
        document.waitForDone()
        """
    )
    krita.select(*BOX)
    krita.do("widget('pluripaint_more').setChecked(True)")
    fills = []
    for number, entry in enumerate(("Nothing", "keep out"), 1):
        choose(krita, "pluripaint_exclude", entry)
        krita.trigger("pluripaint_2_again")
        krita.wait(
            f"len([n for n in tree(app.activeDocument()) if n[1][:10] == 'Variations']) == {number}", "it"
        )
        fills.append(krita.pixels(box=BOX))
    assert fills[0] != fills[1]
    choose(krita, "pluripaint_exclude", "Nothing")
    krita.do("widget('pluripaint_more').setChecked(False)")


def test_two_sets_at_once_are_listed_and_each_is_inserted_by_itself(krita, photo):
    opened(krita, photo, 4)
    for number in (1, 2):
        krita.select(BOX[0] - 150 * number, *BOX[1:])
        krita.focus()
        krita.stage.key("ctrl+alt+shift+g")
        krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
        krita.stage.key("Return")
        krita.wait("widget('pluripaint_words').isVisible()", "the job")
    krita.wait("widget('pluripaint_sets').count() == 2", "both sets in the list")
    lefts = []
    for number in (1, 2):
        krita.ready()
        krita.do("widget('pluripaint_insert').click()")
        wait_for(lambda n=number: len(groups(krita)) == n, PATIENCE, "its group")
        lefts.append(left_of(krita, krita.group()[1][4]))
    assert sorted(lefts) == [BOX[0] - 300, BOX[0] - 150]


def test_picking_in_a_set_of_all_that_is_visible(krita, photo):
    opened(krita, photo, 2)
    choose(krita, "pluripaint_source", "All that is visible")
    krita.trigger("pluripaint_2_again")
    assert [node[3] for node in krita.generated()] == [True, False, True], (
        "bottom to top: the best is the last"
    )
    choose(krita, "pluripaint_source", "This layer")
    krita.focus()
    krita.trigger("pluripaint_4_pick")
    krita.ready()
    krita.stage.key("space", "Right", "space", "Return")
    krita.wait("not widget('pluripaint_strip').isVisible()", "the choice")
    assert [node[3] for node in krita.group()] == [True, True, False]


def test_all_that_is_marked_is_shown_and_kept(krita, photo):
    opened(krita, photo, 3)
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    krita.ready()
    krita.stage.key("space", "Right", "space")
    krita.do("widget('pluripaint_insert').click()")
    assert [node[3] for node in krita.generated()] == [True, False, True, True]
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    assert [node[3] for node in krita.group()] == [True, True, True]


def test_keep_visible_leaves_all_where_the_layers_docker_does_not_show_the_set(krita, photo):
    opened(krita, photo, 3)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    before, entries = krita.state(), krita.undo_entries()
    filter_by = "[w for w in app.activeWindow().qwindow().findChildren(QtWidgets.QLineEdit) if w.parent()"
    filter_by += " and 'LayerFilter' in w.parent().metaObject().className()][0]"
    krita.do(f"{filter_by}.setText('nothing is called so')")
    try:
        krita.trigger("pluripaint_5_keep")
        krita.wait("'nothing was removed' in widget('pluripaint_sentence').text()", "a sentence")
    finally:
        krita.do(f"{filter_by}.setText('')")
    assert krita.state() == before
    assert krita.undo_entries() == entries
    krita.trigger("pluripaint_5_keep")
    krita.wait("'discarded' in widget('pluripaint_sentence').text()", "the end of it")
    assert not krita.group() and krita.do(f"answer = app.activeDocument().nodeByName({LAYER!r}) is not None")


def more(krita: KritaEditor, number: int) -> None:
    """*Generate More* with a candidate of the first set active; ``number`` groups are there in the end."""
    first = groups(krita)[0]
    # The plug-in makes the person's layer active once more, a moment after it has inserted a set.
    krita.do(
        f"""
        loop = QtCore.QEventLoop()
        QtCore.QTimer.singleShot(400, loop.quit)
        loop.exec()
        document = app.activeDocument()
        group = [n for n in document.rootNode().childNodes() if n.uniqueId().toString() == {first!r}][0]
        document.setActiveNode(group.childNodes()[0])
        document.waitForDone()
        """
    )
    krita.wait("document.activeNode().parentNode() == group", "a candidate of the first set to be active")
    krita.trigger("pluripaint_3_more")
    wait_for(lambda: len(groups(krita)) == number, PATIENCE, "the further set")


def seeds(krita: KritaEditor) -> list[str]:
    """Of all candidates in the document."""
    return [node[1].split("seed ")[1] for node in krita.tree() if " · seed " in node[1]]


def test_more_from_the_same_set_draws_other_seeds_each_time(krita, photo):
    opened(krita, photo, 2)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    more(krita, 2)
    more(krita, 3)
    assert len(seeds(krita)) == len(set(seeds(krita))) == 6


def test_more_after_picking_draws_other_seeds_too(krita, photo):
    opened(krita, photo, 2)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    more(krita, 2)
    for end in ("discard", "insert"):
        krita.trigger("pluripaint_4_pick")
        krita.ready()
        krita.do("from pluripaint_krita.extension import desk; desk().more()")
        krita.wait("widget('pluripaint_strip').count() == 4", "two more in the review")
        krita.ready()
        if end == "insert":
            krita.do("widget('pluripaint_insert').click()")
        else:
            shown = krita.do(
                """
                answer = [str(one.seed) for one in desk().current.review.variations]
                desk().discard()
                """
            )
    wait_for(lambda: len(groups(krita)) == 3, PATIENCE, "the two as a group")
    more(krita, 4)
    assert len(seeds(krita)) == len(set(seeds(krita))) == 8
    assert len(set(seeds(krita)) & set(shown)) == 2, "what was thrown away does not come again"
