"""Metrics against known values, and against a library's own where there is one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pluripaint.evaluation import bootstrap, metrics


@pytest.fixture
def photo() -> np.ndarray:
    noise = np.random.default_rng(1).integers(0, 255, (90, 110, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 1.0)


@pytest.fixture
def hole() -> np.ndarray:
    mask = np.zeros((90, 110), bool)
    mask[30:60, 40:75] = True
    return mask


def _with(photo: np.ndarray, hole: np.ndarray, fill: np.ndarray) -> np.ndarray:
    return np.where(hole[..., None], fill, photo).astype(np.uint8)


def test_the_photograph_itself_is_the_ceiling(photo, hole):
    measures = metrics.pixel_measures(photo, photo, hole)
    assert measures == pytest.approx({"sharp": 1, "seam": 1, "colour": 0, "psnr": 99, "ssim": 1})


def test_psnr_is_skimage_s(photo, hole):
    fill = _with(photo, hole, photo // 2)
    theirs = peak_signal_noise_ratio(photo[hole], fill[hole], data_range=255)
    assert metrics.psnr(fill, photo, hole) == pytest.approx(theirs)
    assert metrics.psnr(photo + np.uint8(0), np.clip(photo, 0, 254) + np.uint8(1), hole) == pytest.approx(
        20 * np.log10(255), abs=0.2
    )


def test_ssim_is_skimage_s(photo, hole):
    fill = _with(photo, hole, cv2.GaussianBlur(photo, (9, 9), 3))
    _, theirs = structural_similarity(
        photo,
        fill,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        full=True,
    )
    assert metrics.ssim(fill, photo, hole) == pytest.approx(theirs[hole].mean(), abs=1e-4)


def test_sharpness_tells_haze_and_noise_apart(photo, hole):
    haze = _with(photo, hole, cv2.GaussianBlur(photo, (0, 0), 4))
    noise = _with(photo, hole, np.random.default_rng(2).integers(0, 255, photo.shape))
    assert metrics.sharpness_ratio(haze, photo, hole) < 0.3
    assert metrics.sharpness_ratio(noise, photo, hole) > 2


def test_sharpness_of_a_checkerboard_is_eight_amplitudes():
    board = (np.indices((20, 20)).sum(0) % 2 * 10).astype(np.uint8)
    inner = np.zeros((20, 20), bool)
    inner[5:15, 5:15] = True
    assert metrics.sharpness(np.repeat(board[..., None], 3, -1), inner) == pytest.approx(40)


def test_a_ramp_has_no_seam_and_a_step_has_its_height(hole):
    ramp = np.repeat(np.tile(np.arange(30, 250, 2, dtype=np.uint8), (90, 1))[..., None], 3, -1)
    assert metrics.seam_jump(ramp, hole) < 0.05
    flat = np.full((90, 110, 3), 120, np.uint8)
    step = _with(flat, hole, np.full_like(flat, 150))
    height = metrics.lab(step)[45, 50, 0] - metrics.lab(step)[5, 5, 0]
    assert metrics.seam_jump(step, hole) == pytest.approx(height, rel=1e-4)
    assert metrics.seam_ratio(step, flat, hole) == pytest.approx(height / metrics.SEAM_FLOOR, rel=1e-4)


def test_colour_is_the_step_in_lab_beyond_the_photograph_s(hole):
    flat = np.full((90, 110, 3), 120, np.uint8)
    other = _with(flat, hole, np.array([150, 110, 120]))
    expected = np.linalg.norm(metrics.lab(other)[45, 50] - metrics.lab(other)[5, 5])
    assert metrics.colour_difference(other, flat, hole) == pytest.approx(expected, rel=1e-3)
    assert metrics.colour_difference(flat, other, hole) == pytest.approx(-expected, rel=1e-3)


def test_colour_looks_at_the_bands_along_the_contour_only(hole):
    flat = np.full((90, 110, 3), 120, np.uint8)
    deep = flat.copy()
    deep[42:48, 52:62] = 255
    assert metrics.colour_difference(deep, flat, hole) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_is_the_sum_over_pairs_of_different_cases():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 4)) + 1
    scale = np.sqrt((y**2).mean())

    def kernel(a, b):
        return (a @ b / scale**2 / 4 + 1) ** 3

    terms = [
        kernel(x[i], x[j]) + kernel(y[i], y[j]) - kernel(x[i], y[j]) - kernel(x[j], y[i])
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    assert metrics.kernel_distance(x, y) == pytest.approx(np.mean(terms))
    assert metrics.kernel_distance(100 * x, 100 * y) == pytest.approx(np.mean(terms))
    assert np.isnan(metrics.kernel_distance(x[:1], y[:1]))


def test_kernel_distance_of_one_distribution_is_about_nothing():
    rng = np.random.default_rng(4)
    photos = rng.normal(size=(300, 8))
    alike = metrics.kernel_distance(photos + 0.1 * rng.normal(size=(300, 8)), photos)
    apart = metrics.kernel_distance(photos + 1, photos)
    assert metrics.kernel_distance(photos, photos) == pytest.approx(0, abs=1e-12)
    assert abs(alike) < 0.05 < 1 < apart


def test_an_interval_over_photographs_is_that_of_the_mean():
    rng = np.random.default_rng(5)
    values = rng.normal(2, 1, 400)
    found = bootstrap.mean([str(k) for k in range(400)], values)
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.12)


def test_cases_of_one_photograph_count_as_one():
    values = np.repeat(np.random.default_rng(6).normal(size=20), 20)
    many = bootstrap.mean([str(k) for k in range(400)], values)
    few = bootstrap.mean([str(k // 20) for k in range(400)], values)
    assert (few.high - few.low) > 3 * (many.high - many.low)


def test_ratio_and_difference_are_paired():
    rng = np.random.default_rng(7)
    theirs = rng.uniform(0.05, 0.5, 60)
    photographs = [str(k) for k in range(60)]
    ratio = bootstrap.ratio(photographs, 0.8 * theirs, theirs)
    assert (ratio.low, ratio.high) == pytest.approx((0.8, 0.8))
    difference = bootstrap.difference(photographs, theirs - 0.01, theirs)
    assert (difference.low, difference.high) == pytest.approx((-0.01, -0.01))


def test_a_tie_is_half_a_win():
    found = bootstrap.win_rate(["a", "b", "c", "d"], np.array([1, 2, 3, 4]), np.array([2, 2, 2, 9]))
    assert found.value == pytest.approx(0.625)


def test_one_photograph_has_no_interval():
    found = bootstrap.mean(["a", "a"], np.array([1.0, 3.0]))
    assert found.value == 2 and np.isnan(found.low) and np.isnan(found.high)
