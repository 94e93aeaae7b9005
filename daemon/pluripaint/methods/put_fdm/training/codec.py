"""The first stage: P-VQVAE (PUT CVPR 2022, §3.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor, nn

from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.training.stage import MASKS, Painting, hole_figures

CODEC_MASKS = {**MASKS, "everything": (3.0, 1.0, 1.0)}


class CodecStage(Painting):
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


def perplexity(tokens: Tensor, codes: int) -> float:
    """Number of codes in even use that would have the same entropy."""
    share = torch.bincount(tokens.flatten(), minlength=codes).float()
    share = share / share.sum()
    return float(torch.exp(-(share * share.clamp(min=1e-12).log()).sum()))


def _rows(features: Tensor) -> Tensor:
    return features.detach().movedim(1, -1).reshape(-1, features.shape[1]).float()
