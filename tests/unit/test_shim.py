"""The gimpfu shim's parts that need no GIMP."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

SHIM = Path(__file__).resolve().parents[2] / "plugin" / "gimp" / "shim"
sys.path.insert(0, str(SHIM))

import entries  # noqa: E402
import gimpcolor  # noqa: E402
import gimpenums  # noqa: E402
from pluripaint_shim import enums, nearest, recipes  # noqa: E402
from pluripaint_shim.values import Pixels, Whole, as_bytes  # noqa: E402


class Spec:
    """An argument of a procedure of GIMP 3, as thin as recipes need it."""

    def __init__(self, name: str, kind: str = "gint") -> None:
        self.name = name
        self.value_type = type("Type", (), {"name": kind})


class Procedure:
    def __init__(self, *specs: Spec) -> None:
        self.specs = specs

    def get_arguments(self) -> tuple:
        return self.specs


def _recipe(takes: str, gives: str, *specs: Spec, name: str = "x") -> recipes.Recipe:
    found = recipes.find(name, takes, gives, lambda _name: Procedure(*specs))
    assert found is not None
    return found


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4))
def test_the_quotient_of_numbers_from_gimp_is_true_and_serves_as_an_index(a: int, b: int) -> None:
    quotient = Whole(a) / b
    assert quotient == a / b
    if a >= 0:
        assert len(range(quotient)) == a // b
    assert type(Whole(a) + b) is Whole and Whole(a) + b == a + b
    assert len(range(abs(a) // b, int((Whole(abs(a)) + b) / b))) == 1


def test_small_numbers_from_gimp_are_one_object() -> None:
    assert Whole(0) is gimpenums.RGB
    assert Whole(1000000) == 1000000


def test_pixels_join_with_text() -> None:
    assert "" + Pixels(b"ab") + "c" == b"abc"
    assert as_bytes("\xff\x00") == b"\xff\x00"
    assert as_bytes([1, 2]) == b"\x01\x02"


def test_constants_are_those_of_2_10() -> None:
    expected = {
        "NORMAL_MODE": 0,
        "LAYER_MODE_NORMAL": 28,
        "CHANNEL_OP_REPLACE": 2,
        "RGBA_IMAGE": 1,
        "INDEXED": 2,
    }
    assert {name: getattr(gimpenums, name) for name in expected} == expected
    assert enums.nicks("GimpFillType", 2) == ["white", "white-fill"]
    assert enums.value_of("GimpFillType", "transparent") == 3


def test_colours_count_whole_numbers_to_255_and_fractions_to_1() -> None:
    assert tuple(gimpcolor.RGB(255, 0, 51)) == (255, 0, 51, 255)
    assert gimpcolor.RGB(1.0, 0.0, 0.2) == gimpcolor.RGB(255, 0, 51)
    assert tuple(gimpcolor.RGB("orange"))[:3] == (255, 165, 0)
    assert tuple(gimpcolor.rgb_parse_css("rgba(10%, 50%, 100%, 0.5)")) == (26, 128, 255, 128)
    assert gimpcolor.RGB("red").to_hsl().l == 0.5
    with pytest.raises(ValueError, match="not the name"):
        gimpcolor.rgb_parse_name("no such colour")


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_colours_come_back_from_other_models(parts: tuple) -> None:
    colour = gimpcolor.RGB(*parts)
    for there in (colour.to_hsv().to_rgb(), colour.to_hsl().to_rgb()):
        assert [there.r, there.g, there.b] == pytest.approx(list(parts), abs=1e-6)


def test_a_recipe_puts_arguments_where_they_went() -> None:
    found = _recipe(
        "run-mode:int,image:image,width:int,name:string",
        "",
        Spec("run-mode"),
        Spec("image"),
        Spec("name"),
        Spec("width"),
    )
    assert found.arguments([7, 100, "a"]) == {"image": 7, "name": "a", "width": 100}


def test_a_recipe_drops_lengths_and_cuts_arrays_to_them() -> None:
    found = _recipe("drawable:drawable,num-strokes:int,strokes:floats", "", Spec("drawable"), Spec("strokes"))
    assert found.arguments([3, 4, [1.0, 2.0, 3.0, 4.0, 5.0]]) == {
        "drawable": 3,
        "strokes": [1.0, 2.0, 3.0, 4.0],
    }


def test_a_recipe_takes_files_and_lists_of_drawables() -> None:
    found = _recipe(
        "run-mode:int,image:image,drawable:drawable,filename:string,raw-filename:string", "",
        Spec("image"), Spec("drawables"), Spec("file", "GFile"), Spec("options", "GimpExportOptions"),
    )  # fmt: skip
    assert found.arguments([1, 2, "/a", "a"]) == {"image": 1, "drawables": 2, "file": "/a"}
    assert found.writes_file


def test_a_recipe_gives_lengths_back_and_takes_single_objects_out_of_lists() -> None:
    assert _recipe("", "num-layers:int,layer-ids:ints").results([[5, 6]]) == [2, [5, 6]]
    assert _recipe("", "layer:layer").results([[9]]) == [9]
    assert _recipe("", "layer:layer").results([[]]) == [-1]


def test_the_sentence_for_an_unknown_name_has_the_nearest() -> None:
    said = nearest.sentence("gimp_layer_sett_name", ["gimp-layer-set-name", "gimp-quit"], "GIMP 3.0")
    assert said == (
        "GIMP 3.0 has no procedure “gimp-layer-sett-name”; the nearest known name is “gimp-layer-set-name”."
    )


def test_every_renamed_procedure_was_one_of_2_10() -> None:
    old = {row[0] for row in enums.table("procedures_210.tsv")}
    assert {row[0] for row in enums.table("renamed_30.tsv")} <= old


def test_entries_are_written_and_taken_away(tmp_path: Path) -> None:
    interpreters, environment = entries.write(tmp_path, "/opt/my python/python3", "/opt/my shim")
    assert "python=/opt/my python/python3\n" in interpreters.read_text()
    assert "/usr/bin/python2=/opt/my python/python3\n" in interpreters.read_text()
    assert ":E::py::/opt/my python/python3:\n" in interpreters.read_text()  # scripts without a first line
    assert environment.read_text() == ": PYTHONPATH=/opt/my shim\n"
    entries.remove(tmp_path)
    entries.remove(tmp_path)
    assert not list(tmp_path.glob("*/*"))
