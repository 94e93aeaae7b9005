"""Training losses of PUT and FDM as published, and the learning-rate schedule.

Sources: PUT CVPR 2022 (autoencoder, transformer), TPAMI 2024 (PolyLoss), FDM WACV 2025 (phases 2 and 3), and
their programs where these differ from the text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pluripaint.layers.image_losses import feature_loss, gradient_loss, style_loss

#: image in 0…1 → named feature maps.
Features = Callable[[Tensor], Mapping[str, Tensor]]

VGG_CONTENT = ("1_1", "2_1", "3_1", "4_1", "5_1")
VGG_STYLE = ("2_2", "3_4", "4_4", "5_2")


@dataclass(frozen=True)
class ImageWeights:
    """Weights of the reconstruction terms; the published CVPR and FDM ones by default."""

    gradient: float = 5.0
    adversarial: float = 0.1
    content: float = 0.1
    style: float = 250.0
    content_maps: tuple[str, ...] = VGG_CONTENT
    style_maps: tuple[str, ...] = VGG_STYLE


def reconstruction_terms(
    image: Tensor,
    reconstruction: Tensor,
    known: Tensor,
    features: Features | None,
    discriminator: nn.Module | None,
    weights: ImageWeights,
) -> dict[str, Tensor]:
    """Weighted terms between ``image`` and ``reconstruction`` ``[B, 3, H, W]`` in 0…1.

    ``known [B, 1, H, W]`` is the decoder's reference mask: L1 is divided by the share of the hole,
    style looks at the hole alone."""
    hole = 1 - known
    terms = {
        "rec_loss": functional.l1_loss(reconstruction, image) / hole.mean().clamp(min=1e-6),
        "grad_loss": weights.gradient * gradient_loss(image, reconstruction),
    }
    if discriminator is not None:
        answer = discriminator(reconstruction)
        terms["adv_loss"] = weights.adversarial * functional.binary_cross_entropy_with_logits(
            answer, torch.ones_like(answer)
        )
    if features is not None:
        maps, others = features(reconstruction), features(image)
        terms["content_loss"] = weights.content * feature_loss(maps, others, weights.content_maps)
        maps, others = features(reconstruction * hole), features(image * hole)
        terms["style_loss"] = weights.style * style_loss(maps, others, weights.style_maps)
    return terms


def discriminator_terms(discriminator: nn.Module, image: Tensor, reconstruction: Tensor) -> dict[str, Tensor]:
    """Binary cross entropy on true and reconstructed images; ``loss`` is half their sum."""
    real, fake = discriminator(image), discriminator(reconstruction.detach())
    real_loss = functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    fake_loss = functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return {"real_loss": real_loss, "fake_loss": fake_loss, "loss": (real_loss + fake_loss) / 2}


def token_terms(
    logits: Tensor, targets: Tensor, chosen: Tensor, poly: float = 0.0, smoothing: float = 0.0
) -> dict[str, Tensor]:
    """Cross entropy (and PolyLoss, arXiv 2204.12511) over the patches where ``chosen bool [B, L]``.

    ``logits [B, L, classes]``, ``targets int64 [B, L]``.
    """
    picked, wanted = logits[chosen].float(), targets[chosen]
    cross = functional.cross_entropy(picked, wanted, label_smoothing=smoothing)
    right = picked.softmax(-1).gather(1, wanted.unsqueeze(1)).mean()
    accuracy = (picked.argmax(-1) == wanted).float().mean()
    return {
        "loss": cross + poly * (1 - right),
        "ce_loss": cross,
        "poly_n_loss": poly * (1 - right),
        "pred_prob": right,
        "pred_acc": accuracy,
    }


def published_accuracy(logits: Tensor, targets: Tensor, chosen: Tensor) -> Tensor:
    """The FDM program's printed accuracy: at known patches the guess is class 0, and all patches count."""
    guess = torch.where(chosen, logits.argmax(-1), torch.zeros_like(targets))
    return (guess == targets).float().mean()


def dequantiser_loss(predicted: Tensor, features: Tensor, quantised: Tensor, masked: Tensor) -> Tensor:
    """L1 between FDM's correction and the true quantisation error at masked patches, over all elements."""
    return functional.l1_loss(predicted, (features - quantised) * masked)


@dataclass(frozen=True)
class CosineSchedule:
    """Linear rise to ``peak`` in ``warmup`` iterations, then half a cosine to ``floor`` at ``total``.

    The published counter starts at 0 and the rise runs while t ≤ warmup: the true peak is
    ``peak·(1 + 1/warmup)``.
    """

    peak: float
    warmup: int
    total: int
    floor: float = 0.0

    def rate(self, iteration: int) -> float:
        if iteration <= self.warmup:
            return self.peak / self.warmup * (iteration + 1)
        turn = (iteration - self.warmup) / max(1, self.total - self.warmup)
        return max(self.floor, self.peak * 0.5 * (1 + math.cos(math.pi * min(1.0, turn))))
