"""What each step sees: crops, a little colour jitter, holes; a pure function of seed, worker and step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from pluripaint.training import masks
from pluripaint.training.photos import Photos

#: steps whose masks are made together.
BLOCK = 16


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
    _made: dict[int, tuple[int, Tensor]] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, step: int) -> Batch:
        """The batch of a step, the same whenever it is asked for."""
        generator = self._generator(step, 0)
        image = self.photos.crops(self.size, self.side, generator).float()
        if self.jitter:
            image = self._jittered(image, generator)
        known = self._known(step, 1)
        return Batch(image, known, lambda: self._known(step, 2), generator, step)

    def _generator(self, number: int, use: int) -> Generator:
        device = self.photos.pixels.device
        mixed = ((self.seed * 1_000_003 + number) * 4 + use) * 1024 + self.worker
        return Generator(device).manual_seed(mixed % 2**63)

    def _jittered(self, image: Tensor, generator: Generator) -> Tensor:
        """Gain of each channel within ±5 %, gamma within ±10 %."""
        drawn = torch.rand(self.size, 4, 1, 1, generator=generator, device=image.device) * 2 - 1
        gain = 1 + 0.05 * self.jitter * drawn[:, :3]
        gamma = torch.exp(0.1 * self.jitter * drawn[:, 3:])
        return ((image / 255 * gain).clamp(1e-6, 1) ** gamma) * 255

    def _known(self, step: int, use: int) -> Tensor:
        """Masks are made for :data:`BLOCK` steps at once: painting strokes is many small operations."""
        block, place = divmod(step, BLOCK)
        if self._made.get(use, (None, None))[0] != block:
            self._made[use] = (block, self._block(self._generator(block, use)))
        holes = self._made[use][1]
        return (~holes[place * self.size : (place + 1) * self.size]).float().unsqueeze(1)

    def _block(self, generator: Generator) -> Tensor:
        count = self.size * BLOCK
        holes = masks.mixed(self.recipe, count, self.side, generator)
        if self.whole_patches and self.patch > 1:
            coarse = holes[:, :: self.patch, :: self.patch]
            coarse = coarse.repeat_interleave(self.patch, 1).repeat_interleave(self.patch, 2)
            chance = torch.rand(count, 1, 1, generator=generator, device=holes.device)
            holes = torch.where(chance < self.whole_patches, coarse, holes)
        return holes
