"""A gimpfu script of somebody else's, started from its menu entry: its dialog, its last values, what it raises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stage import PATIENCE, wait_for

pytestmark = pytest.mark.editor

ASK = "ctrl+alt+7"


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    return {"python-fu-shim-every-type": "every_type.py"}


@pytest.fixture(autouse=True)
def out(gimp) -> Path:
    """What the script writes; its default lies elsewhere, so that each test names it."""
    file = gimp.outside / "every.json"
    file.unlink(missing_ok=True)
    gimp.dismiss()
    return file


def opened(gimp) -> str:
    """The dialog, by the keys of its menu entry."""
    gimp.keys(ASK)
    window = gimp.stage.window("Every Type")
    gimp.stage.focus(window)
    return window


def fill(gimp, mnemonic: str, text: str) -> None:
    """Type into the field of a mnemonic."""
    gimp.stage.key(f"alt+{mnemonic}", "ctrl+a")
    gimp.stage.type(text)


def answer(file: Path) -> list:
    wait_for(lambda: file.exists() and file.read_text(), PATIENCE, "what the script writes")
    return json.loads(file.read_text())


def named(found: list) -> dict[str, list]:
    names = "image drawable int8 int16 int32 int float value color colour layer channel vectors toggle bool slider"
    names += " spinner adjustment font file brush pattern gradient palette radio number text filename dirname option"
    return dict(zip(names.split(), found))


def test_every_type_is_asked_for_and_the_next_time_shows_what_was_chosen(gimp, out):
    window = opened(gimp)
    gimp.stage.screenshot(f"gimp-{gimp.version}-dialog", window)
    fill(gimp, "w", str(gimp.inside / "every.json"))
    fill(gimp, "f", "3.25")
    gimp.stage.key("alt+t")
    gimp.stage.key("Return")
    found = answer(out)
    gimp.stage.gone("Every Type")
    values = named(found)
    assert values["image"][0] == "Image" and values["drawable"][0] == "Layer"
    assert [values[name][1] for name in ("int8", "int16", "int32", "int")] == [8, 1600, 320000, -7]
    assert values["float"] == ["float", 3.25]
    assert values["value"][1] == "a value" and values["text"][1] == "two\nlines"
    assert values["color"][1:4] == [255, 128, 0] and values["colour"][1:4] == [0, 0, 255]
    assert values["layer"] == values["drawable"] and values["channel"][1] is None
    assert [bool(values[name][1]) for name in ("toggle", "bool")] == [False, False]
    assert [values[name][1] for name in ("slider", "spinner", "adjustment")] == [33, 12, 3]
    assert all(values[name][1] for name in ("font", "brush", "pattern", "gradient", "palette")), (
        "what is in use"
    )
    assert values["radio"][1] == "b" and values["number"][1] == 2 and values["option"] == ["int", 1]
    assert values["dirname"][1] == "/tmp"

    out.unlink()
    opened(gimp)
    gimp.stage.key("Return")
    again = answer(out)
    gimp.stage.gone("Every Type")
    assert again == found

    out.unlink()
    gimp.keys("ctrl+f")  # Repeat: no question, and no layer, which may be gone by then
    assert named(answer(out)) == {**values, "layer": ["NoneType", None]}


def test_escape_runs_nothing_and_keeps_nothing(gimp, out):
    opened(gimp)
    fill(gimp, "w", str(gimp.inside / "other.json"))
    gimp.stage.key("Escape")
    gimp.stage.gone("Every Type")
    opened(gimp)
    fill(gimp, "w", str(gimp.inside / "every.json"))
    gimp.stage.key("Return")
    answer(out)
    gimp.stage.gone("Every Type")
    assert not (gimp.outside / "other.json").exists()


def test_what_is_no_number_is_said_and_the_rest_stays(gimp, out):
    opened(gimp)
    fill(gimp, "w", str(gimp.inside / "every.json"))
    before = gimp.stage.windows()
    fill(gimp, "f", "much")
    gimp.stage.key("Return")
    box = gimp.stage.another(before)
    gimp.stage.screenshot(f"gimp-{gimp.version}-no-number", box)
    assert not out.exists()
    gimp.stage.focus(box)
    gimp.stage.key("Escape")
    gimp.stage.focus(gimp.stage.window("Every Type"))
    fill(gimp, "f", "-1.5")
    gimp.stage.key("Return")
    assert named(answer(out))["float"] == ["float", -1.5]
    gimp.stage.gone("Every Type")


def test_what_a_script_raises_is_shown(gimp, out):
    opened(gimp)
    before = gimp.stage.windows()
    fill(gimp, "w", "/nonexistent/every.json")
    gimp.stage.key("Return")
    box = gimp.stage.another(before)
    gimp.stage.screenshot(f"gimp-{gimp.version}-raises", box)
    gimp.stage.focus(box)
    gimp.stage.key("Escape")
    gimp.stage.gone("Every Type")
