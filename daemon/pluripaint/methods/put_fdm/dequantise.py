"""FDM: predicts what quantisation took away (Park & Jung, WACV 2025, §3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pluripaint.layers.residual import conv_residual
from pluripaint.methods.put_fdm import config
from pluripaint.methods.put_fdm.codec import Tap, ignore


class FeatureDequantiser(nn.Module):
    """``forward(f_q [B, C, h, w], masked [B, 1, h, w])`` → the correction ``p [B, C, h, w]``, zero
    where known.

    ``masked`` is 1 at patches that miss a pixel: the opposite of the paper's mask, as in its program.
    """

    def __init__(self, code_dim: int, sizes: config.Dequantiser) -> None:
        super().__init__()
        self.first = nn.Conv2d(code_dim + 1, sizes.width, 3, padding=1)
        self.blocks = nn.ModuleList(conv_residual(sizes.width, sizes.hidden) for _ in range(sizes.blocks))
        self.last = nn.Conv2d(sizes.width, code_dim, 3, padding=1)

    def forward(self, features: Tensor, masked: Tensor, tap: Tap = ignore) -> Tensor:
        x = torch.cat([features, masked], 1)
        tap("in", x)
        x = self.first(x)
        tap("mix.0", x)
        x = torch.relu(x)
        tap("mix.1", x)
        for i, block in enumerate(self.blocks, start=2):
            x = block(x)
            tap(f"mix.{i}", torch.relu(x))
        x = self.last(torch.relu(x))
        tap(f"mix.{len(self.blocks) + 2}", x)
        return x * masked
