"""put_fdm on this processor, as ratios at the same weights. Prints; passes or fails nothing on time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from pluripaint.methods.base import Scene
from pluripaint.methods.put_fdm import sampling
from pluripaint.methods.put_fdm.config import CONFIGS, Sampler
from pluripaint.methods.put_fdm.context_once import ContextOnce, HoleField, gather_padded, grid_places
from pluripaint.methods.put_fdm.method import PutFdmMethod
from pluripaint.methods.put_fdm.networks import Job, PutFdm

pytestmark = pytest.mark.benchmark


class Quiet:
    cancel_flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: object = None) -> None: ...


class Uncached(HoleField):
    """The same field, but the known part is read again in every forward and for every candidate."""

    def __init__(self, job: Job, model: ContextOnce, candidates: int) -> None:
        super().__init__(model, job.model.codec.codebook, job.features, job.complete, candidates)
        flat = job.complete.flatten(1)
        rows = job.features.flatten(2).transpose(1, 2)
        known, exists = gather_padded(rows, flat)
        places, _ = gather_padded(grid_places(*job.complete.shape[1:])[None], flat)
        self._known = [x.expand(candidates, *x.shape[1:]) for x in (known, places, exists)]

    def logits(self) -> torch.Tensor:
        self._context = self._model.context(*self._known)
        return super().logits()


@pytest.fixture(scope="module")
def job() -> Job:
    torch.manual_seed(0)
    model = PutFdm(CONFIGS["small"]).eval()
    known = torch.ones(1, 1, 64, 64)
    known[:, :, 16:48, 16:48] = 0  # a quarter
    return model.job(torch.rand(1, 3, 64, 64) * 255, known)


@torch.inference_mode()
def timed(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds, best of a few rounds after one to warm up."""
    work()
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def draw(field: HoleField, settings: Sampler) -> int:
    """Draw all tokens; returns how many forwards that took."""
    generators = [torch.Generator().manual_seed(k) for k in range(len(field.tokens))]
    return sum(1 for _ in sampling.steps(field, settings, generators))


def told(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        print(f"\n  {line}")


def test_parallel_against_sequential(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    seconds, forwards = {}, {}
    for order in ("parallel", "sequential"):
        settings = replace(CONFIGS["small"].sampler, order=order, per_forward=1)
        forwards[order] = draw(job.field(1), settings)
        seconds[order] = timed(lambda settings=settings: draw(job.field(1), settings), 1)
    hole = job.field(1).unknown.shape[1]
    told(
        capsys,
        f"one candidate, {hole} hole tokens: sequential {forwards['sequential']} forwards "
        f"({forwards['sequential'] * hole} token passes, {seconds['sequential']:.2f} CPU s), parallel "
        f"{forwards['parallel']} ({forwards['parallel'] * hole}, {seconds['parallel']:.2f}): "
        f"{seconds['sequential'] / seconds['parallel']:.1f} times faster",
    )
    assert forwards == {"parallel": 8, "sequential": hole}


def test_cached_against_uncached(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    settings, model = CONFIGS["small"].sampler, job.model.tokens
    assert isinstance(model, ContextOnce)
    fields = [job.field(4), Uncached(job, model, 4)]
    for field in fields:
        with torch.inference_mode():
            draw(field, settings)  # type: ignore[arg-type]
    cached = timed(lambda: draw(job.field(4), settings))  # type: ignore[arg-type]
    plain = timed(lambda: draw(Uncached(job, model, 4), settings))
    told(
        capsys,
        f"four candidates: known part read once {cached:.2f} CPU s, in every forward {plain:.2f}: "
        f"{plain / cached:.1f} times faster",
    )
    assert torch.equal(fields[0].tokens, fields[1].tokens), "the same tokens either way"


def test_a_batch_of_four_against_four_runs(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    method = PutFdmMethod(job.model)
    hole = np.zeros((64, 64), bool)
    hole[16:48, 16:48] = True
    image = np.random.default_rng(0).random((64, 64, 3), np.float32)
    scene = Scene(
        np.where(hole[..., None], 0, image).astype(np.float32), hole, hole, ~hole | hole, ~hole & hole
    )
    alone = timed(lambda: [list(method.fill(scene, [seed], {}, Quiet())) for seed in range(4)])
    settings = CONFIGS["small"].sampler

    def together() -> None:
        with torch.inference_mode():
            field = job.field(4)
            draw(field, settings)  # type: ignore[arg-type]
            job.images(job.token_grid(field))

    batch = timed(together)
    told(
        capsys,
        f"four fills in one batch {batch:.2f} CPU s, in four runs {alone:.2f}: {alone / batch:.1f} times",
    )
    assert batch > 0


def test_bf16_against_float32(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    settings = CONFIGS["small"].sampler

    def work(bf16: bool) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            field = job.field(4)
            draw(field, settings)  # type: ignore[arg-type]
            job.images(job.token_grid(field))

    single, half = timed(lambda: work(False)), timed(lambda: work(True))
    told(
        capsys,
        f"four candidates: float32 {single:.2f} CPU s, bfloat16 {half:.2f}: {single / half:.1f} times faster",
    )
    assert single > 0
