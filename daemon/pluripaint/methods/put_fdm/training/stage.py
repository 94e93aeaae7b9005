"""What the stages share: numbers, masks, what moves, a stage, a stage that paints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from pluripaint.layers.discriminators import PatchDiscriminator
from pluripaint.methods.put_fdm.config import Config
from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.objectives import (
    Features,
    ImageWeights,
    discriminator_terms,
    reconstruction_terms,
)
from pluripaint.methods.put_fdm.patches import KNOWN, normalised, patch_types

#: holes as people select them, and some large ones: kind → (weight, lowest share, highest).
MASKS = {
    "objects": (4.0, 0.05, 0.40),
    "brush": (2.0, 0.05, 0.40),
    "strokes": (1.0, 0.30, 0.80),
    "walk": (1.0, 0.10, 0.60),
    "boxes": (1.0, 0.05, 0.40),
    "border": (1.0, 0.10, 0.40),
    "large": (1.0, 0.40, 0.80),
}


@dataclass(frozen=True)
class Settings:
    """Numbers of a stage; ``--set NAME=VALUE`` changes one.

    Attributes:
        adversarial_from: step from which the discriminator's term counts.
        erased: chance that an image is shown with a region missing (dual codebooks only).
        quantised: chance that a known patch is shown quantised to the token model.
        wrong_codes: chance that a hole patch gets a random code (FDM; ours).
    """

    rate: float = 2e-4
    discriminator_rate: float = 1e-4
    warmup: int = 500
    adversarial_from: int = 5000
    adversarial: float = 0.1
    gradient: float = 5.0
    content: float = 0.1
    style: float = 250.0
    discriminator_base: int = 32
    restart_every: int = 100
    restart_below: float = 0.02
    erased: float = 0.2
    quantised: float = 0.3
    smoothing: float = 0.1
    token_noise: float = 0.05
    wrong_codes: float = 0.0
    decay: float = 0.01


@dataclass(frozen=True)
class Mover:
    """See ``training.stage.Player``."""

    name: str
    parameters: Sequence[nn.Parameter]
    rate: float
    betas: tuple[float, float]
    decay: float
    warmup: int


class Stage:
    """What the four share."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    owned: ClassVar[tuple[str, ...]]
    measure: ClassVar[str] = ""
    masks: Mapping[str, tuple[float, float, float]] = MASKS

    def __init__(
        self,
        config: Config,
        settings: Settings,
        features: Features | None = None,
        maps: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
    ) -> None:
        self.config, self.settings, self.features = config, settings, features
        self.extra: nn.Module = nn.Identity()
        self.weights = ImageWeights(settings.gradient, settings.adversarial, settings.content, settings.style)
        if maps is not None:
            self.weights = replace(self.weights, content_maps=maps[0], style_maps=maps[1])

    def begin(self, model: PutFdm, batch: Any) -> None:
        """Most stages need no start."""

    def finish(self, model: PutFdm, batch: Any, kept: dict[str, Tensor]) -> dict[str, float]:
        return {}

    def _normal(self, image: Tensor) -> Tensor:
        return normalised(image, self.config.normalise)

    def _features(self, model: PutFdm, image: Tensor) -> Tensor:
        """The encoder's features, float32 whatever the rest runs in: codes are chosen by small differences."""
        with torch.autocast(image.device.type, enabled=False):
            return model.codec.encode(self._normal(image))

    def _incomplete(self, known: Tensor) -> Tensor:
        """``float [B, 1, h, w]``: 1 where a patch misses a pixel."""
        return (patch_types(known, self.config.codec.patch) != KNOWN).to(known.dtype)

    def _unit(self, out: Tensor) -> Tensor:
        """Normalised image → 0…1, not clamped: gradients must reach what lies outside."""
        numbers = self.config.normalise
        mean, std = (torch.tensor(v, device=out.device).view(1, 3, 1, 1) for v in (numbers.mean, numbers.std))
        return (out.float() * std + mean) * (numbers.scale / 255)


class Painting(Stage):
    """A stage whose answer is an image, with a discriminator."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.extra = PatchDiscriminator(self.settings.discriminator_base)

    def painted_by(self, model: PutFdm) -> list[nn.Parameter]:
        raise TypeError("a painting stage says what it trains")

    def players(self, model: PutFdm) -> list[Mover]:
        painter = self.painted_by(model)
        extra = list(self.extra.parameters())
        return [
            Mover("painter", painter, self.settings.rate, (0.0, 0.9), 0.0, self.settings.warmup),
            Mover("critic", extra, self.settings.discriminator_rate, (0.0, 0.9), 0.0, self.settings.warmup),
        ]

    def _adversarial(self, batch: Any) -> bool:
        return self._critic_fits and batch.step >= self.settings.adversarial_from

    @property
    def _critic_fits(self) -> bool:
        return self.config.side >= 32

    def _image_terms(self, image: Tensor, out: Tensor, known: Tensor, batch: Any) -> dict[str, Tensor]:
        critic = self.extra if self._adversarial(batch) else None
        return reconstruction_terms(image / 255, out, known, self.features, critic, self.weights)

    def _critic(self, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        """The critic learns from the same image and its reconstruction; before its start its loss counts nothing."""
        if not self._adversarial(batch):
            idle = sum(p.sum() for p in self.extra.parameters()) * 0.0
            return {"loss": torch.as_tensor(idle)}
        return discriminator_terms(self.extra, kept["image"] / 255, kept["out"])


def hole_figures(
    batch: Any, out: Tensor, features: Features | None, weights: ImageWeights
) -> dict[str, Tensor]:
    """L1 in the hole and, with a feature network, the feature distance of the composite."""
    hole = 1 - batch.known
    image = batch.image / 255
    composite = image * batch.known + out.clamp(0, 1) * hole
    figures = {"hole_l1": (composite - image).abs().sum() / (3 * hole.sum()).clamp(min=1)}
    if features is not None:
        terms = reconstruction_terms(image, composite, batch.known, features, None, weights)
        figures |= {name: terms[name] for name in ("content_loss", "style_loss")}
    return figures
