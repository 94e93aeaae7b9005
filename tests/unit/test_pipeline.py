"""From pixels to fills: what the pipeline promises whatever the method is."""

from __future__ import annotations

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from toys import SEEN, Progress, make_photo, make_selection, run

from pluripaint import pipeline
from pluripaint.methods.base import Cancelled
from pluripaint.pipeline import FillError, FillRequest, RegionPixels, presets
from pluripaint.pipeline.photo_job import lay_back, request_for
from pluripaint_client.geometry import Region

pytestmark = pytest.mark.usefixtures("toys")

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
    photo, selection = make_photo(dtype, channels, space=space), make_selection()
    selection[14:18, 10:14] = 255
    unknown = selection > 0
    if channels in (2, 4):
        # Transparent, partly inside the selection's box, mostly not selected.
        photo.pixels[5:25, 12:35, -1] = 0
        unknown = unknown | (photo.pixels[..., -1] == 0)
    results = []
    for seed in (1, 2):
        pixels = photo.pixels.copy()
        noise = make_photo(dtype, channels, seed=seed).pixels
        if dtype == np.float32:
            noise = noise * 50 - 20
        colours = 1 if channels <= 2 else 3
        pixels[unknown, :colours] = noise[unknown, :colours]
        hidden = replace(photo, pixels=pixels)
        request = request_for(hidden, selection, method=method, count=1, preset="fast", seed=3)
        _, (shown,), _ = run(request)
        assert shown.fills[0].dtype == dtype and shown.fills[0].shape[2] == colours
        out = lay_back(hidden, selection, shown.fills, shown.boxes)
        assert out[selection == 0].tobytes() == pixels[selection == 0].tobytes()
        assert not np.array_equal(out[selection == 255], pixels[selection == 255])
        results.append(b"".join(fill.tobytes() for fill in shown.fills))
    assert results[0] == results[1]


def test_the_fill_is_near_the_surroundings_at_every_depth_and_space() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        for space in ("srgb", "linear", bytes(imagecodecs.cms_profile("adobergb"))):
            photo = make_photo(dtype, 3, space=space)
            request = request_for(photo, make_selection(), method="toy", count=1, options={"tint": 0})
            _, (shown,), _ = run(request)
            top = 1 if dtype == np.float32 else np.iinfo(dtype).max
            middle = shown.fills[0][10, 10].astype(float) / top
            assert np.abs(middle - 0.5).max() < 0.08, (dtype, middle)


def test_float_values_beyond_one_come_back_beyond_one() -> None:
    photo = make_photo(np.float32, 3, space="linear")
    bright = replace(photo, pixels=photo.pixels * 20)
    request = request_for(bright, make_selection(), method="toy", count=1, options={"tint": 0})
    _, (shown,), _ = run(request)
    assert SEEN[0].image.max() <= 1
    assert 3 < shown.fills[0][10:20, 10:20].mean() < 17


def test_not_a_number_is_unknown() -> None:
    photo = make_photo(np.float32)
    photo.pixels[0, 0] = np.nan
    run(request_for(photo, make_selection(), method="toy", count=1))
    assert not SEEN[0].valid[0, 0] and np.isfinite(SEEN[0].image).all()


def test_transparent_pixels_become_opaque_by_the_selection() -> None:
    photo = make_photo(channels=4)
    photo.pixels[25:70, 30:90, 3] = 0
    selection = make_selection()
    _, (shown,), _ = run(request_for(photo, selection, method="toy", count=1))
    out = lay_back(photo, selection, shown.fills, shown.boxes)
    assert np.array_equal(out[..., 3], np.maximum(photo.pixels[..., 3], selection))


@pytest.mark.parametrize("method", ["toy", "exemplar"])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_a_very_wide_feather_over_transparent_pixels_shows_the_fill_alone(method, premultiplied) -> None:
    pixels = np.full((120, 160, 4), 200, np.uint8)
    pixels[..., 3] = 255
    pixels[:, :70] = 0
    photo = replace(make_photo(channels=4), pixels=pixels, premultiplied=premultiplied)
    rows, columns = np.mgrid[:120, :160]
    away = np.hypot(rows - 60, columns - 90)
    selection = np.rint(np.clip(1 - away / 90, 0, 1) ** 2 * 255).astype(np.uint8)
    request = request_for(
        photo, selection, method=method, count=1, options={"tint": 0} if method == "toy" else {}
    )
    _, (shown,), _ = run(request)
    out = replace(photo, pixels=lay_back(photo, selection, shown.fills, shown.boxes))
    seen = (out.pixels[..., 3] > 0) & (selection < 26)
    over_nothing = seen & (pixels[..., 3] == 0)
    assert over_nothing.sum() > 500
    assert np.array_equal(out.pixels[over_nothing, 3], selection[over_nothing])
    firm = (
        over_nothing & (selection > 12) if premultiplied else over_nothing
    )  # 8 bits divided by little are coarse
    assert np.abs(out.straight[firm, :3].astype(int) - 200).max() <= 25


def test_the_exclusion_mask_reaches_the_method() -> None:
    exclude = np.zeros((90, 110), bool)
    exclude[:20, 30:] = True
    request = request_for(make_photo(), make_selection(), exclude, method="toy", count=1)
    run(request)
    assert np.array_equal(SEEN[0].exclude, exclude)


def test_a_region_with_nothing_known_is_refused() -> None:
    photo = make_photo(channels=4)
    photo.pixels[..., 3] = 0
    with pytest.raises(FillError) as caught:
        run(request_for(photo, make_selection(), method="toy", count=1))
    assert caught.value.code == "nothing-known"


@pytest.mark.parametrize("method", ["toy", "small-toy", "exemplar"])
@pytest.mark.parametrize("shape", [(16, 16), (16, 200), (300, 40)])
def test_photos_from_sixteen_pixels_up(method, shape) -> None:
    photo = make_photo(shape=shape)
    selection = np.zeros(shape, np.uint8)
    selection[5:11, 5:11] = 255
    _, (shown,), _ = run(request_for(photo, selection, method=method, count=1, preset="fast"))
    assert shown.boxes == [Region(5, 5, 6, 6)] and shown.fills[0].shape == (6, 6, 3)


def test_several_islands_are_answered_together() -> None:
    photo, selection = make_photo(shape=(700, 900)), np.zeros((700, 900), np.uint8)
    selection[20:50, 20:50] = 255
    selection[600:650, 800:860] = 255
    request = request_for(photo, selection, method="toy", count=2)
    assert len(request.regions) == 2
    _, shown, _ = run(request)
    for one in shown:
        assert sorted(one.boxes) == [Region(20, 20, 30, 30), Region(800, 600, 60, 50)]
        out = lay_back(photo, selection, one.fills, one.boxes)
        assert np.array_equal(out[selection == 0], photo.pixels[selection == 0])


def test_the_pool_comes_from_the_preset_and_a_seed_alone_reproduces_its_candidate() -> None:
    photo, selection = make_photo(), make_selection()
    request = request_for(photo, selection, method="toy", count=3, seed=2**31 - 2)
    assert presets.draws(request) == [("toy", 9)]
    assert presets.draws(replace(request, preset="fast")) == [("toy", 3)]
    _, shown, settled = run(request)
    assert len(shown) == 3 and len(set(settled.seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in settled.seeds)
    alone = run(replace(request, seed=shown[0].seed, count=1, pool=1))[1][0]
    assert alone.fills[0].tobytes() == shown[0].fills[0].tobytes()


def test_the_configuration_hash_follows_options_but_not_pixels_or_seed() -> None:
    request = request_for(make_photo(), make_selection(), method="toy", count=1)
    same = request_for(make_photo(seed=5), make_selection(), method="toy", count=1, seed=99)
    first = pipeline.configuration_hash(request)
    assert first == pipeline.configuration_hash(same)
    assert first != pipeline.configuration_hash(replace(request, options={"tint": 0.2}))
    assert first != pipeline.configuration_hash(replace(request, preset="fast"))
    assert first != pipeline.configuration_hash(request, {"toy": "abc"})


def test_a_cancelled_job_raises_and_progress_never_leaves_its_range() -> None:
    request = request_for(make_photo(), make_selection(), method="toy", count=4)
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
    request = replace(request_for(make_photo(), make_selection(), method="toy", count=1), **change)
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
