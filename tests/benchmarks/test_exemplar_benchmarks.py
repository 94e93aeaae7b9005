"""The patch field on this processor: whole jobs, its price by the hole, threads, the detail step. Prints only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from measuring import Quiet, cheapest, job, run, spent, told

from pluripaint import patchfield
from pluripaint.methods.base import Scene
from pluripaint.methods.exemplar.method import threads
from pluripaint.pipeline import FillRequest, network, region

pytestmark = pytest.mark.benchmark

SMALL, MEDIUM, LARGE = 128, 357, 1000
"""Diameters: a 256 px region, 100,000 hole pixels, a hole 1000 px wide."""


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    run(job(SMALL, count=1))


def scene_of(request: FillRequest) -> Scene:
    """The one region of a job as a method sees it."""
    [part] = request.regions
    return region.prepare(part, request.space, region.grow_for(max(part.pixels.shape[:2]), None)).scene


@pytest.mark.parametrize(
    ("diameter", "rounds", "target"), [(SMALL, 3, 1.6), (MEDIUM, 1, 5.0), (LARGE, 1, 20.0)]
)
def test_four_answers(diameter: int, rounds: int, target: float, capsys: pytest.CaptureFixture[str]) -> None:
    request = job(diameter)
    [part] = request.regions
    made: list[object] = []
    cost = cheapest(lambda: made.append(run(request)), rounds)
    told(
        capsys,
        request,
        f"four answers, preset fast, {np.count_nonzero(part.selection):,} hole pixels in a region of "
        f"{part.region.width} × {part.region.height}: {cost} (target {target:g} s on two cores)",
    )
    assert len(made) == rounds


def test_seconds_by_the_hole_and_answers_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    request = job(MEDIUM)
    scene = scene_of(request)
    settings, seeds = patchfield.Settings(), range(4)
    prepared = patchfield.prepare(scene.image, scene.hole, scene.core, scene.valid, scene.exclude, settings)
    answers: dict[str, list[bytes]] = {}

    def grow(seed: int) -> bytes:
        return patchfield.grow(prepared, seed, settings, Quiet.cancel_flag).image.tobytes()

    def kept(name: str, work: Callable[[], list[bytes]]) -> None:
        answers[name] = work()

    def side_by_side() -> list[bytes]:
        with ThreadPoolExecutor(threads()) as pool:
            return list(pool.map(grow, seeds))

    one = spent(lambda: kept("one after the other", lambda: [grow(seed) for seed in seeds]))
    many = spent(lambda: kept("side by side", side_by_side))
    hole = np.count_nonzero(scene.core)
    told(
        capsys,
        request,
        f"patch field: {one.cpu / len(seeds) / hole * 1e5:.2f} CPU s for 100,000 hole pixels an answer; four "
        f"answers one after the other {one}, side by side in {threads()} threads {many}: "
        f"{one.wall / many.wall:.2f} times faster",
    )
    assert answers["side by side"] == answers["one after the other"]


def test_the_detail_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Guided by the photograph at a quarter of its size, as a network of 64 px would guide a 256 px region."""
    request = job(SMALL)
    [part] = request.regions
    scene, side = scene_of(request), part.region.width
    small = cv2.resize(part.pixels, (side // 4, side // 4), interpolation=cv2.INTER_AREA)
    guide = network.enlarge(small.astype(np.float32) / 255, scene.hole.shape)
    settings = patchfield.Settings()

    def prepare() -> patchfield.Prepared:
        return patchfield.prepare_guided(
            scene.image, scene.hole, scene.core, scene.valid, scene.exclude, 4.0, "start", settings
        )

    prepared = prepare()
    made: list[patchfield.Result] = []

    def detail() -> None:
        made.append(patchfield.detail(prepared, guide, 4.0, 7, settings, Quiet.cancel_flag))

    detail()  # compiles what a free job does not use
    once, each = cheapest(prepare), cheapest(detail)
    told(
        capsys,
        request,
        f"detail step, {side} px region: {each} a candidate (target 0.5 CPU s), {once} once a job",
    )
    assert all(np.array_equal(one.image, made[0].image) for one in made)
