"""What each step sees: crops, a little colour jitter, holes; a pure function of seed, worker and step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from pluripaint.training import masks
from pluripaint.training.photos import Photos


@dataclass(frozen=True)
class Batch:
    """See :class:`pluripaint.training.stage.Batch`."""

    image: Tensor
    known: Tensor
    second: Callable[[], Tensor]
    generator: Generator
    step: int


@dataclass(frozen=True)
class Batches:
    """Batches of ``size`` crops of ``side`` px.

    Attributes:
        recipe: see :func:`pluripaint.training.masks.mixed`.
        whole_patches: chance that a mask is shrunk to patches and back, so that whole patches are missing.
        jitter: strength of colour changes; 0 for judging.
    """

    photos: Photos
    size: int
    side: int
    recipe: Mapping[str, tuple[float, float, float]]
    patch: int = 1
    whole_patches: float = 0.1
    jitter: float = 1.0
    seed: int = 0
    worker: int = 0

    def __call__(self, step: int) -> Batch:
        """The batch of a step, the same whenever it is asked for."""
        device = self.photos.pixels.device
        mixed = (self.seed * 1_000_003 + step) * 1024 + self.worker
        generator = Generator(device).manual_seed(mixed % 2**63)
        image = self.photos.crops(self.size, self.side, generator).float()
        if self.jitter:
            image = self._jittered(image, generator)
        return Batch(image, self._known(generator), lambda: self._known(generator), generator, step)

    def _jittered(self, image: Tensor, generator: Generator) -> Tensor:
        """Gain of each channel within ±5 %, gamma within ±10 %."""
        drawn = torch.rand(self.size, 4, 1, 1, generator=generator, device=image.device) * 2 - 1
        gain = 1 + 0.05 * self.jitter * drawn[:, :3]
        gamma = torch.exp(0.1 * self.jitter * drawn[:, 3:])
        return ((image / 255 * gain).clamp(1e-6, 1) ** gamma) * 255

    def _known(self, generator: Generator) -> Tensor:
        known = (~masks.mixed(self.recipe, self.size, self.side, generator)).float().unsqueeze(1)
        if self.whole_patches and self.patch > 1:
            coarse = functional.interpolate(known, scale_factor=1 / self.patch, mode="nearest")
            coarse = functional.interpolate(coarse, scale_factor=float(self.patch), mode="nearest")
            chance = torch.rand(self.size, 1, 1, 1, generator=generator, device=known.device)
            known = torch.where(chance < self.whole_patches, coarse, known)
        return known
