"""The four stages of PUT + FDM (PUT CVPR 2022, §3; FDM WACV 2025, §3.3), for published sizes and ours.

Where ours differ (``layout == "ours"``) it is said at the place: known patches reach the decoder un-quantised already
while the codec is trained, the codebook starts by k-means and restarts idle rows, and tokens are trained as masked
modelling with the visibility of use.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor, nn

from pluripaint.layers.discriminators import PatchDiscriminator
from pluripaint.methods.put_fdm.config import CONFIGS, Config
from pluripaint.methods.put_fdm.context_once import ContextOnce, gather_padded, grid_places
from pluripaint.methods.put_fdm.method import TRAINING_ONLY
from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.objectives import (
    Features,
    ImageWeights,
    dequantiser_loss,
    discriminator_terms,
    reconstruction_terms,
    token_terms,
)
from pluripaint.methods.put_fdm.patches import KNOWN, known_share, normalised, patch_types

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
CODEC_MASKS = {**MASKS, "everything": (3.0, 1.0, 1.0)}


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


class _Stage:
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


class _Painting(_Stage):
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


class CodecStage(_Painting):
    """P-VQVAE: encoder, codebook, decoder with its reference branch."""

    name = "codec"
    needs = ()
    owned = ("codec.",)
    masks = CODEC_MASKS

    def painted_by(self, model: PutFdm) -> list[nn.Parameter]:
        return list(model.codec.parameters())

    def begin(self, model: PutFdm, batch: Any) -> None:
        """Ours: features of unit spread, then k-means on those of the first batch, so that the table starts in use."""
        if self.config.layout != "ours":
            return
        spread = _rows(self._features(model, batch.image)).std().clamp(min=1e-6)
        for parameter in model.codec.to_code.parameters():
            parameter.div_(spread)
        rows = _rows(self._features(model, batch.image))
        if len(rows) >= self.config.codec.codes:
            model.codec.codebook.start_from(rows, Generator().manual_seed(0))

    def _shown(self, batch: Any) -> tuple[Tensor, Tensor | None]:
        """The image, in some cases with a region erased to black, and ``known [B, h, w]`` for a dual codebook."""
        image = batch.image
        if not self.config.codec.masked_codes:
            return image, None
        chance = torch.rand(len(image), 1, 1, 1, generator=batch.generator, device=image.device)
        erased = (chance < self.settings.erased).float()
        kept = 1 - erased * (1 - batch.second())
        complete = self._incomplete(kept)[:, 0] == 0
        return image * kept, complete

    def _reconstructed(
        self, model: PutFdm, image: Tensor, complete: Tensor | None, known: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        features = self._features(model, image)
        found = model.codec.quantise(features, complete)
        fed = found.vectors
        if self.config.layout == "ours":  # as in use: known patches un-quantised
            hole = self._incomplete(known)
            fed = features * (1 - hole) + fed * hole
        out = model.codec.decode(fed, self._normal(image * known), known)
        return self._unit(out), features, found.tokens

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        if player == "critic":
            return self._critic(batch, kept)
        image, complete = self._shown(batch)
        out, features, tokens = self._reconstructed(model, image, complete, batch.known)
        terms = self._image_terms(image, out, batch.known, batch)
        terms["quantize_loss"] = model.codec.codebook.commitment(features, tokens)
        terms["loss"] = torch.stack(list(terms.values())).sum()
        kept.update(image=image, out=out.detach(), features=features.detach(), tokens=tokens)
        return terms

    def finish(self, model: PutFdm, batch: Any, kept: dict[str, Tensor]) -> dict[str, float]:
        codebook = model.codec.codebook
        codebook.update(kept["features"], kept["tokens"])
        if self.config.layout != "ours" or (batch.step + 1) % self.settings.restart_every:
            return {}
        rows, tokens = _rows(kept["features"]), kept["tokens"]
        least = self.settings.restart_below * len(rows) / codebook.codes
        moved = codebook.restart(rows, least, Generator().manual_seed(batch.step))
        return {"restarted": float(moved), "perplexity": perplexity(tokens, codebook.codes)}

    def judged(self, model: PutFdm, batch: Any) -> dict[str, Tensor]:
        """Reconstruction of holes from true codes: the ceiling of everything after."""
        out, _, tokens = self._reconstructed(model, batch.image, None, batch.known)
        figures = hole_figures(batch, out, self.features, self.weights)
        figures["perplexity"] = torch.tensor(perplexity(tokens, model.codec.codebook.codes))
        return figures


class TokenStage(_Stage):
    """The token model on a frozen codec."""

    name = "tokens"
    needs = ("codec",)
    owned = ("tokens.",)
    measure = "cross_entropy"

    def players(self, model: PutFdm) -> list[Mover]:
        s = self.settings
        parameters = list(model.tokens.parameters())
        return [Mover("tokens", parameters, s.rate, (0.9, 0.95), s.decay, s.warmup)]

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        return self._loss(model, batch, self.settings.smoothing, self.settings.token_noise)

    def judged(self, model: PutFdm, batch: Any) -> dict[str, Tensor]:
        terms = self._loss(model, batch, 0.0, 0.0)
        return {"cross_entropy": terms["ce_loss"], "wrong": 1 - terms["pred_acc"]}

    def _loss(self, model: PutFdm, batch: Any, smoothing: float, noise: float) -> dict[str, Tensor]:
        with torch.no_grad():
            whole = self._features(model, batch.image)
            targets = model.codec.codebook.nearest(whole).flatten(1)
            seen = self._features(model, batch.image * batch.known)
            rows = self._partly_quantised(model, seen, batch)
        complete = self._incomplete(batch.known).flatten(1) == 0
        if isinstance(model.tokens, ContextOnce):
            return self._context_once(model, rows, targets, complete, batch, smoothing, noise)
        logits = model.tokens(rows, known_share(batch.known, self.config.codec.patch).flatten(1))
        smoothing = smoothing if self.config.layout == "ours" else 0.0
        return token_terms(logits, targets, ~complete, self.config.tokens.poly, smoothing)

    def _partly_quantised(self, model: PutFdm, seen: Tensor, batch: Any) -> Tensor:
        """Features ``[B, L, C]``, some of the known ones replaced by their codes."""
        rows = seen.flatten(2).transpose(1, 2)
        codes = model.codec.codebook.embedding[model.codec.codebook.nearest(seen).flatten(1)]
        chance = torch.rand(rows.shape[:2], generator=batch.generator, device=rows.device)
        complete = self._incomplete(batch.known).flatten(1) == 0
        return torch.where(((chance < self.settings.quantised) & complete).unsqueeze(-1), codes, rows)

    def _context_once(
        self,
        model: PutFdm,
        rows: Tensor,
        targets: Tensor,
        complete: Tensor,
        batch: Any,
        smoothing: float,
        noise: float,
    ) -> dict[str, Tensor]:
        """Masked modelling as in MaskGIT: a cosine-distributed share of the hole's tokens is still undecided."""
        count, places = len(rows), grid_places(*self.config.grid, device=rows.device)
        everywhere = places.expand(count, -1, -1)
        known, exists = gather_padded(rows, complete)
        context = model.tokens.context(known, gather_padded(everywhere, complete)[0], exists)
        wanted, real = gather_padded(targets, ~complete)
        where, _ = gather_padded(everywhere, ~complete)

        def chance(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=batch.generator, device=rows.device)

        share = torch.cos(chance(count, 1) * (math.pi / 2))
        undecided = (chance(*wanted.shape) < share) & real
        # A row whose every token happens to be decided would teach nothing.
        undecided |= real & ~undecided.any(1, keepdim=True)
        shown = wanted
        if noise:
            wrong = (chance(*wanted.shape) * self.config.codec.codes).long()
            shown = torch.where(chance(*wanted.shape) < noise, wrong, wanted)
        codes = model.codec.codebook.embedding[shown]
        logits = model.tokens(codes, ~undecided, where, real, context)
        return token_terms(logits, wanted, undecided, self.config.tokens.poly, smoothing)


class _Dequantising(_Painting):
    """What both FDM stages do: true features, their codes at the hole, FDM's correction."""

    def _corrected(self, model: PutFdm, batch: Any, wrong: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``f``, ``f_q``, the correction and the hole, of the complete image (no sampling)."""
        with torch.no_grad():
            features = self._features(model, batch.image)
            tokens = model.codec.codebook.nearest(features)
            if wrong:
                chance, code = (
                    torch.rand(tokens.shape, generator=batch.generator, device=tokens.device) for _ in "ab"
                )
                random = (code * self.config.codec.codes).long()
                tokens = torch.where(chance < wrong, random, tokens)
            hole = self._incomplete(batch.known)
            quantised = features * (1 - hole) + model.codec.codebook.look_up(tokens) * hole
        return features, quantised, model.fdm(quantised, hole), hole

    def judged(self, model: PutFdm, batch: Any) -> dict[str, Tensor]:
        """Feature distance before and after FDM, relative; the paper lowers it by 22 %."""
        features, quantised, added, _ = self._corrected(model, batch, 0.0)
        before = (features - quantised).pow(2).sum().sqrt()
        after = (features - quantised - added).pow(2).sum().sqrt()
        out = self._unit(
            model.codec.decode(quantised + added, self._normal(batch.image * batch.known), batch.known)
        )
        figures = hole_figures(batch, out, self.features, self.weights)
        return {**figures, "feature_distance": after / before.clamp(min=1e-9)}


class FdmStage(_Dequantising):
    """FDM alone on a frozen codec."""

    name = "fdm"
    needs = ("codec",)
    owned = ("fdm.",)
    measure = "feature_distance"

    def players(self, model: PutFdm) -> list[Mover]:
        s = self.settings
        return [Mover("fdm", list(model.fdm.parameters()), s.rate, (0.0, 0.9), 0.0, s.warmup)]

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        features, quantised, added, hole = self._corrected(model, batch, self.settings.wrong_codes)
        return {"loss": dequantiser_loss(added, features, quantised, hole)}


class JointStage(_Dequantising):
    """FDM and decoder together, encoder and codebook frozen."""

    name = "joint"
    needs = ("codec", "fdm")
    owned = ("fdm.", "codec.decoder.", "codec.from_code.")

    def painted_by(self, model: PutFdm) -> list[nn.Parameter]:
        parts = (model.fdm, model.codec.decoder, model.codec.from_code)
        return [parameter for part in parts for parameter in part.parameters()]

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        if player == "critic":
            return self._critic(batch, kept)
        features, quantised, added, hole = self._corrected(model, batch, self.settings.wrong_codes)
        masked = self._normal(batch.image * batch.known)
        out = self._unit(model.codec.decode(quantised + added, masked, batch.known))
        terms = self._image_terms(batch.image, out, batch.known, batch)
        terms["fdm_loss"] = dequantiser_loss(added, features, quantised, hole)
        terms["loss"] = torch.stack(list(terms.values())).sum()
        kept.update(image=batch.image, out=out.detach())
        return terms


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


def perplexity(tokens: Tensor, codes: int) -> float:
    """Number of codes in even use that would have the same entropy."""
    share = torch.bincount(tokens.flatten(), minlength=codes).float()
    share = share / share.sum()
    return float(torch.exp(-(share * share.clamp(min=1e-12).log()).sum()))


def _rows(features: Tensor) -> Tensor:
    return features.detach().movedim(1, -1).reshape(-1, features.shape[1]).float()


#: name → how it is made: ``STAGES[name](config, settings, features, maps)``.
STAGES: dict[str, Callable[..., Any]] = {
    stage.name: stage for stage in (CodecStage, TokenStage, FdmStage, JointStage)
}
#: what token model and FDM were trained for, and must still find.
FROZEN = ("codec.encoder.", "codec.to_code.", "codec.codebook.embedding")
#: maps of the small VGG-19 and their spread over 64 crops of photographs: divided by it, they count alike.
SMALL_VGG_SPREAD = {
    "relu1_1": 7.7,
    "relu2_1": 10.3,
    "relu2_2": 6.7,
    "relu3_1": 5.3,
    "relu3_4": 4.1,
    "relu4_1": 2.9,
    "relu4_4": 1.7,
    "relu5_1": 3.6,
}
_SMALL_CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_SMALL_STYLE = ("relu2_2", "relu3_4", "relu4_4")


def configuration(name: str) -> Config:
    """A configuration by name.  Raises ``KeyError`` with the names there are."""
    if name not in CONFIGS:
        raise KeyError(f"put_fdm has no configuration {name!r}; it has {', '.join(CONFIGS)}")
    return CONFIGS[name]


def network(config: Config) -> PutFdm:
    return PutFdm(config)


def settings(config: Config, stage: str) -> Settings:
    """The published numbers for published sizes (PUT_FDM papers' tables), ours for ours."""
    if config.layout != "ours":
        published = Settings(discriminator_rate=2e-5, warmup=5000, discriminator_base=64)
        return replace(published, rate=3e-4, warmup=2000) if stage == "tokens" else published
    small = Settings(rate=4e-4, style=60.0, content=0.2, gradient=2.0, adversarial=0.05)
    if stage == "tokens":
        return replace(small, rate=8e-4, decay=0.03)
    return replace(small, wrong_codes=0.05) if stage in ("fdm", "joint") else small


def features(
    config: Config, path: Path, device: str
) -> tuple[Features, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The small VGG-19 in ``path`` as a loss, and which of its maps are compared: those of at least 2×2 values.

    Raises ``FileNotFoundError``.
    """
    from pluripaint.layers.feature_networks import Vgg19Small

    network = Vgg19Small.load(path).to(device)

    def seen(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if config.side >> (int(name[4]) - 1) >= 2)

    content, style = seen(_SMALL_CONTENT), seen(_SMALL_STYLE)

    def evened(image: Tensor) -> dict[str, Tensor]:
        maps = network(image, max((*content, *style)))
        return {name: maps[name] / SMALL_VGG_SPREAD[name] for name in {*content, *style}}

    return evened, (content, style)


def shippable(config: Config, done: Sequence[str]) -> Config | None:
    """The configuration of what the finished stages make together; ``None`` while a part is missing."""
    if not {"codec", "tokens"} <= set(done):
        return None
    return config if "fdm" in done else replace(config, fdm=None)


def shipped(name: str) -> bool:
    """Whether a parameter is needed to fill."""
    return name not in TRAINING_ONLY
