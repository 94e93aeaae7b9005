"""Pixels ↔ patches: normalisation, unfolding, and what a mask makes of a patch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from pluripaint.methods.put_fdm.config import Normalise

#: patch types: no pixel known, all known, some known.
MASKED, KNOWN, PARTLY = 0, 1, 2


def normalised(image: Tensor, numbers: Normalise) -> Tensor:
    """Pixels 0…255 ``[B, 3, H, W]`` as the networks take them."""
    mean, std = (torch.tensor(v, dtype=image.dtype).view(1, 3, 1, 1) for v in (numbers.mean, numbers.std))
    return (image / numbers.scale - mean.to(image.device)) / std.to(image.device)


def pixels(x: Tensor, numbers: Normalise) -> Tensor:
    """Inverse of :func:`normalised`, clamped to 0…255."""
    mean, std = (torch.tensor(v, dtype=x.dtype).view(1, 3, 1, 1) for v in (numbers.mean, numbers.std))
    return ((x * std.to(x.device) + mean.to(x.device)) * numbers.scale).clamp(0, 255)


def unfold(image: Tensor, patch: int) -> Tensor:
    """``[B, 3, H, W]`` → ``[B, L, 3·patch²]``, channel-major vectors in raster order."""
    return functional.unfold(image, patch, stride=patch).transpose(1, 2)


def known_share(known: Tensor, patch: int) -> Tensor:
    """Share of known pixels in each patch, ``[B, 1, h, w]`` of ``known [B, 1, H, W]`` in 0…1."""
    return functional.avg_pool2d(known, patch)


def patch_types(known: Tensor, patch: int) -> Tensor:
    """``int64 [B, 1, h, w]``: :data:`MASKED`, :data:`KNOWN` or :data:`PARTLY`.

    Counts pixels in whole numbers, so that one missing pixel of a large patch is never rounded away.
    """
    count = (functional.avg_pool2d(known.double(), patch) * patch * patch).round()
    types = torch.full_like(count, PARTLY, dtype=torch.int64)
    types[count == 0] = MASKED
    types[count == patch * patch] = KNOWN
    return types
