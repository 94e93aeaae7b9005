"""Training: data, the loop's promises, every stage, and the whole way through the command at toy size."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from pluripaint.cli import main
from pluripaint.layers.codebook import DualCodebook
from pluripaint.methods import records, registry
from pluripaint.methods.put_fdm import config, training
from pluripaint.methods.put_fdm.training.stage import MASKS
from pluripaint.training import checkpoint
from pluripaint.training.batches import Batch, Batches
from pluripaint.training.loop import Plan, Run
from pluripaint.training.photos import DataError, Photos


def picture(seed: int, height: int = 60, width: int = 80) -> Image.Image:
    """Smooth colours with an edge: something a codec can learn."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("photos")
    for k in range(6):
        picture(k).save(made / f"{k}.png")
    return made


def shard(path: Path, rows: list[dict[str, Any]], with_index: bool = True) -> Path:
    with tarfile.open(path, "w") as tar:

        def add(name: str, data: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        if with_index:
            add("index.jsonl", "\n".join(json.dumps(row) for row in rows).encode())
        for row in rows:
            buffer = io.BytesIO()
            picture(int(row["file"][0])).save(buffer, "PNG")
            add(row["file"], buffer.getvalue())
    return path


# ------------------------------------------------------------------------------------------------------ data


def test_a_shard_gives_what_its_index_allows(tmp_path: Path) -> None:
    rows = [{"file": "0.png"}, {"file": "1.png", "cls": "research"}, {"file": "2.png", "cls": "permissive"}]
    assert len(Photos.read([shard(tmp_path / "train-0.tar", rows)], [20])) == 2
    with pytest.raises(DataError, match=r"no index\.jsonl"):
        Photos.read([shard(tmp_path / "bare.tar", rows, with_index=False)], [20])


def test_research_shards_are_never_read(tmp_path: Path) -> None:
    shard(tmp_path / "research-000.tar", [{"file": "0.png"}])
    with pytest.raises(DataError, match="research only"):
        Photos.read([tmp_path / "research-000.tar"], [20])
    with pytest.raises(DataError, match="no photograph"):
        Photos.read([tmp_path], [20])


def test_a_damaged_picture_is_named(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "0.png").read_bytes()
    (tmp_path / "cut off.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut off\.png cannot be read"):
        Photos.read([folder, tmp_path], [20])


def test_nothing_is_enlarged(folder: Path) -> None:
    photos = Photos.read([folder], [20, 40, 61])
    assert photos.count.tolist() == [2] * 6
    assert photos.levels[:2, 1:].tolist() == [[20, 27], [40, 53]]


def test_crops_are_windows_of_the_photographs(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:30, 0:40].astype(np.uint8)
    Image.fromarray(np.stack([rows, columns, rows * 0], 2)).save(tmp_path / "ramp.png")
    crops = Photos.read([tmp_path], [30]).crops(64, 16, torch.Generator().manual_seed(0))
    assert crops.shape == (64, 3, 16, 16)
    steps = crops[:, 1, 0, 1].int() - crops[:, 1, 0, 0].int()
    assert set(steps.tolist()) == {1, -1}, "some are mirrored, none is stretched"
    assert bool((crops[:, 0, 1:].int() - crops[:, 0, :-1].int() == 1).all())
    assert len(set(crops[:, 0, 0, 0].tolist())) > 8


def test_a_batch_depends_on_seed_worker_and_step_alone(folder: Path) -> None:
    photos = Photos.read([folder], [20])
    batches = Batches(photos, 4, 16, MASKS, patch=4)
    first, later = batches(7), batches(40)
    again = batches(7)
    assert not torch.equal(first.known, later.known)
    assert torch.equal(first.image, again.image) and torch.equal(first.known, again.known)
    for other in (batches(8), replace(batches, seed=1, _made={})(7), replace(batches, worker=1, _made={})(7)):
        assert not torch.equal(first.image, other.image)
    assert float(first.image.min()) >= 0 and float(first.image.max()) <= 255


# ---------------------------------------------------------------------------------------------------- codebook


def test_k_means_start_puts_the_codes_where_the_features_are() -> None:
    centres = torch.randn(8, 5) * 10
    features = centres.repeat_interleave(50, 0) + torch.randn(400, 5) * 0.1
    codebook = DualCodebook(48, 0, 5)
    codebook.start_from(features, torch.Generator().manual_seed(0))
    error = torch.cdist(features, codebook.embedding).min(1).values
    assert float(error.mean()) < 0.5
    assert torch.allclose(codebook.total, codebook.embedding * codebook.count[:, None])


def test_idle_codes_restart_and_busy_ones_stay() -> None:
    codebook = DualCodebook(4, 2, 3)
    codebook.count.copy_(torch.tensor([9.0, 0.0, 7.0, 0.01, 0.0, 0.0]))
    before = codebook.embedding.clone()
    features = torch.full((5, 3), 2.5)
    assert codebook.restart(features, 0.5, torch.Generator().manual_seed(0)) == 2
    assert torch.equal(codebook.embedding[[1, 3]], features[:2])
    assert torch.equal(codebook.embedding[[0, 2, 4, 5]], before[[0, 2, 4, 5]]), "masked codes too"
    codebook.update(features[:4].t().reshape(1, 3, 2, 2), torch.tensor([[[1, 1], [3, 3]]]))
    assert float(codebook.embedding[[1, 3]].abs().max()) < 3, "a restarted code does not leap"


# ------------------------------------------------------------------------------------------------------ stages

SMALL = replace(config.CONFIGS["toy"], grid=(8, 8))  # 32 px: large enough for the discriminator
DUAL = replace(
    SMALL,
    layout="fdm",
    codec=replace(SMALL.codec, masked_codes=8),
    tokens=config.Tokens("cvpr", 2, 32, 2, classes=32, length=64),
)
MAPS = (("edges",), ("edges",))


def edges(image: Tensor) -> dict[str, Tensor]:
    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).expand(3, 1, 3, 3) / 8
    return {"edges": functional.conv2d(image, kernel, padding=1, groups=3).abs()}


class OneBatch:
    """The same images and holes at every step."""

    def __init__(self, folder: Path, recipe: Any = MASKS) -> None:
        photos = Photos.read([folder], [40])
        self.fixed = Batches(photos, 4, 32, recipe, patch=4)(0)

    def __call__(self, step: int) -> Batch:
        return replace(self.fixed, step=step, generator=torch.Generator().manual_seed(step))


def stage_run(name: str, folder: Path, out: Path, sizes: config.Config = SMALL, model: Any = None, steps: int = 150,
              **settings: float) -> tuple[Any, list[dict[str, float]]]:  # fmt: skip
    torch.manual_seed(0)
    model = model or training.network(sizes)
    chosen = replace(training.settings(sizes, name), warmup=10, discriminator_base=8, **settings)  # type: ignore[arg-type]
    stage = training.STAGES[name](sizes, chosen, edges, MAPS)
    run = Run(model, stage, OneBatch(folder), Plan(out / name, steps=steps), OneBatch(folder))
    run._start(resume=False)
    losses = [{k: float(v) for k, v in run.move().items()} for _ in range(steps)]
    return model, losses


@pytest.mark.parametrize("sizes", [SMALL, DUAL], ids=["ours", "published layout"])
def test_every_stage_overfits_one_batch(folder: Path, tmp_path: Path, sizes: config.Config) -> None:
    model, losses = stage_run("codec", folder, tmp_path, sizes, steps=200, rate=2e-3, adversarial_from=150,
                              style=10.0)  # fmt: skip
    assert losses[149]["painter.rec_loss"] < 0.45 * losses[0]["painter.rec_loss"]
    assert "painter.adv_loss" not in losses[149] and losses[150]["painter.adv_loss"] > 0
    assert losses[-1]["critic.loss"] < losses[150]["critic.loss"], "the critic learns too"

    frozen = {k: v.clone() for k, v in model.codec.state_dict().items()}
    model, losses = stage_run("tokens", folder, tmp_path, sizes, model, steps=300, rate=5e-3, smoothing=0.0,
                              token_noise=0.0, quantised=0.0)  # fmt: skip
    assert losses[-1]["tokens.ce_loss"] < 0.45 * losses[0]["tokens.ce_loss"]

    model, losses = stage_run("fdm", folder, tmp_path, sizes, model, rate=3e-3, wrong_codes=0.0)
    assert losses[-1]["fdm.loss"] < 0.2 * losses[0]["fdm.loss"]
    assert all(torch.equal(v, frozen[k]) for k, v in model.codec.state_dict().items()), (
        "the codec stays as it is"
    )

    model, losses = stage_run("joint", folder, tmp_path, sizes, model, steps=100, rate=1e-3, adversarial_from=60,
                              wrong_codes=0.0, style=10.0)  # fmt: skip
    assert losses[59]["painter.rec_loss"] < losses[0]["painter.rec_loss"]
    changed = {k.split(".")[0] for k, v in model.codec.state_dict().items() if not torch.equal(v, frozen[k])}
    assert changed == {"decoder", "from_code"}, "encoder and codebook stay as they are"


def test_a_correct_code_lets_fdm_lower_the_feature_distance(folder: Path, tmp_path: Path) -> None:
    model, _ = stage_run("codec", folder, tmp_path, steps=60, rate=2e-3)
    stage = training.STAGES["fdm"](SMALL, training.settings(SMALL, "fdm"), edges, MAPS)
    model, _ = stage_run("fdm", folder, tmp_path, SMALL, model, steps=300, rate=3e-3, wrong_codes=0.0)
    with torch.no_grad():
        assert float(stage.judged(model, OneBatch(folder)(0))["feature_distance"]) < 0.95


# -------------------------------------------------------------------------------------------------------- loop


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))


def toy_run(folder: Path, out: Path, steps: int, **named: Any) -> Run:
    torch.manual_seed(0)
    sizes = config.CONFIGS["toy"]
    stage = training.STAGES["codec"](sizes, replace(training.settings(sizes, "codec"), restart_every=3))
    photos = Photos.read([folder], [20])
    plan = Plan(out, steps=steps, **named)
    return Run(training.network(sizes), stage, Batches(photos, 4, 16, stage.masks, patch=4), plan)


def quiet(figures: Any) -> None:
    assert figures["step"] > 0


def test_a_resumed_run_ends_with_the_same_bits(folder: Path, tmp_path: Path) -> None:
    assert toy_run(folder, tmp_path / "whole", 9).go(quiet)
    assert toy_run(folder, tmp_path / "parts", 9, minutes=0.0).go(quiet) is False
    once = toy_run(folder, tmp_path / "parts", 9)
    once._start(resume=False)
    for _ in range(4):
        once.move()
    once.floating = 1
    once._write({}, 1.0, quiet)
    assert toy_run(folder, tmp_path / "parts", 9).go(quiet, resume=True)
    whole, parts = (load_file(tmp_path / name / "part.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys() and all(torch.equal(whole[k], parts[k]) for k in whole)
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "parts")]
    for name in ("model", "extra"):
        assert all(torch.equal(states[0][name][k], states[1][name][k]) for k in states[0][name])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_after_the_step_with_a_checkpoint(
    folder: Path, tmp_path: Path, number: int
) -> None:
    told: list[int] = []

    def report(figures: Any) -> None:
        told.append(figures["step"])
        if len(told) == 2:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    assert toy_run(folder, tmp_path, 1000, every=0.0).go(report) is False
    assert told == [1, 2, 3] and signal.getsignal(number) is before
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 3
    assert [line["step"] for line in checkpoint.noted(tmp_path)] == told
    assert not list(tmp_path.glob(".*")), "nothing half written is left"


def test_a_figure_that_is_no_number_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    run = toy_run(folder, tmp_path, 1000)
    figures = [3.0, 2.0, float("nan"), 2.5]
    run.judged = lambda count=4: {f"dev.{run.stage.measure}": figures.pop(0)}  # type: ignore[method-assign]
    run._start(resume=False)
    run.floating = 1
    for _ in range(len(figures)):
        run.move()
        run._write({}, 1.0, quiet)
    kept = checkpoint.load_part(tmp_path)
    assert kept is not None and kept[1]["steps"] == "2" and run.best == 2.0


def test_the_rate_rises_and_falls(folder: Path, tmp_path: Path) -> None:
    run = toy_run(folder, tmp_path, 1000)
    player = replace(run.players[0], warmup=100, rate=1.0)

    def at(step: int) -> float:
        run.step = step
        return run.rate(player)

    assert at(0) == 0.01 and at(99) == 1.0
    assert at(550) == pytest.approx(0.505, abs=0.01) and at(1000) == pytest.approx(0.01)
    run.plan = replace(run.plan, steps=None)
    assert at(10_000) == 1.0


def test_two_workers_average_and_agree(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(
        "import torch\n"
        "from pluripaint.training.workers import Workers\n"
        "w = Workers.joined('cpu')\n"
        "p = torch.nn.Linear(2, 1, bias=False)\n"
        "torch.nn.init.constant_(p.weight, 5.0 + w.rank)\n"
        "w.same(p)\n"
        "assert float(p.weight.sum()) == 10.0\n"
        "p.weight.grad = torch.full((1, 2), 1.0 + w.rank)\n"
        "w.averaged(p.parameters())\n"
        "assert float(p.weight.grad.sum()) == 3.0, p.weight.grad\n"
        "assert w.agreed(w.rank == 1, 'cpu') and not w.agreed(False, 'cpu')\n"
        "w.left()\n"
        "import sys; sys.stdout.write(f'agreed {w.count}\\n')\n"
    )
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("agreed 2") == 2


# ----------------------------------------------------------------------------------------------- the command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    return tmp_path


def train(folder: Path, stage: str, *more: str) -> tuple[int, str]:
    arguments = [
        "train",
        "put_fdm",
        "--data",
        str(folder),
        "--config",
        "toy",
        "--batch",
        "4",
        "--stage",
        stage,
    ]
    result = CliRunner().invoke(main, [*arguments, *more])
    return result.exit_code, result.output


def test_the_whole_way_from_photographs_to_a_usable_method(folder: Path, home: Path) -> None:
    for stage in ("codec", "tokens", "fdm", "joint"):
        code, said = train(
            folder, stage, "--dev", str(folder), "--steps", "6", "--name", "mine", "--set", "warmup=2"
        )
        assert code == 0, said
        lines = [
            json.loads(x) for x in (home / f"training/mine/{stage}/metrics.jsonl").read_text().splitlines()
        ]
        assert lines[-1]["step"] == 6 and lines[-1]["gflop_per_s"] > 0
        assert any(name.startswith("dev.") for name in lines[-1])
    record = records.listed("put_fdm")[0]
    assert record["name"] == "mine" and record["steps"] == {"codec": 6, "tokens": 6, "fdm": 6, "joint": 6}
    assert record["config"]["fdm"] and record["figures"]["joint"]["dev.hole_l1"] > 0
    assert registry.load("put_fdm", "mine").info.native_size == 16
    state = load_file(home / "weights/mine.safetensors")
    joint = load_file(home / "training/mine/joint/part.safetensors")
    assert torch.equal(state["codec.decoder.last.weight"], joint["codec.decoder.last.weight"].half())
    assert "codec.codebook.total" not in state, "what only training needs is not shipped"


def test_put_without_fdm_is_a_method_too(folder: Path, home: Path) -> None:
    for stage in ("codec", "tokens"):
        code, said = train(folder, stage, "--steps", "2")
        assert code == 0, said
    assert records.listed("put_fdm")[0]["config"]["fdm"] is None
    assert registry.load("put_fdm", "put_fdm.own")


def test_training_goes_on_from_a_weights_file_alone(folder: Path, home: Path) -> None:
    for stage in ("codec", "tokens"):
        assert train(folder, stage, "--steps", "2", "--name", "first")[0] == 0
    first = home / "weights/first.safetensors"
    more = home / "more"
    shutil.copytree(folder, more)
    code, said = train(more, "tokens", "--steps", "2", "--name", "second", "--start", str(first))
    assert code == 0, said
    before, after = load_file(first), load_file(home / "weights/second.safetensors")
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert {name for name in before if name.startswith("codec.")} <= same, "the codec is the file's"
    assert not {name for name in before if name.startswith("tokens.") and name.endswith("weight")} <= same
    record = next(one for one in records.listed("put_fdm") if one["name"] == "second")
    assert record["steps"] == {"codec": 2, "tokens": 2}
    assert record["data"] == f"more; {folder.name}", "each part says what it was trained on"


def test_what_cannot_be_done_is_said_in_a_sentence(folder: Path, home: Path) -> None:
    def refused(words: str, *arguments: str) -> None:
        code, said = train(folder, *arguments)
        assert code == 2 and words in said.splitlines()[-1], said

    refused("needs codec", "tokens", "--steps", "1")
    refused("no stage dream", "dream")
    refused("no setting depth", "codec", "--set", "depth=3")
    assert train(folder, "codec", "--steps", "2")[0] == 0
    refused("--resume", "codec", "--steps", "2")
    refused("another seed", "codec", "--steps", "3", "--resume", "--seed", "4")
    refused("another data", "codec", "--steps", "3", "--resume", "--data", str(folder / "0.png"))
    refused("another bf16", "codec", "--steps", "3", "--resume", "--bf16")
    refused("no number any more", "codec", "--steps", "40", "--set", "rate=1e30", "--out", str(home / "wild"))
    assert not (home / "wild/codec").exists(), "nothing is written over what was kept before"
    assert train(folder, "tokens", "--steps", "2")[0] == 0
    assert train(folder, "codec", "--steps", "4", "--resume")[0] == 2, (
        "the token model fits the codec no more"
    )
    (home / "training/put_fdm.own/codec/checkpoint.pt").write_bytes(b"cut off")
    refused("cannot be read", "codec", "--steps", "3", "--resume")
