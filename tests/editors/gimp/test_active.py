"""What is active, selected or transparent decides what a run works on, in both GIMPs; nothing is refused in silence."""

from __future__ import annotations

import numpy as np
import pytest
from stage import PATIENCE, wait_for
from test_matrix import scene, stored
from test_window import grown

pytestmark = pytest.mark.editor

QUICK = {"variations": 2, "preset": "fast", "method": "exemplar", "seed": 3}


@pytest.fixture
def picture(gimp):
    """Opens pictures with one layer ``source``; closed afterwards."""
    opened = []

    def opens(**more):
        gimp.remember(**QUICK)
        opened.append(gimp.picture(stored(scene(120, 160, 3), "u8"), 150, "R'G'B' u8", **more))
        return gimp.state()

    yield opens
    gimp.dismiss()
    for _ in opened:
        gimp.close_picture()


def alpha(gimp, layer):
    """A candidate's own coverage over the whole picture, and its colours where it has any."""
    left, top, width, height = layer["box"]
    rows = gimp.pixels(layer["name"], "R'G'B'A u8", "u1")
    size = gimp.hand("answer = list(gimp.image_size(max(images())))")
    out = np.zeros((size[1], size[0]), "u1")
    out[top : top + height, left : left + width] = rows[..., 3]
    return out, rows[rows[..., 3] == 255][:, :3]


def test_an_enlarged_canvas_is_filled_where_nothing_is_selected(gimp, picture):
    picture(canvas=[200, 150], offset=[20, 15])
    said = gimp.refusal("generate-last")
    assert "transparent parts" in said and "Generate Variations…" in said
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    gimp.stage.screenshot(f"gimp-{gimp.version}-transparent", window)
    gimp.stage.key("alt+t")
    gimp.wait_review()
    gimp.stage.focus(window)
    gimp.stage.screenshot(f"gimp-{gimp.version}-transparent-review", window)
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")
    after = gimp.wait_state(grown, "the group")
    covered, colours = alpha(gimp, after["tree"][0]["children"][0])
    expected = np.full((150, 200), 255, "u1")
    expected[15:135, 20:180] = 0
    assert np.array_equal(covered, expected)
    darkest = scene(120, 160, 3).max(axis=2).min() * 255
    assert colours.max(axis=1).min() > darkest / 3, "what is unknown is never taken for black"


def test_nothing_transparent_is_offered_where_all_is_opaque(gimp, picture):
    picture()
    assert "transparent" not in gimp.refusal("generate-last")


def test_the_quick_mask_is_the_selection_and_its_red_is_not_filled_in(gimp, picture):
    picture()
    gimp.hand("second_layer(max(images()))")
    gimp.hand(
        "channel(max(images()), 'Qmask', (60, 40, 30, 20)); gimp.set_visible(gimp.channels(max(images()))[0], True)"
    )
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    covered, colours = alpha(gimp, after["tree"][0]["children"][0])
    expected = np.zeros((120, 160), "u1")
    expected[40:60, 60:90] = 255
    assert np.array_equal(covered, expected)
    before = gimp.pixels("source", "R'G'B' u8", "u1")[40:60, 60:90].reshape(-1, 3)
    assert np.abs(colours.mean(axis=0) - before.mean(axis=0)).max() < 25
    assert after["active"] == ["Qmask"], "the Quick Mask stays on"


def test_an_active_channel_is_a_sentence(gimp, picture):
    before = picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.hand("channel(max(images()), 'saved', (0, 0, 20, 20))")
    said = gimp.hand(
        "i = max(images()); answer = refusal('plug-in-pluripaint-generate-last', i, gimp.channels(i)[0])"
    )
    assert "A channel is active" in said
    assert gimp.state()["tree"] == before["tree"]


def test_a_hidden_layer_gives_way_to_all_that_is_visible(gimp, picture):
    picture()
    gimp.hand(
        "i = max(images()); gimp.set_visible(gimp.layers(i)[0], False); select(i, 'rectangle', 60, 40, 30, 20)"
    )
    assert "nothing around the selection" in gimp.refusal("generate-last"), "all that is visible is nothing"


def test_variety_other_than_the_default_reaches_the_method(gimp, picture):
    picture()
    gimp.remember(**QUICK, variety=1.6)
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.press("generate-last")
    assert len(gimp.wait_state(grown, "the group")["tree"][0]["children"]) == 2


@pytest.mark.parametrize(("grow", "feather"), [(6, 0.0), (-5, 0.0), (0, 6.0)])
def test_grow_and_feather_alter_what_every_candidate_covers(gimp, picture, grow, feather):
    picture()
    gimp.remember(**{**QUICK, "variations": 1}, grow=grow, feather=feather)
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 24)")
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    covered, _ = alpha(gimp, after["tree"][0]["children"][0])
    ys, xs = np.nonzero(covered)
    if feather:
        assert covered[52, 75] > 200 and len(np.unique(covered)) > 5 and ys.min() < 40 and xs.max() > 89
    else:
        assert (xs.min(), ys.min(), xs.max(), ys.max()) == (60 - grow, 40 - grow, 89 + grow, 63 + grow)


@pytest.mark.parametrize("place", [(0, 40, 30, 24), (124, 88, 36, 32)])
def test_feather_is_not_soft_along_the_pictures_border(gimp, picture, place):
    picture()
    gimp.remember(**{**QUICK, "variations": 1}, feather=8.0)
    gimp.hand(f"select(max(images()), 'rectangle', *{place})")
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    covered, _ = alpha(gimp, after["tree"][0]["children"][0])
    left, top, width, height = place
    across, down = left + width // 2, top + height // 2
    assert covered[down, across] > 240 and len(np.unique(covered)) > 5
    if left:
        assert covered[down, across:].min() > 240 and covered[down:, across].min() > 240
        assert covered[down, :left].max() > 20, "soft where it ends inside"
    else:
        assert covered[down, : across + 1].min() > 240


def test_a_mask_that_is_edited_stays_what_is_edited(gimp, picture):
    picture()
    gimp.hand("i = max(images()); add_mask(i, by_name(i, 'source')); select(i, 'rectangle', 60, 40, 30, 20)")
    before = gimp.state()
    assert before["active"] == ["source mask"]
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    assert after["active"] == ["source mask"]
    gimp.press("keep")
    assert gimp.wait_state(lambda s: s["tree"][0]["kind"] == "layer", "one layer")["active"] == [
        "source mask"
    ]


def test_one_pixel(gimp, picture):
    picture()
    gimp.hand("select(max(images()), 'rectangle', 80, 60, 1, 1)")
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    assert [layer["box"] for layer in after["tree"][0]["children"]] == [[80, 60, 1, 1]] * 2


def test_an_inverted_selection(gimp, picture):
    picture()
    gimp.hand("i = max(images()); select(i, 'rectangle', 20, 15, 120, 90); invert_selection(i)")
    selection = gimp.pixels("selection", "Y u8", "u1")[..., 0]
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    covered, _ = alpha(gimp, after["tree"][0]["children"][0])
    assert np.array_equal(covered, selection)


def test_a_locked_layer_is_filled_above(gimp, picture):
    picture()
    gimp.hand("i = max(images()); lock(by_name(i, 'source')); select(i, 'rectangle', 60, 40, 30, 20)")
    before = gimp.state()
    gimp.press("generate-last")
    after = gimp.wait_state(grown, "the group")
    assert after["tree"][1:] == before["tree"]


def test_a_text_layer_gives_way_to_all_that_is_visible(gimp, picture):
    picture()
    gimp.hand(f"with_text_layer(max(images()), 'words', {str(gimp.inside / 'text.xcf')!r})")
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    before = gimp.state()
    assert before["tree"][0]["kind"] == "text"
    gimp.press("generate-last")
    after = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the group")
    assert after["tree"][1:] == before["tree"] and after["tree"][0]["kind"] == "group"
    assert after["active"] == before["active"]


def test_several_active_layers_give_way_to_all_that_is_visible(gimp, picture):
    if gimp.version == "2.10":
        pytest.skip("GIMP 2.10 has one active layer")
    picture()
    gimp.hand(
        "i = max(images()); second_layer(i); gimp.select_items(i, gimp.layers(i)); "
        "select(i, 'rectangle', 60, 40, 30, 20)"
    )
    before = gimp.state()
    assert len(before["active"]) == 2
    gimp.press("generate-last")
    after = gimp.wait_state(lambda s: len(s["tree"]) == 3, "the group")
    assert after["tree"][1:] == before["tree"] and after["tree"][0]["kind"] == "group"
    assert sorted(after["active"]) == sorted(before["active"])


def test_a_floating_selection_is_a_sentence(gimp, picture):
    picture()
    gimp.hand("i = max(images()); select(i, 'rectangle', 60, 40, 30, 20); float_selection(i)")
    before = gimp.state()
    assert before["tree"][0]["kind"] == "floating"
    assert "A floating selection is active" in gimp.refusal("generate-last")
    assert gimp.state()["tree"] == before["tree"]


def test_a_duplicate_the_person_made_is_never_discarded(gimp, picture):
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.press("generate-last")
    gimp.wait_state(grown, "the group")
    gimp.hand("i = max(images()); duplicate_hidden(i, gimp.children(gimp.layers(i)[0])[0])")
    gimp.press("keep")
    left = gimp.wait_state(lambda s: len(s["tree"][0].get("children", [])) == 2, "the discarding")
    assert "mine" in [layer["name"] for layer in left["tree"][0]["children"]]


@pytest.mark.parametrize("how", ["'opacity', 50.0", "'mode'", "'hide'"])
def test_a_group_that_the_person_made_something_of_is_not_dissolved(gimp, picture, how):
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.press("generate-last")
    gimp.wait_state(grown, "the group")
    gimp.hand(f"i = max(images()); alter(i, gimp.layers(i)[0], {how})")
    seen = gimp.pixels("visible", "R'G'B'A u8", "u1")
    gimp.press("keep")
    left = gimp.wait_state(lambda s: len(s["tree"][0].get("children", "12")) < 2, "the discarding")
    assert left["tree"][0]["kind"] == "group" and len(left["tree"][0]["children"]) == 1
    assert np.array_equal(gimp.pixels("visible", "R'G'B'A u8", "u1"), seen)
    assert "nothing to discard" in gimp.refusal("keep")


def changed_mode(gimp, picture, change):
    """Generates in the window, changes the document behind the review, inserts; the pictures there were before."""
    picture()
    gimp.hand("select(max(images()), 'rectangle', 60, 40, 30, 20)")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.wait_review()
    gimp.hand(change)
    before = gimp.hand("answer = images()")
    gimp.stage.focus(window)
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")
    return before


def test_indexed_meanwhile_opens_the_fills_as_a_new_picture(gimp, picture):
    before = changed_mode(gimp, picture, "make_indexed(max(images()))")
    new = wait_for(
        lambda: set(gimp.hand("answer = images()")) - set(before), PATIENCE, "a new picture with the fills"
    )
    gimp.wait_state(lambda state: len(state["tree"]) == 2, "the fills in it")
    assert len(new) == 1
    gimp.close_picture()
