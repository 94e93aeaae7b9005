"""Our token model: the picture's known part is read once, a step costs only the hole's tokens.

Tokens of complete patches attend to complete patches only; tokens in the hole attend to everything.  So keys
and values of the known part are the same in every step and for every candidate.  A hole token,
once drawn, stays a hole token (its own embedding, never promoted to known), which keeps this exact.
Positions are rotary in two axes (Su et al., arXiv 2104.09864; Heo et al., arXiv 2403.13298), so that other
grids than the trained one work."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pluripaint.layers.codebook import DualCodebook
from pluripaint.methods.put_fdm import config


def rotary(places: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine ``[B, 1, N, dim/2]`` for ``places float [B, N, 2]`` (row, column in patches)."""
    quarter = dim // 4
    rates = 100.0 ** (-torch.arange(quarter, device=places.device, dtype=torch.float32) / quarter)
    angles = (places.unsqueeze(-1) * rates).flatten(2).unsqueeze(1)
    return angles.cos(), angles.sin()


def turn(x: Tensor, angles: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pairs of ``x [B, heads, N, dim]``."""
    cos, sin = (a.to(x.dtype) for a in angles)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class ContextBlock(nn.Module):
    """Pre-LayerNorm block whose keys and values may come from elsewhere too."""

    def __init__(self, width: int, heads: int, mlp_ratio: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.fc1 = nn.Linear(width, mlp_ratio * width)
        self.fc2 = nn.Linear(mlp_ratio * width, width)

    def split(self, x: Tensor, angles: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values ``[B, heads, N, dim]``, contiguous: strided ones are ten times slower."""
        q, k, v = self.qkv(self.norm1(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        return turn(q, angles).contiguous(), turn(k, angles).contiguous(), v.contiguous()

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Add the attention's answer ``[B, heads, N, dim]`` and the MLP."""
        x = x + self.project(attended.transpose(1, 2).flatten(2))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


@dataclass(frozen=True)
class Context:
    """Keys and values of the known part, ``[B, heads, K, dim]`` per block, and which of the K exist."""

    keys: list[Tensor]
    values: list[Tensor]
    exists: Tensor


class ContextOnce(nn.Module):
    """Context-once transformer over codebook features.

    Sets may be padded: ``exists bool [B, N]`` says which entries count.
    """

    def __init__(self, feature_dim: int, sizes: config.Tokens) -> None:
        super().__init__()
        width = sizes.width
        if width // sizes.heads % 4:
            raise ValueError("rotary positions need a head width that is a multiple of 4")
        self.dim = width // sizes.heads
        self.from_feature = nn.Linear(feature_dim, width)
        self.from_code = nn.Linear(feature_dim, width)
        self.undecided = nn.Parameter(torch.zeros(width))
        self.decided = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(
            ContextBlock(width, sizes.heads, sizes.mlp_ratio, sizes.norm_eps) for _ in range(sizes.layers)
        )
        self.norm = nn.LayerNorm(width, eps=sizes.norm_eps)
        self.to_logits = nn.Linear(width, sizes.classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, 0.02)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.undecided, 0.0, 0.02)
        nn.init.normal_(self.decided, 0.0, 0.02)

    def context(self, features: Tensor, places: Tensor, exists: Tensor) -> Context:
        """Read the known patches once: ``features [B, K, C]``, ``places [B, K, 2]``, ``exists bool
        [B, K]``."""
        x = self.from_feature(features)
        angles = rotary(places, self.dim)
        # A row without any known patch attends to one padding entry, which nothing later looks at.
        safe = exists.clone()
        safe[:, :1] |= ~exists.any(1, keepdim=True)
        mask = None if bool(exists.all()) else safe[:, None, None, :]
        keys, values = [], []
        for i, block in enumerate(self.blocks):
            q, k, v = block.split(x, angles)
            keys.append(k)
            values.append(v)
            if i + 1 < len(self.blocks):
                x = block.finish(x, functional.scaled_dot_product_attention(q, k, v, attn_mask=mask))
        return Context(keys, values, exists)

    def hole_input(self, codes: Tensor, decided: Tensor) -> Tensor:
        """Embedding of hole tokens: ``codes [B, N, C]`` where ``decided bool [B, N]``, a query elsewhere."""
        drawn = self.from_code(codes) + self.decided
        return torch.where(decided.unsqueeze(-1), drawn, self.undecided.to(drawn.dtype))

    def forward(
        self, codes: Tensor, decided: Tensor, places: Tensor, exists: Tensor | None, context: Context
    ) -> Tensor:
        """Logits ``[B, N, classes]`` of the hole's ``N`` tokens.

        ``exists bool [B, N]`` or ``None`` (all).  ``context`` may hold one image for all ``B`` candidates.
        """
        x = self.hole_input(codes, decided)
        angles = rotary(places, self.dim)
        mask = self._mask(exists, context, x)
        for block, known_keys, known_values in zip(self.blocks, context.keys, context.values, strict=True):
            q, k, v = block.split(x, angles)
            k = torch.cat([known_keys.expand(len(k), -1, -1, -1), k], 2)
            v = torch.cat([known_values.expand(len(v), -1, -1, -1), v], 2)
            x = block.finish(x, functional.scaled_dot_product_attention(q, k, v, attn_mask=mask))
        return self.to_logits(self.norm(x))

    @staticmethod
    def _mask(exists: Tensor | None, context: Context, x: Tensor) -> Tensor | None:
        if exists is None and bool(context.exists.all()):
            return None
        own = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if exists is None else exists
        return torch.cat([context.exists.expand(len(x), -1), own], 1)[:, None, None, :]


def grid_places(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """``float [h·w, 2]``: row and column of every patch, counted from the middle of the grid."""
    rows = torch.arange(height, device=device, dtype=torch.float32) - (height - 1) / 2
    columns = torch.arange(width, device=device, dtype=torch.float32) - (width - 1) / 2
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).flatten(0, 1)


def gather_padded(values: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of ``values [B, L, …]`` where ``chosen bool [B, L]``, padded: ``[B, N, …]`` and
    ``exists [B, N]``."""
    count = chosen.sum(1)
    longest = max(1, int(count.max()))
    order = chosen.int().argsort(dim=1, descending=True, stable=True)[:, :longest]
    exists = torch.arange(longest, device=values.device)[None] < count[:, None]
    index = order.view(*order.shape, *[1] * (values.dim() - 2)).expand(-1, -1, *values.shape[2:])
    return values.gather(1, index), exists


class HoleField:
    """Token field over the incomplete patches of one image, shared context, ``candidates`` rows."""

    def __init__(
        self,
        model: ContextOnce,
        codebook: DualCodebook,
        features: Tensor,
        complete: Tensor,
        candidates: int,
    ) -> None:
        if len(features) != 1:
            raise ValueError("a field of hole tokens is made for one image at a time")
        flat = complete.flatten(1)
        places = grid_places(*complete.shape[1:], device=features.device)[None]
        rows = features.flatten(2).transpose(1, 2)
        known, exists = gather_padded(rows, flat)
        known_places, _ = gather_padded(places, flat)
        self._model, self._codebook = model, codebook
        self._context = model.context(known, known_places, exists)
        self._places = places[:, ~flat[0]].expand(candidates, -1, -1)
        count = int((~flat).sum())
        self.unknown = torch.ones(candidates, count, dtype=torch.bool, device=features.device)
        self.tokens = torch.zeros(candidates, count, dtype=torch.int64, device=features.device)

    def logits(self) -> Tensor:
        codes = self._codebook.embedding[self.tokens]
        return self._model(codes, ~self.unknown, self._places, None, self._context).float()

    def fix(self, chosen: Tensor, tokens: Tensor) -> None:
        self.tokens = torch.where(chosen, tokens, self.tokens)
        self.unknown = self.unknown & ~chosen
