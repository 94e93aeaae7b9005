"""PUT against PUT + FDM on the same weights: features of the hole's patches against the encoder's own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pluripaint.evaluation import feature_distance
from pluripaint.evaluation.cases import load_cases, open_case
from pluripaint.methods import records, registry
from pluripaint.methods.put_fdm.config import CONFIGS
from pluripaint.methods.put_fdm.networks import Job, PutFdm


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cases, and untrained weights of a toy put_fdm with and without FDM."""
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "home"))
    torch.manual_seed(0)
    model = PutFdm(CONFIGS["toy"])
    record = records.Record("put_fdm", "toy.mine", model.config.to_json(), "nothing", "Apache-2.0")
    records.save(record, model.state_dict())
    bare = {k: v for k, v in model.state_dict().items() if not k.startswith("fdm.")}
    without = {**model.config.to_json(), "fdm": None}
    records.save(records.Record("put_fdm", "toy.bare", without, "nothing", "Apache-2.0"), bare)
    lines = []
    for k in range(2):
        hole = np.zeros((60, 80), np.uint8)
        hole[20 : 40 + k, 30:54] = 255
        image = np.random.default_rng(k).integers(0, 255, (60, 80, 3)).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / f"photo{k}.png")
        Image.fromarray(hole).save(tmp_path / f"hole{k}.png")
        lines.append(
            json.dumps({"id": f"c{k}", "photo": f"photo{k}.png", "mask": f"hole{k}.png", "kind": "box"})
        )
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_the_command_prints_both_distances(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert feature_distance.main(["toy.mine", "--cases", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "2 cases on 2 photographs" in said
    for kind in feature_distance.KINDS:
        found = re.search(rf"{kind} codes: PUT ([\d.]+), PUT \+ FDM ([\d.]+), ratio ([\d.]+)", said)
        assert found
        without, with_fdm, ratio = map(float, found.groups())
        assert without > 0 and ratio == pytest.approx(with_fdm / without, abs=0.01) and ratio != 1


def test_a_correction_that_knows_the_truth_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = registry.load("put_fdm", "toy.mine")
    encode, seen = method.model.codec.encode, []
    monkeypatch.setattr(method.model.codec, "encode", lambda image: seen.append(encode(image)) or seen[-1])
    # The photograph is encoded before the masked one: the last but one is the truth.
    monkeypatch.setattr(Job, "dequantised", lambda self, features: seen[-2])
    found = feature_distance.distances(method, open_case(load_cases(folder)[0]), 0)
    for without, with_fdm in found.values():
        assert without > 0 and with_fdm == 0
    assert found["true"][0] < found["drawn"][0], "a true code is the nearest one"


def test_weights_without_fdm_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (("toy.bare", "has no FDM"), ("toy.none", "Import or train")):
        assert feature_distance.main([name, "--cases", str(folder)]) == 2
        assert words in capsys.readouterr().err
    assert feature_distance.main(["toy.mine", "--cases", str(folder / "home")]) == 2
