"""Errors that nobody foresaw, in the windows: a sentence, no bar that stands still, what is finished is not lost."""

from __future__ import annotations

import pytest
from stage import PATIENCE, wait_for
from test_active import QUICK, picture  # noqa: F401
from test_meanwhile import BOX, insert, reviewed
from test_window import grown, photo  # noqa: F401

pytestmark = pytest.mark.editor

SECOND_FAILS = """
_real, _calls = {name}, []
def _now_and_then(*given, **named):
    _calls.append(1)
    if len(_calls) == 2:
        raise {error}
    return _real(*given, **named)
{name} = _now_and_then
"""


def leave(gimp, window):
    """Closes a window that has nothing to lose."""
    gimp.stage.focus(window)
    gimp.stage.key("Escape")
    wait_for(lambda: window not in gimp.stage.windows(), PATIENCE, "the end of the window")


# Before the tests that open pictures: GIMP takes a moment to forget one.
def test_picking_in_a_set_that_was_undone_is_said_until_it_is_back(gimp, photo):  # noqa: F811
    gimp.press("generate-last")
    before = gimp.wait_state(grown, "the group")
    gimp.press("pick")
    window = gimp.stage.window("Pick Variation")
    gimp.keys("ctrl+z")
    wait_for(lambda: len(gimp.state()["tree"]) == 1, PATIENCE, "undo")
    gimp.stage.focus(window)
    gimp.stage.key("Right", "Return")
    gimp.says("no longer in the picture")
    gimp.stage.screenshot(f"gimp-{gimp.version}-pick-undone", window)
    gimp.keys("ctrl+y")
    wait_for(lambda: len(gimp.state()["tree"]) == 2, PATIENCE, "redo")
    gimp.stage.focus(window)
    gimp.stage.key("Return")
    gimp.stage.gone("Pick Variation")
    after = gimp.wait_state(lambda s: not s["tree"][0]["children"][0]["visible"], "the picked one")
    eyes = [[layer["visible"] for layer in state["tree"][0]["children"]] for state in (before, after)]
    hidden = [False] * (len(eyes[0]) - 2)
    assert eyes == [[True, False, *hidden], [False, True, *hidden]]


def test_a_candidate_that_cannot_be_shown_leaves_the_others(gimp, picture):  # noqa: F811
    picture()
    with gimp.changed("variations", SECOND_FAILS.format(name="layer_pixels", error="MemoryError")):
        window = reviewed(gimp)
        gimp.says("The memory is used up.")
        gimp.stage.screenshot(f"gimp-{gimp.version}-no-memory", window)
        after = insert(gimp, window)
    assert len(after["tree"][0]["children"]) == 1
    gimp.daemon_idle()


def test_a_job_that_cannot_be_followed_ends(gimp, picture):  # noqa: F811
    before = picture()
    with gimp.changed("job_text", "def told(*_): raise AttributeError('of told')"):
        gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
        gimp.press("generate")
        window = gimp.stage.window("Generate Variations")
        gimp.stage.focus(window)
        gimp.stage.key("alt+g")
        gimp.says("error of its own (AttributeError: of told)")
        wait_for(lambda: gimp.stage.windows().get(window) == "Generate Variations", PATIENCE, "no progress")
        gimp.daemon_idle()
        leave(gimp, window)
    assert gimp.state()["tree"] == before["tree"]


def test_a_refused_layer_can_be_tried_again(gimp, picture):  # noqa: F811
    before = picture()
    module, backend = (
        ("backend_ctypes", "CtypesBackend") if gimp.version == "2.10" else ("backend_gi", "GiBackend")
    )
    with gimp.changed(module, SECOND_FAILS.format(name=f"{backend}.insert", error="GimpFailed('no room')")):
        window = reviewed(gimp)
        gimp.stage.focus(window)
        gimp.stage.key("Return")
        gimp.says("GIMP refused (no room)")
        assert gimp.state()["tree"] == before["tree"]
        after = insert(gimp, window)
    assert len(after["tree"][0]["children"]) == QUICK["variations"]


def test_surroundings_that_cannot_be_drawn_are_said(gimp, picture):  # noqa: F811
    picture()
    with gimp.changed("picture", "def from_layer(*_): raise MemoryError"):
        gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
        gimp.press("generate")
        window = gimp.stage.window("Generate Variations")
        gimp.says("The memory is used up.")
        leave(gimp, window)


def test_a_picture_that_lost_its_layers_is_said(gimp, picture):  # noqa: F811
    picture()
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.says("The daemon is ready.")
    gimp.hand("i = max(images()); alter(i, by_name(i, 'source'), 'remove')")
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.says("This picture has no layer to fill.")
    leave(gimp, window)
