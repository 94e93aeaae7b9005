"""Residual blocks whose skip path is rectified.

The published programs write ``ReLU`` in place, so that the skip path of a block carries ``relu(x)`` and not
``x``.  Written after the sum instead of before the branch, the same function gives the "post-activation" form
of the FDM program; both are equal bit for bit, because ``relu`` is idempotent.  A block with skip
``x`` is wrong for published weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RectifiedResidual(nn.Module):
    """``y = a + W2·relu(W1·a + b1) + b2`` with ``a = relu(x)``; shapes in and out are equal."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, x: Tensor) -> Tensor:
        rectified = torch.relu(x)
        return rectified + self.second(torch.relu(self.first(rectified)))


def linear_residual(width: int, hidden: int) -> RectifiedResidual:
    """Block on ``[…, width]``: every row alone."""
    return RectifiedResidual(nn.Linear(width, hidden), nn.Linear(hidden, width))


def conv_residual(width: int, hidden: int) -> RectifiedResidual:
    """Block on ``[B, width, H, W]``: 3×3 then 1×1."""
    return RectifiedResidual(nn.Conv2d(width, hidden, 3, padding=1), nn.Conv2d(hidden, width, 1))
