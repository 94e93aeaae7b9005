"""What a person does while candidates are in review, which layer was active, and sets that outlive GIMP's memory."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from stage import PATIENCE, wait_for
from test_active import QUICK, alpha, picture  # noqa: F401
from test_window import grown

pytestmark = pytest.mark.editor

BOX = (60, 40, 30, 20)
MAGENTA = (255, 0, 255)


def reviewed(gimp):
    """Generates in the window; gives it once all candidates are there."""
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.wait_review()
    return window


def insert(gimp, window):
    gimp.stage.focus(window)
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")
    return gimp.wait_state(grown, "the group")


ON_TOP = {
    "moved": "alter(i, by_name(i, 'source'), 'move', 12, 9)",
    "removed": "alter(i, by_name(i, 'source'), 'remove')",
    "another size": "alter(i, 0, 'size', 180, 130)",
    "another precision": "alter(i, 0, 'precision', 250)",
}


@pytest.mark.parametrize("what", ON_TOP)
def test_a_document_that_changed_gets_the_fills_on_top_where_they_belong(gimp, picture, what):  # noqa: F811
    picture()
    window = reviewed(gimp)
    gimp.hand(f"i = max(images()); opaque_layer(i, 'above'); {ON_TOP[what]}")
    after = insert(gimp, window)
    names = [layer["name"] for layer in after["tree"]]
    assert names[0].startswith("Variations") and names[1] == "above"
    assert after["tree"][0]["children"][0]["box"] == list(BOX)
    assert ("source" in names) == (what != "removed")


def test_an_unchanged_document_gets_the_fills_above_their_source(gimp, picture):  # noqa: F811
    picture()
    window = reviewed(gimp)
    gimp.hand("opaque_layer(max(images()), 'above')")
    gimp.stage.focus(window)
    gimp.stage.key("Return")
    after = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the group")
    assert [layer["name"][:10] for layer in after["tree"]] == ["above", "Variations", "source"]


STATES = {
    "a blend mode": "opaque_layer(i, 'one'); alter(i, by_name(i, 'one'), 'mode')",
    "opacity": "opaque_layer(i, 'one'); alter(i, by_name(i, 'one'), 'opacity', 50.0)",
    "hidden": "opaque_layer(i, 'one'); alter(i, by_name(i, 'one'), 'hide')",
    "a group": "group_around(i, 'one')",
}


@pytest.mark.parametrize("state", STATES)
def test_a_layer_that_is_not_what_is_seen_gives_way_to_all_that_is_visible(gimp, picture, state):  # noqa: F811
    picture()
    gimp.hand(f"i = max(images()); {STATES[state]}; gimp.select_items(i, [by_name(i, 'one')])")
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    seen = gimp.pixels("visible", "R'G'B'A u8", "u1")
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    assert after["tree"][0]["name"].startswith("Variations"), "on top of the stack"
    _, colours = alpha(gimp, after["tree"][0]["children"][0])
    around = seen[20:80, 30:120, :3].reshape(-1, 3)
    assert np.abs(colours.mean(axis=0) - around.mean(axis=0)).max() < 40, "made of what is seen"


def test_nothing_is_copied_from_a_channel_that_excludes(gimp, picture):  # noqa: F811
    picture()
    gimp.hand("channel(max(images()), 'keep out', (0, 0, 160, 60), active=False)")
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    fills = []
    for count, exclude in ((2, ""), (3, "keep out")):
        gimp.remember(**{**QUICK, "variations": 1}, exclude=exclude)
        gimp.press("generate-last")
        after = gimp.wait_state(lambda s, n=count: len(s["tree"]) == n, "the group")
        fills.append(after["tree"][0]["children"][0]["pixels"])  # the newest lies on top of the others
    assert fills[0] != fills[1]


def test_more_from_a_set_in_a_file_that_was_closed_and_opened_again(gimp, picture):  # noqa: F811
    picture()
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate-last")
    first = gimp.wait_state(grown, "the group")
    path = str(gimp.inside / "set.xcf")
    gimp.hand(f"answer = saved_and_opened_again(max(images()), {path!r})")
    assert gimp.state()["tree"] == first["tree"]
    gimp.press("generate-more")
    more = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the second group")
    names = [layer["name"] for group in more["tree"][:2] for layer in group["children"]]
    assert len(set(names)) == 4, "seeds go on behind those that were used"
    gimp.press("keep")
    kept = gimp.wait_state(lambda s: s["tree"][0]["kind"] == "layer", "one layer")
    assert kept["tree"][1:] == more["tree"][1:], "only the newest set is touched"


def test_more_twice_from_the_first_set_repeats_no_seed(gimp, picture):  # noqa: F811
    picture()
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate-last")
    gimp.wait_state(grown, "the group")
    for count in (3, 4):
        gimp.hand(
            "i = max(images()); gimp.select_items(i, [gimp.children(gimp.layers(i)[-2])[0]])"
        )  # of the first set, which lies below the others
        gimp.press("generate-more")
        more = gimp.wait_state(lambda s, n=count: len(s["tree"]) == n, "another group")
    names = [layer["name"] for group in more["tree"][:3] for layer in group["children"]]
    seeds = [
        name.split(" · ")[-1].split(" #")[0] for name in names
    ]  # GIMP numbers names that are there already
    assert len(seeds) == 6 and len(set(seeds)) == 6


@pytest.mark.parametrize("reopened", [False, True], ids=["open", "reopened"])
def test_more_is_made_from_the_source_whatever_it_is_called_now(gimp, picture, reopened):  # noqa: F811
    picture()
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate-last")
    gimp.wait_state(grown, "the group")
    # What has the old name now, just below the set, is of a colour that nothing in the source is near.
    gimp.hand(
        "i = max(images()); gimp.rename(by_name(i, 'source'), 'photograph'); "
        f"opaque_layer(i, 'source', {MAGENTA}); gimp.reorder(i, by_name(i, 'source'), 0, 1)"
    )
    if reopened:
        gimp.hand(f"saved_and_opened_again(max(images()), {str(gimp.inside / 'renamed.xcf')!r})")
    before = gimp.state()
    assert [layer["name"] for layer in before["tree"][1:]] == ["source", "photograph"]
    gimp.press("generate-more")
    more = gimp.wait_state(lambda s: len(s["tree"]) == 4, "the second group")
    assert more["tree"][1:] == before["tree"]
    _, colours = alpha(gimp, more["tree"][0]["children"][0])
    assert colours[:, 1].min() > 20, "made of the photograph, not of magenta"
    gimp.press("generate-more")
    again = gimp.wait_state(lambda s: len(s["tree"]) == 5, "the third group")
    seeds = [layer["name"].split(" · ")[-1] for group in again["tree"][:2] for layer in group["children"]]
    assert len(set(seeds)) == len(seeds), "seeds go on behind those of the set with the source's old name"

    gimp.hand(
        "i = max(images()); gimp.select_items(i, [gimp.children(gimp.layers(i)[2])[0]]); "
        "alter(i, by_name(i, 'source'), 'hide')"
    )
    gimp.press("pick")
    window = gimp.stage.window("Pick Variation")
    gimp.stage.focus(window)
    seen = np.asarray(Image.open(gimp.stage.screenshot(f"gimp-{gimp.version}-pick-renamed", window)))
    assert not (seen[..., :3] == MAGENTA).all(axis=2).any(), "compared with the photograph around it"
    gimp.stage.key("Escape")
    gimp.stage.gone("Pick Variation")


def test_picking_in_a_set_of_all_visible(gimp, picture):  # noqa: F811
    picture()
    gimp.remember(**QUICK, source="visible")
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    gimp.press("generate-last")
    before = gimp.wait_state(grown, "the group")
    assert [layer["visible"] for layer in before["tree"][0]["children"]] == [True, False]
    gimp.press("pick")
    window = gimp.stage.window("Pick Variation")
    gimp.stage.focus(window)
    gimp.stage.key("Right", "Return")
    gimp.stage.gone("Pick Variation")
    after = gimp.wait_state(lambda s: not s["tree"][0]["children"][0]["visible"], "the picked one")
    assert [layer["visible"] for layer in after["tree"][0]["children"]] == [False, True]


def test_two_windows_at_once_each_insert_their_own(gimp, picture):  # noqa: F811
    picture()
    first = reviewed(gimp)
    there = gimp.stage.windows()
    gimp.hand("select(max(images()), 'rectangle', 20, 70, 24, 16)")
    gimp.press("generate")
    second = gimp.stage.another(there)
    gimp.stage.focus(second)
    gimp.stage.key("alt+g")
    wait_for(lambda: " variation" in gimp.stage.windows().get(second, ""), PATIENCE, "the second review")
    gimp.stage.screenshot(f"gimp-{gimp.version}-two-windows")
    for window in (second, first):
        gimp.stage.focus(window)
        gimp.stage.key("Return")
        wait_for(lambda window=window: window not in gimp.stage.windows(), PATIENCE, "the end of a window")
    after = gimp.wait_state(lambda s: len(s["tree"]) == 3, "both groups")
    boxes = {tuple(group["children"][0]["box"]) for group in after["tree"][:2]}
    assert boxes == {BOX, (20, 70, 24, 16)}
