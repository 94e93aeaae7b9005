"""The page for newcomers is true: the method it spells out is listed, trained and used."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import pluripaint.methods
from pluripaint import pipeline
from pluripaint.cli import main
from pluripaint.methods import registry
from pluripaint.pipeline import FillRequest, RegionPixels, Settled
from pluripaint_client.geometry import Region

PAGE = Path(pluripaint.methods.__file__).parent / "README.md"


class Quiet:
    cancel_flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: object = None) -> None:
        assert 0 <= fraction <= 1


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files in a folder of their own, and its one line in the registry."""
    text = PAGE.read_text("utf-8")
    for name, code in re.findall(r"^`(\S+\.py)`\n\n```python\n(.*?)```", text, re.M | re.S):
        path = tmp_path / "methods" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, "utf-8")
    (line,) = re.findall(r'^"(\w+)": "(\S+)",$', text, re.M)
    monkeypatch.setattr(
        pluripaint.methods, "__path__", [*pluripaint.methods.__path__, str(tmp_path / "methods")]
    )
    monkeypatch.setitem(registry._METHODS, *line)
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("pluripaint.methods.mean_colour")]:
        del sys.modules[name]


def pluripaint_says(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_method_is_one_folder_and_one_line(newcomer: Path) -> None:
    assert "mean_colour has no default weights yet: import or train some." in pluripaint_says("methods")

    for k in range(3):  # the middle is redder than the rest: that is what the tint has to learn
        photo = np.full((48, 48, 3), 90, np.uint8)
        photo[12:36, 12:36, 0] += 60
        Image.fromarray(photo).save(newcomer / f"{k}.png")
    said = pluripaint_says("train", "mean_colour", "--data", str(newcomer), "--stage", "tint", "--steps", "40",
                           "--batch", "8", "--name", "mean_colour", "--dev", str(newcomer))  # fmt: skip
    assert "Weights mean_colour written" in said
    listed = pluripaint_says("methods")
    assert re.search(r"mean_colour .*ready", listed) and "tint 40" in listed

    pixels = np.random.default_rng(0).integers(60, 120, (64, 64, 3), dtype=np.uint8)
    selection = np.zeros((64, 64), np.uint8)
    selection[20:40, 24:44] = 255
    job = FillRequest(
        [RegionPixels(Region(0, 0, 64, 64), pixels, selection)], count=2, method="mean_colour", seed=3
    )
    *candidates, settled = pipeline.fill(job, Quiet())
    assert isinstance(settled, Settled) and len(settled.seeds) == 2
    assert all(candidate.fills[0].shape[2] == 3 for candidate in candidates)
    assert all(candidate.weights_sha256 for candidate in candidates)
