"""Every procedure of GIMP 2.10, called by a gimpfu script on GIMP 2.10 and on 3.0.

``every_procedure.tsv`` holds a call of each. Where one of the GIMPs does not follow, the third column says which or
what (2.10, 3.0, answer, picture, never) and the fourth why. What is listed and works all the same is a failure too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from gimp_editor import GIMP3, VERSIONS
from shim_console import Console, Outcome, folder_for, mean_difference
from stage import Stage

pytestmark = pytest.mark.editor

BATCH = 60
"""Calls in one start of GIMP: few enough that one which ends it costs little."""

SCENE = '''
def plainly(value):
    """What both GIMPs can say alike of a result."""
    if isinstance(value, (tuple, list)):
        return [plainly(one) for one in value]
    if isinstance(value, bytes):
        return list(value[:64])
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, (int, str)) or value is None:
        return value
    if hasattr(value, "name") and not isinstance(value, gimp.Image):
        return [type(value).__name__, value.name]
    return type(value).__name__

image, layer = picture(kind=RGB_IMAGE)
upper = gimp.Layer(image, "upper", 40, 30, RGBA_IMAGE, 100, NORMAL_MODE)
upper.fill(FILL_WHITE)
image.add_layer(upper, 0)
upper.set_offsets(20, 10)
upper.opacity = 50.0
image.active_layer = layer
channel = gimp.Channel(image, "channel", 96, 64, 50, (200, 0, 0))
image.add_channel(channel, 0)
path = gimp.Vectors(image, "path")
corners = [10, 10, 10, 10, 10, 10, 60, 12, 60, 12, 60, 12, 40, 50, 40, 50, 40, 50]
stroke = gimp.VectorsBezierStroke(path, corners, True).ID
pdb.gimp_image_insert_vectors(image, path, None, 0)
pdb.gimp_context_set_defaults()
pdb.gimp_context_set_brush('2. Hardness 050')
pdb.gimp_context_set_pattern('Pine')
pdb.gimp_context_set_gradient('FG to BG (RGB)')
gimp.set_foreground(200, 100, 50)
gimp.set_background(20, 60, 120)
'''
RESULT = """
result = answer if isinstance(answer, gimp.Image) else result or (image if pdb.gimp_image_is_valid(image) else None)
answer = plainly(answer)
"""


@dataclass
class Call:
    """A procedure, the Python that calls it, and where (and why) one of the GIMPs does not follow."""

    name: str
    code: str
    where: str = ""
    why: str = ""

    def job(self) -> str:
        """The scene, the call with its value kept as ``answer``, and what came of it."""
        lines = ast.parse(self.code).body
        last = max(k for k, line in enumerate(lines) if isinstance(line, ast.Expr))
        made = [("answer = " if k == last else "") + ast.unparse(line) for k, line in enumerate(lines)]
        return "\n".join([SCENE, *made, RESULT])


def table() -> list[Call]:
    lines = (
        Path(__file__)
        .with_suffix("")
        .with_name("every_procedure.tsv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    return [Call(*line.split("\t")) for line in lines if not line.startswith("#")]


CALLS = table()


def run(version: str, folder: Path, display: str) -> dict[str, Outcome]:
    """Every call that is made at all; one that ends GIMP fails alone."""
    console = Console(version, folder, [], resources=True)
    console.display = display
    found: dict[str, Outcome] = {}
    left = [call for call in CALLS if call.where != "never"]
    try:
        names = console.run({"names": "answer = pdb.gimp_procedural_db_query('', '', '', '', '', '', '')[1]"})
        found["names"] = names["names"]
        while left:
            batch, left = left[:BATCH], left[BATCH:]
            came = console.run({call.name: call.job() for call in batch}, seconds=120)
            ended = next((k for k, call in enumerate(batch) if came[call.name].never_came), len(batch))
            found.update({call.name: came[call.name] for call in batch[: ended + 1]})
            left = batch[ended + 1 :] + left
        return found
    finally:
        console.close()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Outcome]]]:
    """Everything run once in each GIMP, both at once."""
    base = tmp_path_factory.mktemp("every")
    stage = Stage(base / "shots")
    try:
        with ThreadPoolExecutor(2) as both:
            ran = {
                version: both.submit(run, version, folder_for(base, f"every-{version}"), stage.display)
                for version in VERSIONS
            }
            yield {version: one.result() for version, one in ran.items()}
    finally:
        stage.close()


def listed(*where: str) -> set[str]:
    return {call.name for call in CALLS if call.where in where}


def surprises(found: dict[str, str], expected: set[str]) -> list[str]:
    """What is found and not expected, and the other way round; a line each."""
    unknown = [f"{name}: {why}" for name, why in found.items() if name not in expected]
    return unknown + [f"{name} is listed and works" for name in sorted(expected - set(found))]


def failures(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: one.error.strip().splitlines()[-1] for name, one in outcomes.items() if one.error.strip()}


def test_the_table_names_every_procedure(outcomes: dict) -> None:
    ours = {"python-fu-shim-drive"}
    assert {call.name for call in CALLS} == set(outcomes["2.10"]["names"].answer) - ours


def test_gimp_210_runs_every_call_that_is_not_listed(outcomes: dict) -> None:
    assert not surprises(failures(outcomes["2.10"]), listed("2.10"))


def test_gimp_30_runs_every_call_that_is_not_listed(outcomes: dict) -> None:
    found = {name: why for name, why in failures(outcomes[GIMP3]).items() if name not in listed("2.10")}
    assert not surprises(found, listed("3.0"))


def test_both_answer_the_same(outcomes: dict) -> None:
    found = {}
    for call in _compared():
        old, new = outcomes["2.10"][call.name], outcomes[GIMP3][call.name]
        if not old.error and not new.error and old.answer != new.answer:
            found[call.name] = f"{str(old.answer)[:80]} against {str(new.answer)[:80]}"
    assert not surprises(found, listed("answer"))


def test_both_draw_the_same(outcomes: dict) -> None:
    found = {}
    for call in _compared():
        old, new = outcomes["2.10"][call.name], outcomes[GIMP3][call.name]
        if old.error or new.error or call.where == "answer":
            continue
        if (old.pixels is None) != (new.pixels is None):
            found[call.name] = "a picture in one of them"
        elif old.pixels is not None and old.pixels.shape != new.pixels.shape:
            found[call.name] = f"{old.pixels.shape} against {new.pixels.shape}"
        elif old.pixels is not None and mean_difference(old.pixels, new.pixels) > 2:
            found[call.name] = f"differs by {mean_difference(old.pixels, new.pixels):.1f}"
    chance = {call.name for call in CALLS if call.why == "by chance"}  # which may come out alike
    found.update(dict.fromkeys(chance, "by chance"))
    assert not surprises(found, listed("picture"))


def _compared() -> list[Call]:
    return [call for call in CALLS if call.where in ("", "answer", "picture")]


def test_every_exception_has_its_reason() -> None:
    assert all(call.why for call in CALLS if call.where)
    assert {call.where for call in CALLS} <= {"", "2.10", "3.0", "answer", "picture", "never"}
