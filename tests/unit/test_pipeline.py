"""From pixels to fills: what the pipeline promises whatever the method is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from pluripaint import pipeline
from pluripaint.imaging import Photo
from pluripaint.methods import registry
from pluripaint.methods.base import Cancelled, Fill, MethodInfo, Scene
from pluripaint.pipeline import (
    Candidate,
    FillError,
    FillRequest,
    RegionPixels,
    Settled,
    network,
    presets,
    seam,
)
from pluripaint.pipeline.choice import Choice
from pluripaint.pipeline.photo_job import lay_back, request_for
from pluripaint_client.geometry import Region

INFO = MethodInfo(
    "toy",
    "a mean colour and a tint by seed",
    True,
    "",
    "Apache-2.0",
    needs_weights=False,
    options={"tint": (0.1, 0, 1)},
)
SEEN: list[Scene] = []


class Toy:
    """Fills with the mean of what it may look at, plus a ramp that depends on the seed."""

    info = INFO

    def fill(self, scene, seeds, options, progress) -> Iterator[Fill]:
        SEEN.append(scene)
        mean = scene.image[scene.known].mean(0)
        ramp = np.linspace(-1, 1, scene.hole.shape[1], dtype=np.float32)[None, :, None]
        for number, seed in enumerate(seeds):
            progress("toy", number / len(seeds))
            generator = np.random.default_rng(seed)
            tint = generator.normal(0, options["tint"], 3).astype(np.float32)
            image = np.broadcast_to(mean + tint * ramp, scene.image.shape).clip(0, 1).astype(np.float32)
            yield Fill(seed, float(generator.normal()), image)


class SmallToy(Toy):
    """The same as a network of 32 pixels a side."""

    info = replace(INFO, name="small-toy", native_size=32)

    def fill(self, scene, seeds, options, progress) -> Iterator[Fill]:
        assert scene.image.shape == (32, 32, 3)
        yield from super().fill(scene, seeds, options, progress)


class Progress:
    def __init__(self, cancel_after: int = 10**9) -> None:
        self.fractions: list[float] = []
        self.cancel_flag = np.zeros(1, np.uint8)
        self._left = cancel_after

    def __call__(self, stage, fraction, preview=None) -> None:
        self.fractions.append(fraction)
        self._left -= 1
        if self._left < 0:
            raise Cancelled


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    SEEN.clear()
    monkeypatch.setitem(registry._METHODS, "toy", f"{__name__}:Toy")
    monkeypatch.setitem(registry._METHODS, "small-toy", f"{__name__}:SmallToy")
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def _photo(dtype=np.uint8, channels=3, shape=(90, 110), space="srgb", seed=0) -> Photo:
    generator = np.random.default_rng(seed)
    smooth = np.add.outer(np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1]))[..., None] / 2
    values = (smooth + generator.normal(0, 0.05, (*shape, channels))).clip(0, 1)
    if channels in (2, 4):
        values[..., -1] = 1
    icc = space if isinstance(space, bytes) else None
    if dtype == np.float32:
        return Photo(values.astype(np.float32), icc=icc, linear=space == "linear")
    return Photo(np.rint(values * np.iinfo(dtype).max).astype(dtype), icc=icc)


def _selection(shape=(90, 110), box=(30, 60, 40, 80)) -> np.ndarray:
    selection = np.zeros(shape, np.uint8)
    selection[box[0] : box[1], box[2] : box[3]] = 255
    selection[box[0] - 1, box[2] : box[3]] = 100
    return selection


def _run(request: FillRequest) -> tuple[list[Candidate], list[Candidate], Settled]:
    """(all, the shown ones best first, the last event)."""
    *candidates, settled = pipeline.fill(request, Progress())
    assert isinstance(settled, Settled)
    by_name = {(one.method, one.seed): one for one in candidates}
    return candidates, [by_name[name] for name in zip(settled.methods, settled.seeds)], settled


SPACES = ["srgb", "linear", "icc"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("method", ["toy", "exemplar"])
def test_hidden_pixels_enter_nothing_and_outside_nothing_changes(dtype, channels, space, method) -> None:
    if method == "exemplar" and (space != "srgb" or channels in (1, 2)):
        method = "toy"  # the engine sees the same scene whatever the space: once each depth is enough
    if space == "icc":
        space = bytes(imagecodecs.cms_profile("adobergb" if channels >= 3 else "gray", gamma=2.2))
    photo, selection = _photo(dtype, channels, space=space), _selection()
    selection[14:18, 10:14] = 255
    unknown = selection > 0
    if channels in (2, 4):
        # Transparent, partly inside the selection's box, mostly not selected.
        photo.pixels[5:25, 12:35, -1] = 0
        unknown = unknown | (photo.pixels[..., -1] == 0)
    results = []
    for seed in (1, 2):
        pixels = photo.pixels.copy()
        noise = _photo(dtype, channels, seed=seed).pixels
        if dtype == np.float32:
            noise = noise * 50 - 20
        colours = 1 if channels <= 2 else 3
        pixels[unknown, :colours] = noise[unknown, :colours]
        hidden = replace(photo, pixels=pixels)
        request = request_for(hidden, selection, method=method, count=1, preset="fast", seed=3)
        _, (shown,), _ = _run(request)
        assert shown.fills[0].dtype == dtype and shown.fills[0].shape[2] == colours
        out = lay_back(hidden, selection, shown.fills, shown.boxes)
        assert out[selection == 0].tobytes() == pixels[selection == 0].tobytes()
        assert not np.array_equal(out[selection == 255], pixels[selection == 255])
        results.append(b"".join(fill.tobytes() for fill in shown.fills))
    assert results[0] == results[1]


def test_the_fill_is_near_the_surroundings_at_every_depth_and_space() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        for space in ("srgb", "linear", bytes(imagecodecs.cms_profile("adobergb"))):
            photo = _photo(dtype, 3, space=space)
            request = request_for(photo, _selection(), method="toy", count=1, options={"tint": 0})
            _, (shown,), _ = _run(request)
            top = 1 if dtype == np.float32 else np.iinfo(dtype).max
            middle = shown.fills[0][10, 10].astype(float) / top
            assert np.abs(middle - 0.5).max() < 0.08, (dtype, middle)


def test_float_values_beyond_one_come_back_beyond_one() -> None:
    photo = _photo(np.float32, 3, space="linear")
    bright = replace(photo, pixels=photo.pixels * 20)
    request = request_for(bright, _selection(), method="toy", count=1, options={"tint": 0})
    _, (shown,), _ = _run(request)
    assert SEEN[0].image.max() <= 1
    assert 3 < shown.fills[0][10:20, 10:20].mean() < 17


def test_not_a_number_is_unknown() -> None:
    photo = _photo(np.float32)
    photo.pixels[0, 0] = np.nan
    _run(request_for(photo, _selection(), method="toy", count=1))
    assert not SEEN[0].valid[0, 0] and np.isfinite(SEEN[0].image).all()


def test_transparent_pixels_become_opaque_by_the_selection() -> None:
    photo = _photo(channels=4)
    photo.pixels[25:70, 30:90, 3] = 0
    selection = _selection()
    _, (shown,), _ = _run(request_for(photo, selection, method="toy", count=1))
    out = lay_back(photo, selection, shown.fills, shown.boxes)
    assert np.array_equal(out[..., 3], np.maximum(photo.pixels[..., 3], selection))


def test_the_exclusion_mask_reaches_the_method() -> None:
    exclude = np.zeros((90, 110), bool)
    exclude[:20, 30:] = True
    request = request_for(_photo(), _selection(), exclude, method="toy", count=1)
    _run(request)
    assert np.array_equal(SEEN[0].exclude, exclude)


def test_a_region_with_nothing_known_is_refused() -> None:
    photo = _photo(channels=4)
    photo.pixels[..., 3] = 0
    with pytest.raises(FillError) as caught:
        _run(request_for(photo, _selection(), method="toy", count=1))
    assert caught.value.code == "nothing-known"


@pytest.mark.parametrize("method", ["toy", "small-toy", "exemplar"])
@pytest.mark.parametrize("shape", [(16, 16), (16, 200), (300, 40)])
def test_photos_from_sixteen_pixels_up(method, shape) -> None:
    photo = _photo(shape=shape)
    selection = np.zeros(shape, np.uint8)
    selection[5:11, 5:11] = 255
    _, (shown,), _ = _run(request_for(photo, selection, method=method, count=1, preset="fast"))
    assert shown.boxes == [Region(5, 5, 6, 6)] and shown.fills[0].shape == (6, 6, 3)


def test_several_islands_are_answered_together() -> None:
    photo, selection = _photo(shape=(700, 900)), np.zeros((700, 900), np.uint8)
    selection[20:50, 20:50] = 255
    selection[600:650, 800:860] = 255
    request = request_for(photo, selection, method="toy", count=2)
    assert len(request.regions) == 2
    _, shown, _ = _run(request)
    for one in shown:
        assert sorted(one.boxes) == [Region(20, 20, 30, 30), Region(800, 600, 60, 50)]
        out = lay_back(photo, selection, one.fills, one.boxes)
        assert np.array_equal(out[selection == 0], photo.pixels[selection == 0])


def test_the_pool_comes_from_the_preset_and_a_seed_alone_reproduces_its_candidate() -> None:
    photo, selection = _photo(), _selection()
    request = request_for(photo, selection, method="toy", count=3, seed=2**31 - 2)
    assert presets.draws(request) == [("toy", 9)]
    assert presets.draws(replace(request, preset="fast")) == [("toy", 3)]
    _, shown, settled = _run(request)
    assert len(shown) == 3 and len(set(settled.seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in settled.seeds)
    alone = _run(replace(request, seed=shown[0].seed, count=1, pool=1))[1][0]
    assert alone.fills[0].tobytes() == shown[0].fills[0].tobytes()


def test_the_configuration_hash_follows_options_but_not_pixels_or_seed() -> None:
    request = request_for(_photo(), _selection(), method="toy", count=1)
    same = request_for(_photo(seed=5), _selection(), method="toy", count=1, seed=99)
    first = pipeline.configuration_hash(request)
    assert first == pipeline.configuration_hash(same)
    assert first != pipeline.configuration_hash(replace(request, options={"tint": 0.2}))
    assert first != pipeline.configuration_hash(replace(request, preset="fast"))
    assert first != pipeline.configuration_hash(request, {"toy": "abc"})


def test_a_cancelled_job_raises_and_progress_never_leaves_its_range() -> None:
    request = request_for(_photo(), _selection(), method="toy", count=4)
    with pytest.raises(Cancelled):
        list(pipeline.fill(request, Progress(cancel_after=3)))
    progress = Progress()
    list(pipeline.fill(request, progress))
    assert all(0 <= value <= 1 for value in progress.fractions)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": 0}, "bad-count"),
        ({"count": 17}, "bad-count"),
        ({"seed": -1}, "bad-seed"),
        ({"seed": 2**31}, "bad-seed"),
        ({"pool": 1, "count": 2}, "bad-pool"),
        ({"method": "none-such"}, "unknown-method"),
        ({"preset": "none-such"}, "unknown-preset"),
        ({"options": {"none-such": 1}}, "bad-option"),
        ({"options": {"tint": 5}}, "bad-option"),
        ({"weights": "some"}, "no-weights"),
        ({"space": b"no profile"}, "bad-profile"),
        ({"regions": []}, "empty-selection"),
    ],
)
def test_bad_requests_are_refused_with_a_code_and_a_sentence(change, code) -> None:
    request = replace(request_for(_photo(), _selection(), method="toy", count=1), **change)
    with pytest.raises(FillError) as caught:
        list(pipeline.fill(request, Progress()))
    assert caught.value.code == code and caught.value.sentence.endswith(".")


def test_masks_of_another_size_and_odd_pixels_are_refused() -> None:
    region = Region(0, 0, 8, 8)
    for part in (
        RegionPixels(region, np.zeros((8, 8, 3), np.uint8), np.zeros((8, 7), np.uint8)),
        RegionPixels(region, np.zeros((8, 8, 3), np.int32), np.zeros((8, 8), np.uint8)),
        RegionPixels(region, np.zeros((8, 9, 3), np.uint8), np.zeros((8, 9), np.uint8)),
    ):
        with pytest.raises(FillError) as caught:
            list(pipeline.fill(FillRequest([part], method="toy"), Progress()))
        assert caught.value.code == "bad-pixels"


# ------------------------------------------------------------------------------------------------ choosing


def test_near_duplicates_give_way_to_the_next_that_differs() -> None:
    choice: Choice[float] = Choice(2, lambda a, b: abs(a - b), 0.5)
    for value, score in ((0.0, 5.0), (0.01, 4.0), (1.0, 3.0), (0.5, 1.0)):
        choice.add("m", score, value)
    assert choice.shown() == [0.0, 1.0]


def test_where_too_few_differ_duplicates_fill_up() -> None:
    choice: Choice[tuple[float, int]] = Choice(3, lambda a, b: abs(a[0] - b[0]), 0.5)
    for k in range(3):
        choice.add("m", -k, (0.0, k))
    assert [k for _, k in choice.shown()] == [0, 1, 2]


def test_methods_are_interleaved_by_rank_whatever_their_scores_are() -> None:
    choice: Choice[float] = Choice(4, lambda a, b: abs(a - b), 0.0)
    for k in range(3):
        choice.add("loud", 1000.0 - k, float(k))
        choice.add("quiet", 0.001 - k, 10.0 + k)
    assert choice.shown() == [0.0, 10.0, 1.0, 11.0]


# ------------------------------------------------------------------------------------------------ networks


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
    photo, selection = _photo(shape=(150, 200)), _selection((150, 200))
    request = request_for(photo, selection, method="small-toy", count=2, preset="fast", options={"tint": 0})
    _, shown, _ = _run(request)
    for one in shown:
        fill = one.fills[0].astype(float)
        mean = photo.pixels.reshape(-1, 3).mean(0)
        assert np.abs(fill[10:20, 10:30].reshape(-1, 3).mean(0) - mean).max() < 25
        assert fill[10:20, 10:30].std() > 3  # grain of the photograph, not the toy's flat colour


def test_a_network_draws_no_more_at_a_time_than_memory_allows() -> None:
    request = request_for(_photo(), _selection(), method="small-toy", count=4, preset="fast")
    whole = {one.seed: one.fills[0].tobytes() for one in list(pipeline.fill(request, Progress()))[:-1]}
    SEEN.clear()
    events = list(pipeline.fill(request, Progress(), "cpu", 2))
    assert len(SEEN) == 2
    assert {one.seed: one.fills[0].tobytes() for one in events[:-1]} == whole


def test_weights_are_checked_against_their_record(tmp_path, monkeypatch) -> None:
    import hashlib
    import json

    class Heavy(Toy):
        info = replace(INFO, name="heavy", needs_weights=True)

        @classmethod
        def from_weights(cls, path, record, device):
            return cls()

    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    monkeypatch.setitem(registry._METHODS, "heavy", f"{__name__}:Heavy")
    monkeypatch.setitem(globals(), "Heavy", Heavy)

    def code() -> str:
        with pytest.raises(registry.MethodError) as caught:
            registry.load("heavy", "mine")
        return caught.value.code

    assert code() == "weights-missing" and not registry.trained("heavy")
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "mine.safetensors").write_bytes(b"numbers")
    assert code() == "weights-corrupt"
    record = {"method": "heavy", "sha256": hashlib.sha256(b"numbers").hexdigest()}
    (folder / "mine.json").write_text(json.dumps(record))
    assert registry.load("heavy", "mine").info.name == "heavy"
    (folder / "mine.safetensors").write_bytes(b"other numbers")
    assert code() == "weights-corrupt"
    with pytest.raises(registry.MethodError):
        registry.load("heavy", "../mine")


def test_a_guide_that_is_not_trusted_at_all_goes_out_as_it_is() -> None:
    """``guide_mode`` "none": the fill is only enlarged, so all its detail is the small network's."""
    plain = SmallToy()
    plain.info = replace(SmallToy.info, guide_mode="none")
    request = request_for(_photo(), _selection(), count=2, seed=4)
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


def test_methods_of_ones_own_share_a_pool() -> None:
    one, other = Toy(), SmallToy()
    one.weights_sha256 = other.weights_sha256 = ""
    request = request_for(_photo(), _selection(), count=4, seed=7)
    *candidates, settled = pipeline.fill_with([(one, 3), (other, 2)], request, Progress())
    assert isinstance(settled, Settled)
    assert {candidate.method for candidate in candidates} == {"toy", "small-toy"}
    assert len(settled.seeds) == 4 and set(settled.seeds) <= {7, 8, 9, 10, 11}


def test_the_source_digest_follows_every_file_below_a_package(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "fills" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "fills/__init__.py").write_text("")
    (tmp_path / "alone.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    digests = [pipeline.source_digest(["fills", "alone"])]
    for name in ("fills/deep/kernel.py", "fills/more.py", "alone.py"):
        (tmp_path / name).write_text(f"# {name}\n")
        digests.append(pipeline.source_digest(["fills", "alone"]))
    (tmp_path / "fills/notes.md").write_text("no source")
    assert pipeline.source_digest(["fills", "alone"]) == digests[-1]
    assert len(set(digests)) == 4
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        pipeline.source_digest(["nowhere"])


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
        request = request_for(_photo(), _selection(box=box), count=1)
        list(pipeline.fill_with([(method, 1)], request, Progress()))
        return weights[-1]

    narrow, wide = (30, 40, 40, 80), (14, 74, 30, 90)
    assert weight("start", 0.5, narrow) == weight("start", 1.0, wide) == 0.8
    assert weight("grow", 1.0, narrow) == 0
    assert 0.5 < weight("grow", 1.0, wide) < 0.8
    assert weight("grow", 0.5, wide) == pytest.approx(0.5 * weight("grow", 1.0, wide))
