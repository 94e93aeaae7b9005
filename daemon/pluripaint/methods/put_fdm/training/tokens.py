"""The second stage: the token model (PUT CVPR 2022, §3.2; ours as masked modelling, MaskGIT CVPR 2022)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from pluripaint.methods.put_fdm.context_once import ContextOnce, gather_padded, grid_places
from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.objectives import token_terms
from pluripaint.methods.put_fdm.patches import known_share
from pluripaint.methods.put_fdm.training.stage import Mover, Stage


class TokenStage(Stage):
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
