"""Losses between an image and its reconstruction, ``[B, 3, H, W]`` each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.nn import functional


def gradient_loss(image: Tensor, other: Tensor) -> Tensor:
    """Mean L1 between the maps of |∂x| and |∂y|, forward differences, last row and column zero;
    both averaged."""

    def differences(x: Tensor) -> tuple[Tensor, Tensor]:
        along_y = functional.pad((x[..., 1:, :] - x[..., :-1, :]).abs(), (0, 0, 0, 1))
        along_x = functional.pad((x[..., :, 1:] - x[..., :, :-1]).abs(), (0, 1, 0, 0))
        return along_y, along_x

    (ay, ax), (by, bx) = differences(image), differences(other)
    return (functional.l1_loss(ay, by) + functional.l1_loss(ax, bx)) / 2


def feature_loss(maps: Mapping[str, Tensor], others: Mapping[str, Tensor], names: Iterable[str]) -> Tensor:
    """Sum over the named maps of their mean L1 (Johnson et al., arXiv 1603.08155)."""
    return torch.stack([functional.l1_loss(maps[name], others[name]) for name in names]).sum()


def gram(features: Tensor) -> Tensor:
    """``F·Fᵀ/(c·h·w)``: ``[B, C, C]`` of ``[B, C, H, W]``."""
    b, c, h, w = features.shape
    flat = features.reshape(b, c, h * w)
    return flat @ flat.transpose(1, 2) / (c * h * w)


def style_loss(maps: Mapping[str, Tensor], others: Mapping[str, Tensor], names: Iterable[str]) -> Tensor:
    """Sum over the named maps of the mean L1 of their Gram matrices (Gatys et al., 2016)."""
    return torch.stack([functional.l1_loss(gram(maps[name]), gram(others[name])) for name in names]).sum()
