"""The networks of put_fdm against stored outputs of the published programs, through the command's
own door."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pluripaint.evaluation import conformance

PUT_A = Path(__file__).parent / "put_a"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "put_a"
    shutil.copytree(PUT_A, copy)
    return copy


def only(folder: Path, model: str, **changes: object) -> None:
    """Keep one model of the manifest, for speed, with members changed."""
    manifest = json.loads((folder / "conformance.json").read_text())
    manifest["models"] = [{**m, **changes} for m in manifest["models"] if m["name"] == model]
    (folder / "conformance.json").write_text(json.dumps(manifest))


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip().splitlines()[-1]


def test_three_layouts_with_training_stages(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance.main([str(PUT_A), "--all"]) == 0
    match = re.fullmatch(r"compared (\d+) of (\d+), largest excess (\S+)", last_line(capsys))
    assert match and match[1] == match[2] == "193"
    assert float(match[3]) <= 1


@pytest.mark.parametrize(
    ("model", "file", "key"),
    [
        ("fdm", "weights_fdm.safetensors", "content_codec.encoder.res_layers.3.layers.2.weight"),
        ("fdm", "weights_fdm.safetensors", "fdm.mix.9.conv.0.bias"),
        ("cvpr", "weights_put_cvpr.safetensors", "blocks.1.attn.value.weight"),
        ("tpami", "weights_put_tpami.safetensors", "blocks.2.attn.qkv.weight"),
        ("tpami", "weights_put_tpami.safetensors", "content_codec.decoder.up_layers.4.conv.3.weight"),
    ],
)
def test_one_changed_weight_fails(
    folder: Path, capsys: pytest.CaptureFixture[str], model: str, file: str, key: str
) -> None:
    only(folder, model)
    state = load_file(folder / file)
    state[key].view(-1)[0] += 0.5
    save_file(state, folder / file)
    assert conformance.main([str(folder)]) == 1
    assert "largest excess" in last_line(capsys)


@pytest.mark.parametrize("change", ["missing", "unexpected", "misshapen"])
def test_keys_that_do_not_fit_fail_by_name(
    folder: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    only(folder, "cvpr")
    path = folder / "weights_put_cvpr.safetensors"
    state = load_file(path)
    key = "content_codec.quant_conv.bias"
    if change == "missing":
        del state[key]
    elif change == "unexpected":
        key = "blocks.7.ln1.bias"
        state[key] = torch.zeros(40)
    else:
        state[key] = torch.zeros(7)
    save_file(state, path)
    assert conformance.main([str(folder)]) == 1
    assert key in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        {"method": "other"},
        {"layout": "ours"},
        {"switches": {"residual_skip": "clean"}},
        {"switches": {"new_switch": True}},
        {"weights": {"model": {"file": "weights_put_cvpr.safetensors"}, "teacher": {"file": "x"}}},
        {"cases": {"video": {"mode": "eval", "what": "", "settings": {}, "inputs": {}}}},
    ],
)
def test_unknown_words_are_refused(folder: Path, change: dict[str, object]) -> None:
    only(folder, "cvpr", **change)
    assert conformance.main([str(folder)]) == 2


def test_unknown_stage_fails_when_required(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((folder / "conformance.json").read_text())
    stages = next(m for m in manifest["models"] if m["name"] == "cvpr")["stages"]
    only(folder, "cvpr", stages=[*stages[:2], {**stages[0], "stage": "codec.dream"}])
    assert conformance.main([str(folder)]) == 1
    assert "codec.dream" in capsys.readouterr().out


def test_same_as_and_key_prefix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = load_file(folder / "weights_put_cvpr.safetensors")
    prefixed = {"net." + k: v for k, v in state.items()}
    save_file(prefixed, folder / "a.safetensors")
    torch.save({"model": prefixed}, folder / "b.pth")
    weights = {"model": {"file": "a.safetensors", "key_prefix": "net.", "same_as": ["b.pth"]}}
    only(folder, "cvpr", weights=weights)
    assert conformance.main([str(folder)]) == 0
    assert "compared 13 of 13" in last_line(capsys)
    prefixed["net.emb_proj.bias"][0] += 1e-7
    torch.save({"model": prefixed}, folder / "b.pth")
    assert conformance.main([str(folder)]) == 1


def test_comparison_rules() -> None:
    stage = {"full_shape": [2], "slice": None, "atol": 0.1, "rtol": 0.0, "exact": False}
    assert conformance.compare(np.array([1.0, 2.05]), np.array([1.0, 2.0]), stage)[1] == pytest.approx(0.5)
    assert conformance.compare(np.array([np.nan, 2]), np.array([1.0, 2.0]), stage)[1] == np.inf
    assert conformance.compare(np.zeros(3), np.zeros(2), stage)[1] == np.inf
    exact = {**stage, "exact": True}
    assert conformance.compare(np.array([1, 2]), np.array([1, 3]), exact)[1] == np.inf
