"""Filters → Inpaint by its keys in real GIMPs, with a real daemon: layers, undo, the window, picking, keeping."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from real_daemon import recorded_weights
from stage import PATIENCE, wait_for

from pluripaint.pipeline import presets

pytestmark = pytest.mark.editor


@pytest.fixture
def photo(gimp):
    """The photograph with an ellipse selected; undone afterwards to where it was."""
    gimp.hand("select(max(images()), 'ellipse', 150, 80, 90, 70, 8.0)")
    before = gimp.state()
    yield before
    for _ in range(12):
        now = gimp.state()
        if len(now["tree"]) == 1:
            return
        gimp.keys("ctrl+z")
        with contextlib.suppress(AssertionError):  # a step that changes nothing that can be looked at
            wait_for(lambda now=now: gimp.state() != now, 5, "undo")
    raise AssertionError("the photograph is not as it was")


def grown(state):
    return len(state["tree"]) > 1 and state["tree"][0]["kind"] == "group"


def test_last_settings_give_a_group_that_one_undo_takes_away(gimp, photo):
    seen = gimp.pixels("visible", "R'G'B'A u8", "u1")
    selection = gimp.pixels("selection", "Y u8", "u1")[..., 0]
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    gimp.stage.screenshot(f"gimp-{gimp.version}-layers")

    group, source = after["tree"]
    assert group["name"] == "Variations · exemplar · 7"
    assert [layer["visible"] for layer in group["children"]] == [True, False, False]
    assert len({layer["pixels"] for layer in group["children"]}) == 3
    assert source == photo["tree"][0]
    assert (after["active"], after["selection"]) == (photo["active"], photo["selection"])

    best = gimp.pixels(group["children"][0]["name"], "R'G'B'A u8", "u1")
    left, top, width, height = photo["selection"][0]
    assert np.array_equal(best[..., 3], selection[top : top + height, left : left + width])
    now = gimp.pixels("visible", "R'G'B'A u8", "u1")
    assert np.array_equal(now[selection == 0], seen[selection == 0])
    assert not np.array_equal(now, seen)

    gimp.keys("ctrl+z")
    assert gimp.wait_state(lambda s: len(s["tree"]) == 1, "undo") == photo
    gimp.keys("ctrl+y")
    again = gimp.wait_state(grown, "redo")
    assert (again["tree"], again["selection"]) == (after["tree"], after["selection"])
    assert np.array_equal(gimp.pixels("visible", "R'G'B'A u8", "u1"), now)


def test_window_generates_reviews_and_inserts_what_was_marked(gimp, photo):
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    small = gimp.stage.size(window)
    gimp.stage.key("alt+o")
    wait_for(lambda: gimp.stage.size(window) > small, PATIENCE, "more options")
    gimp.stage.screenshot(f"gimp-{gimp.version}-settings", window)
    gimp.stage.key("alt+g")
    gimp.stage.window("· Generate Variations")
    gimp.stage.screenshot(f"gimp-{gimp.version}-progress")
    gimp.wait_review()
    assert gimp.state() == photo  # nothing enters the document before the person says so
    gimp.stage.screenshot(f"gimp-{gimp.version}-review")
    gimp.stage.focus(window)
    gimp.stage.key("Right", "space")
    gimp.stage.screenshot(f"gimp-{gimp.version}-marked", window)
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")
    after = gimp.wait_state(grown, "the group")
    assert [layer["visible"] for layer in after["tree"][0]["children"]] == [False, True, False]
    assert after["active"] == photo["active"]

    gimp.press("pick")
    window = gimp.stage.window("Pick Variation")
    gimp.stage.focus(window)
    gimp.stage.screenshot(f"gimp-{gimp.version}-pick", window)
    gimp.stage.key("Right", "Return")
    gimp.stage.gone("Pick Variation")

    def picked(state):
        return [layer["visible"] for layer in state["tree"][0]["children"]] != [False, True, False]

    shown = gimp.wait_state(picked, "the picked one")
    assert [layer["visible"] for layer in shown["tree"][0]["children"]] == [False, False, True]

    gimp.press("keep")
    kept = gimp.wait_state(lambda s: s["tree"][0]["kind"] == "layer" and len(s["tree"]) == 2, "one layer")
    alone = next(layer for layer in shown["tree"][0]["children"] if layer["visible"])
    assert kept["tree"] == [alone, photo["tree"][0]]
    gimp.keys("ctrl+z")
    assert gimp.wait_state(grown, "undo of keep")["tree"] == shown["tree"]


def test_an_exported_file_has_not_a_bit_changed_outside_the_selection(gimp, photo):
    before = gimp.exported()
    gimp.press("generate-last")
    gimp.wait_state(grown, "the group")
    after = gimp.exported()
    selection = gimp.pixels("selection", "Y u8", "u1")[..., 0]
    assert np.array_equal(after[selection == 0], before[selection == 0])
    assert not np.array_equal(after, before)


def test_the_settings_nobody_touched_give_the_methods_they_promise(gimp, photo):
    kept = gimp.forget_settings()
    try:
        gimp.press("generate-last")
        gimp.wait_state(grown, "the group")
    finally:
        gimp.remember(**kept)
    notes = gimp.hand("answer = notes(max(images()))")
    assert len(notes) == 4
    promised = {method for method, _share in presets.load("best").mixture}
    for note in notes:
        assert note["method"] in promised
        assert note["weights"] == recorded_weights(note["method"])


def test_generate_more_goes_above_with_other_seeds(gimp, photo):
    gimp.press("generate-last")
    first = gimp.wait_state(grown, "the group")
    gimp.press("generate-more")
    more = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the second group")
    assert more["tree"][1:] == first["tree"]
    names = [layer["name"] for group in more["tree"][:2] for layer in group["children"]]
    assert len(set(names)) == 6
    assert more["tree"][0]["box"] == first["tree"][0]["box"]


def test_escape_discards_and_leaves_the_document_alone(gimp, photo):
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.wait_review()
    gimp.stage.focus(window)
    windows = gimp.stage.windows()
    gimp.stage.key("Escape")
    question = gimp.stage.another(windows)
    gimp.stage.focus(question)
    gimp.stage.screenshot(f"gimp-{gimp.version}-discard", question)
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")
    assert gimp.state() == photo


def test_status_says_that_the_daemon_is_there(gimp, photo):
    gimp.press("status")
    window = gimp.stage.window("Status")
    gimp.stage.focus(window)

    def told() -> bool:
        gimp.stage.key("ctrl+a")
        return "The daemon runs" in gimp.stage.selected_text()

    wait_for(told, PATIENCE, "the daemon's state in words")
    gimp.stage.screenshot(f"gimp-{gimp.version}-status", window)
    gimp.stage.key("Escape")
    gimp.stage.gone("Status")
