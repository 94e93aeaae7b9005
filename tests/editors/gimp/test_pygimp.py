"""The Python scripts that GIMP 2.10 came with, untouched but for Python 3's syntax: the same on GIMP 2.10 and 3.0."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gimp_editor import GIMP3, VERSIONS
from pygimp_examples import Unreachable, scripts
from pygimp_jobs import ANSWERS, NOISE, PICTURES
from python3_syntax import python3
from shim_console import Console, Outcome, folder_for, mean_difference

pytestmark = pytest.mark.editor

NEEDS_PYGTK = {"pyconsole", "python-console", "spyro_plus"}
FAILS_IN_GIMP = {"benchmark-foreground-extract": "asks for SIOX, which GIMP 2.10 itself no longer has"}


@pytest.fixture(scope="module")
def examples() -> dict[str, str]:
    """Name → text in the syntax of Python 3."""
    try:
        folder = scripts()
    except Unreachable as why:
        pytest.skip(str(why))
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    return {name: python3(text) for name, text in found.items() if name not in NEEDS_PYGTK}


@pytest.fixture(scope="module")
def outcomes(
    examples: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, Outcome]]]:
    """Everything run once in each GIMP."""
    base = tmp_path_factory.mktemp("pygimp")
    found = {}
    for version in VERSIONS:
        console = Console(version, folder_for(base, f"pygimp-{version}"), [])
        try:
            for name, text in examples.items():
                console.drop(name, text)
            jobs = {**PICTURES, **NOISE, **ANSWERS}
            ran = console.run({str(k): code for k, code in enumerate(jobs.values())})
            found[version] = dict(zip(jobs, ran.values()))
        finally:
            console.close()
    yield found


def both(outcomes: dict[str, dict[str, Outcome]], name: str) -> tuple[Outcome, Outcome]:
    """What came of it in each GIMP, where nothing was raised."""
    old, new = outcomes["2.10"][name], outcomes[GIMP3][name]
    assert not old.error, old.error
    assert not new.error, new.error
    return old, new


@pytest.mark.parametrize("name", PICTURES)
def test_a_script_draws_the_same_in_both(outcomes: dict, name: str) -> None:
    old, new = both(outcomes, name)
    assert old.pixels.std() > 5  # there is something in the picture
    assert mean_difference(old.pixels, new.pixels) <= 2
    assert old.answer == new.answer


@pytest.mark.parametrize("name", NOISE)
def test_a_script_that_draws_by_chance_draws_the_like_in_both(outcomes: dict, name: str) -> None:
    old, new = both(outcomes, name)
    assert old.pixels.shape == new.pixels.shape
    assert min(old.pixels.std(), new.pixels.std()) > 5
    assert abs(old.pixels.mean() - new.pixels.mean()) <= 40  # two runs on one GIMP differ by 16
    assert old.answer == new.answer


@pytest.mark.parametrize("name", ANSWERS)
def test_a_script_writes_the_same_in_both(outcomes: dict, name: str) -> None:
    old, new = both(outcomes, name)
    assert old.answer == new.answer
    assert old.answer is not None


def test_every_script_without_pygtk_is_tried(examples: dict[str, str]) -> None:
    tried = {job.split(" ")[0] for job in (*PICTURES, *NOISE, *ANSWERS)}
    assert set(examples) == tried | set(FAILS_IN_GIMP)
