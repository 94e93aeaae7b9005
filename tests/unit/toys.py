"""Methods without weights or patience, and what a test of the pipeline starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pluripaint import pipeline
from pluripaint.imaging import Photo
from pluripaint.methods.base import Cancelled, Fill, MethodInfo, Scene
from pluripaint.pipeline import Candidate, FillRequest, Settled

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
"""What the toys were shown in this test."""


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


def make_photo(dtype=np.uint8, channels=3, shape=(90, 110), space="srgb", seed=0) -> Photo:
    generator = np.random.default_rng(seed)
    smooth = np.add.outer(np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1]))[..., None] / 2
    values = (smooth + generator.normal(0, 0.05, (*shape, channels))).clip(0, 1)
    if channels in (2, 4):
        values[..., -1] = 1
    icc = space if isinstance(space, bytes) else None
    if dtype == np.float32:
        return Photo(values.astype(np.float32), icc=icc, linear=space == "linear")
    return Photo(np.rint(values * np.iinfo(dtype).max).astype(dtype), icc=icc)


def make_selection(shape=(90, 110), box=(30, 60, 40, 80)) -> np.ndarray:
    selection = np.zeros(shape, np.uint8)
    selection[box[0] : box[1], box[2] : box[3]] = 255
    selection[box[0] - 1, box[2] : box[3]] = 100
    return selection


def run(request: FillRequest) -> tuple[list[Candidate], list[Candidate], Settled]:
    """(all, the shown ones best first, the last event)."""
    *candidates, settled = pipeline.fill(request, Progress())
    assert isinstance(settled, Settled)
    by_name = {(one.method, one.seed): one for one in candidates}
    return candidates, [by_name[name] for name in zip(settled.methods, settled.seeds)], settled
