"""The third and fourth stage: FDM alone, then FDM and decoder together (FDM WACV 2025, §3.3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pluripaint.methods.put_fdm.networks import PutFdm
from pluripaint.methods.put_fdm.objectives import dequantiser_loss
from pluripaint.methods.put_fdm.training.stage import Mover, Painting, hole_figures


class Dequantising(Painting):
    """What both FDM stages do: true features, their codes at the hole, FDM's correction."""

    def _corrected(self, model: PutFdm, batch: Any, wrong: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``f``, ``f_q``, the correction and the hole, of the complete image (no sampling)."""
        with torch.no_grad():
            features = self._features(model, batch.image)
            tokens = model.codec.codebook.nearest(features)
            if wrong:
                chance, code = (
                    torch.rand(tokens.shape, generator=batch.generator, device=tokens.device) for _ in "ab"
                )
                random = (code * self.config.codec.codes).long()
                tokens = torch.where(chance < wrong, random, tokens)
            hole = self._incomplete(batch.known)
            quantised = features * (1 - hole) + model.codec.codebook.look_up(tokens) * hole
        return features, quantised, model.fdm(quantised, hole), hole

    def judged(self, model: PutFdm, batch: Any) -> dict[str, Tensor]:
        """Feature distance before and after FDM, relative; the paper lowers it by 22 %."""
        features, quantised, added, _ = self._corrected(model, batch, 0.0)
        before = (features - quantised).pow(2).sum().sqrt()
        after = (features - quantised - added).pow(2).sum().sqrt()
        out = self._unit(
            model.codec.decode(quantised + added, self._normal(batch.image * batch.known), batch.known)
        )
        figures = hole_figures(batch, out, self.features, self.weights)
        return {**figures, "feature_distance": after / before.clamp(min=1e-9)}


class FdmStage(Dequantising):
    """FDM alone on a frozen codec."""

    name = "fdm"
    needs = ("codec",)
    owned = ("fdm.",)
    measure = "feature_distance"

    def players(self, model: PutFdm) -> list[Mover]:
        s = self.settings
        return [Mover("fdm", list(model.fdm.parameters()), s.rate, (0.0, 0.9), 0.0, s.warmup)]

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        features, quantised, added, hole = self._corrected(model, batch, self.settings.wrong_codes)
        return {"loss": dequantiser_loss(added, features, quantised, hole)}


class JointStage(Dequantising):
    """FDM and decoder together, encoder and codebook frozen."""

    name = "joint"
    needs = ("codec", "fdm")
    owned = ("fdm.", "codec.decoder.", "codec.from_code.")

    def painted_by(self, model: PutFdm) -> list[nn.Parameter]:
        parts = (model.fdm, model.codec.decoder, model.codec.from_code)
        return [parameter for part in parts for parameter in part.parameters()]

    def terms(self, model: PutFdm, player: str, batch: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        if player == "critic":
            return self._critic(batch, kept)
        features, quantised, added, hole = self._corrected(model, batch, self.settings.wrong_codes)
        masked = self._normal(batch.image * batch.known)
        out = self._unit(model.codec.decode(quantised + added, masked, batch.known))
        terms = self._image_terms(batch.image, out, batch.known, batch)
        terms["fdm_loss"] = dequantiser_loss(added, features, quantised, hole)
        terms["loss"] = torch.stack(list(terms.values())).sum()
        kept.update(image=batch.image, out=out.detach())
        return terms
