"""The method ``exemplar`` through its own door."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pluripaint.methods.base import Cancelled, Scene
from pluripaint.methods.exemplar import Exemplar


class Quiet:
    """A progress that only remembers, and cancels when its flag is set."""

    def __init__(self) -> None:
        self.cancel_flag = np.zeros(1, np.uint8)
        self.fractions: list[float] = []

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None:
        self.fractions.append(fraction)
        if self.cancel_flag[0]:
            raise Cancelled


def stripes_and_noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture with structure and texture, ``float32 [H, W, 3]``."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    base = 0.5 + 0.3 * np.sin(x / 9.0) * np.cos(y / 13.0) + 0.1 * (y > height // 2)
    noise = rng.normal(0, 0.05, (height, width, 3))
    return np.clip(base[..., None] * [1.0, 0.8, 0.6] + noise, 0, 1).astype(np.float32)


def scene_of(image: np.ndarray, core: np.ndarray, grow: int = 0, **masks: np.ndarray) -> Scene:
    """A scene with a square-grown hole and everything hidden set to zero."""
    hole = core.copy()
    for _ in range(grow):
        near = hole.copy()
        near[1:] |= hole[:-1]
        near[:-1] |= hole[1:]
        near[:, 1:] |= hole[:, :-1]
        near[:, :-1] |= hole[:, 1:]
        hole = near
    valid = masks.get("valid", np.ones(core.shape, bool))
    exclude = masks.get("exclude", np.zeros(core.shape, bool))
    hidden = core | ~valid
    return Scene(np.where(hidden[..., None], np.float32(0), image), hole, core, valid, exclude)


def box(height: int, width: int, top: int, left: int, h: int, w: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[top : top + h, left : left + w] = True
    return mask


def fills(scene: Scene, seeds: list[int], **options: float) -> dict[int, np.ndarray]:
    return {f.seed: f.image for f in Exemplar().fill(scene, seeds, options, Quiet())}


def test_a_seed_alone_reproduces_its_answer_bit_for_bit_also_among_others():
    image = stripes_and_noise(120, 130)
    scene = scene_of(image, box(120, 130, 40, 45, 40, 36), grow=4)
    together = fills(scene, [5, 6, 7, 8])
    assert sorted(together) == [5, 6, 7, 8]
    for seed in (6, 8):
        assert fills(scene, [seed])[seed].tobytes() == together[seed].tobytes()
    assert len({image.tobytes() for image in together.values()}) == 4


def test_pixels_outside_the_hole_come_back_as_they_were():
    image = stripes_and_noise(96, 96)
    scene = scene_of(image, box(96, 96, 30, 30, 30, 30), grow=4)
    filled = fills(scene, [1])[1]
    assert np.array_equal(filled[~scene.hole], image[~scene.hole])


def test_cancelling_ends_the_job_within_half_a_second():
    image = stripes_and_noise(900, 900)
    scene = scene_of(image, box(900, 900, 200, 200, 500, 500))
    progress = Quiet()
    list(Exemplar().fill(scene_of(image[:64, :64], box(64, 64, 20, 20, 20, 20)), [0], {}, progress))
    set_at: list[float] = []

    def cancel() -> None:
        set_at.append(time.monotonic())
        progress.cancel_flag[0] = 1

    timer = threading.Timer(0.8, cancel)
    timer.start()
    with pytest.raises(Cancelled):
        list(Exemplar().fill(scene, [1, 2, 3, 4], {}, progress))
    assert time.monotonic() - set_at[0] < 0.5


def test_giving_up_early_stops_the_threads():
    image = stripes_and_noise(300, 300)
    scene = scene_of(image, box(300, 300, 100, 100, 100, 100))
    answers = Exemplar().fill(scene, list(range(6)), {}, Quiet())
    next(answers)
    answers.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("exemplar")]


def test_progress_rises_and_unknown_options_are_refused():
    image = stripes_and_noise(96, 96)
    scene = scene_of(image, box(96, 96, 30, 30, 30, 30))
    progress = Quiet()
    list(Exemplar().fill(scene, [1, 2], {}, progress))
    assert progress.fractions == sorted(progress.fractions)
    with pytest.raises(ValueError, match="no option"):
        next(Exemplar().fill(scene, [1], {"temperature": 1.0}, Quiet()))
    with pytest.raises(ValueError, match="between"):
        next(Exemplar().fill(scene, [1], {"looseness": 9.0}, Quiet()))
