"""What the tests of the evaluation start from: invented cases, judges without networks, weights of a toy."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pluripaint.methods import records
from pluripaint.methods.put_fdm.config import CONFIGS
from pluripaint.methods.put_fdm.networks import PutFdm

SIDE = 96


def picture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four cases on two photographs; the hole's content is a colour that occurs nowhere else."""
    place = tmp_path / "dev" / "cases"
    place.mkdir(parents=True)
    lines = []
    for k in range(4):
        hole = np.zeros((SIDE, SIDE), np.uint8)
        hole[26 + 4 * k : 60, 30:66] = 255
        photo = picture(k // 2)
        if k % 2 == 0:
            Image.fromarray(photo).save(tmp_path / "dev" / f"photo{k // 2}.png")
        Image.fromarray(hole).convert("1").save(place / f"hole{k}.png")
        case = {"id": f"case{k}", "photo": f"photo{k // 2}.png", "mask": f"hole{k}.png", "seed": k}
        lines.append(json.dumps(case | {"kind": "box", "half": "tune" if k < 2 else "report"}))
    (place / "cases.jsonl").write_text("\n".join(lines) + "\n")
    return place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two weights files of a toy put_fdm, 16 px a side, untrained."""
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "home"))
    for seed, name in enumerate(("toy.one", "toy.two")):
        torch.manual_seed(seed)
        model = PutFdm(CONFIGS["toy"])
        record = records.Record("put_fdm", name, model.config.to_json(), "nothing", "Apache-2.0")
        records.save(record, model.state_dict())
    return tmp_path


class PlainJudges:
    """Stands in for the networks: mean absolute difference as the perceptual distance."""

    def perceptual(self, fills, photo):
        def apart(a, b):
            return float(np.abs(a.astype(float) - b).mean())

        pairs = [apart(a, b) for i, a in enumerate(fills) for b in fills[:i]]
        return [apart(fill, photo) for fill in fills], float(np.mean(pairs)) if pairs else float("nan")

    def kid_features(self, image):
        return [float(v) for v in image.mean((0, 1))]
