"""The windows by keyboard alone: the button that has the keyboard, mnemonics, the keys of the review."""

from __future__ import annotations

import pytest
from gimp_editor import KEYS
from stage import PATIENCE, wait_for
from test_active import picture  # noqa: F401
from test_matrix import at_work, slow_picture  # noqa: F401
from test_meanwhile import insert, reviewed

pytestmark = pytest.mark.editor


def has_variations(gimp, window, number):
    start = f"{number} variation"
    wait_for(lambda: gimp.stage.windows().get(window, "").startswith(start), PATIENCE, start)
    gimp.stage.focus(window)


def answered(gimp, windows, key):
    """Answers the question that comes beside these windows."""
    question = gimp.stage.another(windows)
    gimp.stage.focus(question)
    gimp.stage.key(key)
    wait_for(lambda: question not in gimp.stage.windows(), PATIENCE, "the end of the question")


def test_the_button_with_the_keyboard_is_pressed(gimp, picture):  # noqa: F811
    before = picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    gimp.tab_to("_More")
    gimp.stage.key("Return")
    has_variations(gimp, window, 4)

    windows = gimp.stage.windows()
    gimp.tab_to("_Discard All")
    gimp.stage.key("space")
    answered(gimp, windows, "Escape")
    has_variations(gimp, window, 4)

    gimp.tab_to("_Retry")
    gimp.stage.key("Return")
    answered(gimp, windows, "Return")
    has_variations(gimp, window, 2)
    assert gimp.state()["tree"] == before["tree"]
    assert len(insert(gimp, window)["tree"][0]["children"]) == 2


def test_retry_asks_only_where_something_is_lost(gimp, picture):  # noqa: F811
    picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    windows = gimp.stage.windows()
    gimp.stage.key("space", "alt+r")
    answered(gimp, windows, "Escape")
    has_variations(gimp, window, 2)
    gimp.stage.key("Right", "space", "alt+r")
    has_variations(gimp, window, 4)
    assert len(insert(gimp, window)["tree"][0]["children"]) == 4


def test_closing_the_window_asks_as_escape_does(gimp, picture):  # noqa: F811
    before = picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    windows = gimp.stage.windows()
    gimp.stage.key("alt+F4")
    answered(gimp, windows, "Escape")
    has_variations(gimp, window, 2)
    gimp.stage.key("alt+F4")
    answered(gimp, windows, "Return")
    gimp.stage.gone("Generate Variations")
    assert gimp.state()["tree"] == before["tree"]


def test_stop_by_the_keyboard_keeps_what_is_finished(gimp, slow_picture):  # noqa: F811
    window = at_work(gimp)

    def some() -> bool:
        return any("✓" in text or text == "1" for texts in gimp.words() for text in texts)

    wait_for(some, PATIENCE, "the first candidate", 0.3)
    gimp.stage.focus(window)
    gimp.tab_to("_Stop")
    gimp.stage.key("Return")
    gimp.wait_review()
    gimp.daemon_idle()
    assert 0 < len(insert(gimp, window)["tree"][0]["children"]) <= 16


def test_cancel_has_a_letter_of_its_own_beside_all_settings(gimp, picture):  # noqa: F811
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    small = gimp.stage.size(window)
    gimp.stage.key("alt+o")
    wait_for(lambda: gimp.stage.size(window) > small, PATIENCE, "more options")
    gimp.stage.key("alt+c")
    gimp.stage.gone("Generate Variations")


def test_a_discarded_one_is_not_inserted(gimp, picture):  # noqa: F811
    picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    gimp.stage.key("alt+m")
    has_variations(gimp, window, 4)
    gimp.stage.key("Right", "alt+t")
    has_variations(gimp, window, 3)
    gimp.stage.key("Delete")
    has_variations(gimp, window, 2)
    assert len(insert(gimp, window)["tree"][0]["children"]) == 2


def test_all_discarded_one_by_one_is_the_settings_again(gimp, picture):  # noqa: F811
    before = picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    gimp.stage.key("alt+t", "Delete")
    wait_for(lambda: gimp.stage.windows().get(window) == "Generate Variations", PATIENCE, "the settings")
    gimp.stage.focus(window)
    gimp.stage.key("Escape")
    gimp.stage.gone("Generate Variations")
    assert gimp.state()["tree"] == before["tree"]


def test_b_shows_what_was_before_while_it_is_held(gimp, picture):  # noqa: F811
    picture()
    window = reviewed(gimp)
    gimp.stage.focus(window)
    gimp.stage.key("Left")
    gimp.says("of 2 · exemplar")
    gimp.stage.hold("b", True)
    try:
        gimp.says("Before")
        gimp.stage.screenshot(f"gimp-{gimp.version}-before", window)
    finally:
        gimp.stage.hold("b", False)
    gimp.says("of 2 · exemplar")
    insert(gimp, window)


def held(gimp, action):
    """Holds the keys of a menu entry for three seconds."""
    gimp.stage.focus(gimp.window)
    gimp.stage.repeat(KEYS[action].replace("<Primary>", "ctrl+").replace("<Alt>", "alt+"))


def test_a_shortcut_that_is_held_starts_one_job(gimp, picture):  # noqa: F811
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    held(gimp, "generate-last")
    after = gimp.wait_state(lambda s: len(s["tree"]) > 1, "the group")
    gimp.daemon_idle()
    assert len(after["tree"]) == 2
    gimp.press("generate-last")
    gimp.wait_state(lambda s: len(s["tree"]) == 3, "another group")


def test_keep_by_a_shortcut_that_is_held_thins_out_one_set(gimp, picture):  # noqa: F811
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    for count in (2, 3):
        gimp.press("generate-last")
        before = gimp.wait_state(lambda s, n=count: len(s["tree"]) == n, "a group")
    held(gimp, "keep")
    after = gimp.wait_state(lambda s: s["tree"][0]["kind"] == "layer", "one layer")
    assert after["tree"][1:] == before["tree"][1:]
