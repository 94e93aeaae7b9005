"""Every word of ours in GIMP's menus and windows goes through gettext: seen with a language in which all are marked."""

from __future__ import annotations

import pytest
from pseudo_locale import marked, unmarked
from stage import PATIENCE, wait_for

pytestmark = pytest.mark.editor


@pytest.fixture(scope="module")
def translated() -> bool:
    return True


def test_no_word_is_left_out(gimp):
    seen: dict[str, list[str]] = {}

    def look(name: str, window: str) -> None:
        seen[name] = [text for texts in gimp.words() for text in texts]
        gimp.stage.screenshot(f"gimp-{gimp.version}-translated-{name}", window)

    gimp.hand("select(max(images()), 'ellipse', 150, 80, 90, 70, 8.0)")
    gimp.press("generate")
    window = gimp.stage.window(marked("Generate Variations"))
    gimp.stage.focus(window)
    gimp.stage.key("alt+o")
    look("settings", window)
    gimp.stage.key("alt+g")
    wait_for(lambda: "⟦3 " in gimp.stage.windows().get(window, ""), PATIENCE, "the review")
    look("review", window)
    gimp.stage.focus(window)
    gimp.stage.key("Return")
    gimp.wait_state(lambda state: len(state["tree"]) > 1, "the group")

    gimp.press("status")
    window = gimp.stage.window(marked("Inpaint Settings / Status"))
    wait_for(lambda: marked("Devices")[:-1] in str(gimp.words()), PATIENCE, "the daemon's state")
    look("status", window)
    gimp.stage.focus(window)
    gimp.stage.key("Escape")

    assert len(seen["settings"]) > 40 and len(seen["review"]) > 50 and len(seen["status"]) > 3
    assert {name: unmarked(texts) for name, texts in seen.items()} == {
        "settings": [],
        "review": [],
        "status": [],
    }
