"""Fills of networks: small views, colour at the seam, the detail step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from toys import SEEN, Progress, SmallToy, make_photo, make_selection, run

from pluripaint import pipeline
from pluripaint.methods.base import Fill, Scene
from pluripaint.pipeline import Settled, network, seam
from pluripaint.pipeline.photo_job import request_for

pytestmark = pytest.mark.usefixtures("toys")


def _empty_scene(image: np.ndarray) -> Scene:
    nothing = np.zeros(image.shape[:2], bool)
    return Scene(image, nothing, nothing, ~nothing, nothing)


@pytest.mark.parametrize("side", [96, 100, 131, 257])
def test_scaling_there_and_back_shifts_nothing(side: int) -> None:
    rows, columns = np.indices((side, side), dtype=np.float64)
    for row, column in ((side * 0.4, side * 0.55), (side * 0.52, side * 0.47)):
        blob = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * (side / 12) ** 2))
        image = np.repeat(blob[..., None], 3, 2).astype(np.float32)
        back = network.enlarge(network.shrink(_empty_scene(image), 32).image, image.shape)[..., 0]
        for axis, true in ((rows, row), (columns, column)):
            assert abs((back * axis).sum() / back.sum() - true) < 0.05


def test_a_small_view_never_shows_a_hidden_pixel() -> None:
    image = np.full((100, 100, 3), 0.25, np.float32)
    hole = np.zeros((100, 100), bool)
    hole[33:61, 40:77] = True
    image[hole] = 1.0
    small = network.shrink(Scene(image, hole, hole, ~np.zeros_like(hole), np.zeros_like(hole)), 32)
    assert np.allclose(small.image[small.known], 0.25, atol=1e-6)
    assert (small.image[small.hole] == 0).all() and small.hole.sum() >= hole.sum() / 100**2 * 32**2


def test_the_colour_step_at_the_seam_goes_and_the_ring_outlier_does_not_count() -> None:
    image = np.full((120, 120, 3), 0.5, np.float32)
    core = np.zeros((120, 120), bool)
    core[40:80, 40:80] = True
    hole = np.zeros_like(core)
    hole[35:85, 35:85] = True
    image[36:39, 50:56] = 1.0  # a fringe of what was removed
    image[core] = 0
    scene = Scene(image, hole, core, ~np.zeros_like(core), np.zeros_like(core))
    fill = np.full((120, 120, 3), 0.46, np.float32)
    out = seam.match_colour(fill, scene)
    edge = out[40, 40:80]
    assert np.abs(edge - 0.5).max() < 0.01
    assert np.allclose(out[60, 60], 0.46, atol=0.002)
    assert np.array_equal(out[~hole], fill[~hole])


def test_a_network_of_a_fixed_size_fills_any_region_sharp_and_in_its_colours() -> None:
    photo, selection = make_photo(shape=(150, 200)), make_selection((150, 200))
    request = request_for(photo, selection, method="small-toy", count=2, preset="fast", options={"tint": 0})
    _, shown, _ = run(request)
    for one in shown:
        fill = one.fills[0].astype(float)
        mean = photo.pixels.reshape(-1, 3).mean(0)
        assert np.abs(fill[10:20, 10:30].reshape(-1, 3).mean(0) - mean).max() < 25
        assert fill[10:20, 10:30].std() > 3  # grain of the photograph, not the toy's flat colour


def test_a_network_draws_no_more_at_a_time_than_memory_allows() -> None:
    request = request_for(make_photo(), make_selection(), method="small-toy", count=4, preset="fast")
    whole = {one.seed: one.fills[0].tobytes() for one in list(pipeline.fill(request, Progress()))[:-1]}
    SEEN.clear()
    events = list(pipeline.fill(request, Progress(), "cpu", 2))
    assert len(SEEN) == 2
    assert {one.seed: one.fills[0].tobytes() for one in events[:-1]} == whole


def test_a_guide_that_is_not_trusted_at_all_goes_out_as_it_is() -> None:
    """``guide_mode`` "none": the fill is only enlarged, so all its detail is the small network's."""
    plain = SmallToy()
    plain.info = replace(SmallToy.info, guide_mode="none")
    request = request_for(make_photo(), make_selection(), count=2, seed=4)
    answers = []
    for method in (plain, SmallToy()):
        method.weights_sha256 = ""
        *candidates, settled = pipeline.fill_with([(method, 2)], request, Progress())
        assert isinstance(settled, Settled) and sorted(settled.seeds) == [4, 5]
        answers.append((candidates[0].fills[0].astype(int), settled.configuration))
    (smooth, one), (detailed, other) = answers
    assert one != other, "the configuration says how far the guide is trusted"
    roughness = [np.abs(np.diff(image[10:20, 10:30], axis=0)).mean() for image in (smooth, detailed)]
    assert roughness[0] < 0.5 * roughness[1]


class Unsure(SmallToy):
    """Says how sure it is."""

    sure = 1.0

    def fill(self, scene, seeds, options, progress) -> Iterator[Fill]:
        for one in super().fill(scene, seeds, options, progress):
            yield replace(one, certainty=np.full(scene.hole.shape, self.sure, np.float32))


def test_growth_leans_on_a_guide_by_the_holes_width_and_the_networks_certainty(monkeypatch) -> None:
    from pluripaint import patchfield

    weights: list[float] = []
    whole = patchfield.detail

    def detail(*arguments, **named):
        weights.append(named["weight"])
        return whole(*arguments, **named)

    monkeypatch.setattr(patchfield, "detail", detail)

    def weight(mode: str, sure: float, box: tuple[int, int, int, int]) -> float:
        method = Unsure()
        method.info, method.sure = replace(SmallToy.info, guide_mode=mode, guide_weight=0.8), sure
        method.weights_sha256 = ""
        request = request_for(make_photo(), make_selection(box=box), count=1)
        list(pipeline.fill_with([(method, 1)], request, Progress()))
        return weights[-1]

    narrow, wide = (30, 40, 40, 80), (14, 74, 30, 90)
    assert weight("start", 0.5, narrow) == weight("start", 1.0, wide) == 0.8
    assert weight("grow", 1.0, narrow) == 0
    assert 0.5 < weight("grow", 1.0, wide) < 0.8
    assert weight("grow", 0.5, wide) == pytest.approx(0.5 * weight("grow", 1.0, wide))
