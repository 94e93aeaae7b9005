"""The published UQ-transformers: PUT CVPR 2022 (also FDM's) and the ViT of PUT TPAMI 2024.

Bidirectional, pre-LayerNorm, no attention mask: a hole is told from the picture only by what the
encoder makes of black pixels (and, in TPAMI, by a mask embedding mixed in by the share of missing pixels).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from pluripaint.methods.put_fdm import config
from pluripaint.methods.put_fdm.codec import Tap, ignore


def gelu2(x: Tensor) -> Tensor:
    """``x·sigmoid(1.702x)``."""
    return x * torch.sigmoid(1.702 * x)


class Attention(nn.Module):
    """Self-attention over ``[B, L, d]``.  ``key_bias`` false: TPAMI, whose key bias is always zero."""

    def __init__(self, width: int, heads: int, key_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=key_bias)
        self.value = nn.Linear(width, width)
        self.project = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2).contiguous()

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self._split(part(x)) for part in (self.query, self.key, self.value))
        out = functional.scaled_dot_product_attention(q, k, v)
        return self.project(out.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor) -> Tensor:
        """Attention weights ``[B, heads, L, L]``, for looking at."""
        q, k = self._split(self.query(x)), self._split(self.key(x))
        return (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).softmax(-1)


class Block(nn.Module):
    def __init__(self, sizes: config.Tokens) -> None:
        super().__init__()
        width = sizes.width
        self.norm1 = nn.LayerNorm(width, eps=sizes.norm_eps)
        self.attention = Attention(width, sizes.heads, key_bias=sizes.kind == "cvpr")
        self.norm2 = nn.LayerNorm(width, eps=sizes.norm_eps)
        self.fc1 = nn.Linear(width, sizes.mlp_ratio * width)
        self.fc2 = nn.Linear(sizes.mlp_ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(gelu2(self.fc1(self.norm2(x))))


class UqTransformer(nn.Module):
    """``forward(features [B, L, C], share [B, L] | None)`` → logits ``[B, L, classes]``.

    ``features`` are un-quantised, but for patches already drawn: their code vectors.  ``share`` (known pixels
    of each patch, 1 once drawn) is used where the model has a mask embedding.
    """

    def __init__(self, feature_dim: int, sizes: config.Tokens) -> None:
        super().__init__()
        self.project = nn.Linear(feature_dim, sizes.width)
        self.positions = nn.Parameter(torch.zeros(1, sizes.length, sizes.width))
        self.mask_embedding = nn.Parameter(torch.zeros(sizes.width)) if sizes.mask_embedding else None
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.width, eps=sizes.norm_eps)
        self.to_logits = nn.Linear(sizes.width, sizes.classes)
        self.apply(_initialise)
        if sizes.kind == "tpami":
            for i, block in enumerate(self.blocks, start=1):
                for layer in (block.attention.project, block.fc2):
                    nn.init.normal_(layer.weight, 0.0, 0.02 / math.sqrt(2 * i))

    def forward(self, features: Tensor, share: Tensor | None = None, tap: Tap = ignore) -> Tensor:
        x = self.project(features)
        if self.mask_embedding is not None:
            if share is None:
                raise ValueError("this token model needs the share of known pixels of each patch")
            u = share.unsqueeze(-1)
            x = x * u + self.mask_embedding * (1 - u)
        x = x + self.positions
        tap("in", x)
        for i, block in enumerate(self.blocks):
            if tap is not ignore:
                tap(f"attention.{i}", block.attention.weights(block.norm1(x)).mean(1))
            x = block(x)
            tap(f"block.{i}", x)
        return self.to_logits(self.norm(x))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
