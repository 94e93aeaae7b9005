"""The dual codebook: one table, its first rows for whole patches, the rest for erased ones.

Sources: PUT (CVPR 2022), section 3.1; EMA update as in van den Oord et al., arXiv 1711.00937, appendix A.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Quantised:
    """``vectors [B, C, h, w]`` with a straight-through gradient and ``tokens int64 [B, h, w]``."""

    vectors: Tensor
    tokens: Tensor


class DualCodebook(nn.Module):
    """Nearest-neighbour quantiser over ``codes + masked_codes`` rows of ``dim`` numbers.

    Rows ``0 … codes−1`` answer for known patches, the others for patches of which pixels are missing.
    Buffers: ``embedding [n, C]``, ``count [n]`` (EMA of wins), ``total [n, C]`` (EMA of the winners' sums).
    """

    embedding: Tensor
    count: Tensor
    total: Tensor

    def __init__(
        self, codes: int, masked_codes: int, dim: int, decay: float = 0.99, eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.codes = codes
        self.decay = decay
        self.eps = eps
        table = torch.randn(codes + masked_codes, dim)
        self.register_buffer("embedding", table)
        self.register_buffer("count", torch.zeros(codes + masked_codes))
        self.register_buffer("total", table.clone())

    def look_up(self, tokens: Tensor) -> Tensor:
        """Code vectors ``[B, C, h, w]`` of ``tokens [B, h, w]``."""
        return self.embedding[tokens].movedim(-1, 1)

    def nearest(self, features: Tensor, known: Tensor | None = None) -> Tensor:
        """Tokens ``int64 [B, h, w]`` of ``features [B, C, h, w]``.

        ``known bool [B, h, w]``: true takes an unmasked code, false a masked one; ``None``: all known.
        """
        rows = features.detach().movedim(1, -1).reshape(-1, features.shape[1])
        if features.dtype in (torch.bfloat16, torch.float16):
            rows = rows.float()
        with torch.autocast(rows.device.type, enabled=False):
            cross = rows @ self.embedding.t()
        distance = rows.pow(2).sum(1, keepdim=True) + self.embedding.pow(2).sum(1) - 2 * cross
        tokens = distance[:, : self.codes].argmin(1)
        if known is not None and not bool(known.all()):
            masked = distance[:, self.codes :].argmin(1) + self.codes
            tokens = torch.where(known.reshape(-1), tokens, masked)
        return tokens.view(features.shape[0], *features.shape[2:])

    def forward(self, features: Tensor, known: Tensor | None = None) -> Quantised:
        """Quantise with a straight-through gradient; the table stays as it is (see :meth:`update`)."""
        tokens = self.nearest(features, known)
        vectors = self.look_up(tokens).to(features.dtype)
        return Quantised(features + (vectors - features).detach(), tokens)

    def commitment(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Mean of ``(sg(e) − z)²`` over all elements, with the table as it is now."""
        return (self.look_up(tokens).detach() - features).pow(2).mean()

    @torch.no_grad()
    def update(self, features: Tensor, tokens: Tensor) -> None:
        """One EMA step towards the rows that won; sums run over every worker of a distributed run."""
        rows = features.detach().movedim(1, -1).reshape(-1, features.shape[1]).to(self.total.dtype)
        flat = tokens.reshape(-1)
        wins = torch.bincount(flat, minlength=len(self.count)).to(self.count.dtype)
        sums = torch.zeros_like(self.total).index_add_(0, flat, rows)
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(wins)
            dist.all_reduce(sums)
        self.count.mul_(self.decay).add_(wins, alpha=1 - self.decay)
        self.total.mul_(self.decay).add_(sums, alpha=1 - self.decay)
        n = self.count.sum()
        share = (self.count + self.eps) / (n + len(self.count) * self.eps) * n
        self.embedding.copy_(self.total / share.unsqueeze(1))

    @torch.no_grad()
    def start_from(self, features: Tensor, generator: torch.Generator, rounds: int = 10) -> None:
        """k-means start of the unmasked rows from ``features [N, C]``, N ≥ codes (ours, not published).

        Rows that win nothing in a round move to a random feature, so that the table starts in use.
        """
        pick = torch.randperm(len(features), generator=generator)[: self.codes].to(features.device)
        centres = features[pick].clone()
        wins = torch.ones(self.codes, device=features.device)
        for _ in range(rounds):
            nearest = torch.cdist(features, centres).argmin(1)
            wins = torch.bincount(nearest, minlength=self.codes).to(features.dtype)
            sums = torch.zeros_like(centres).index_add_(0, nearest, features)
            again = torch.randint(len(features), (self.codes,), generator=generator).to(features.device)
            centres = torch.where(wins[:, None] > 0, sums / wins.clamp(min=1)[:, None], features[again])
        self.embedding[: self.codes] = centres
        self.count[: self.codes] = wins.clamp(min=1)
        self.total[: self.codes] = centres * self.count[: self.codes, None]

    @torch.no_grad()
    def restart(self, features: Tensor, least: float, generator: torch.Generator) -> int:
        """Move unmasked rows whose EMA count fell below ``least`` to random ``features [N, C]``.

        Returns how many moved.  Source: Jukebox, arXiv 2005.00341, section 3.1 (ours, not published PUT).
        """
        dead = (self.count[: self.codes] < least).nonzero().flatten()
        if len(dead):
            drawn = torch.randint(len(features), (len(dead),), generator=generator)
            fresh = features[drawn.to(features.device)]
            start = float(self.count[: self.codes].median().clamp(min=least))
            self.embedding[dead] = fresh.to(self.embedding.dtype)
            self.count[dead] = start
            self.total[dead] = self.embedding[dead] * start
        return len(dead)
