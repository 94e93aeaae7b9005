"""``put_fdm`` as the pipeline sees it: a scene in, fills out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pluripaint.methods.base import Fill, MethodInfo, Progress, Scene
from pluripaint.methods.put_fdm.config import Config

#: buffers that only training needs.
TRAINING_ONLY = ("codec.codebook.count", "codec.codebook.total")


class PutFdmMethod:
    """PUT + FDM with weights loaded.  ``info.native_size`` is the side of the loaded model."""

    info = MethodInfo(
        name="put_fdm",
        title="PUT + FDM (transformer over patches)",
        sampled=True,
        citation=(
            "Liu et al., Reduce Information Loss in Transformers for Pluralistic Image Inpainting, "
            "CVPR 2022; "
            "Park and Jung, Improving Detail in Pluralistic Image Inpainting with Feature Dequantization, "
            "WACV 2025"
        ),
        licence="Apache-2.0 (code); weights: see their record",
        native_size=64,
        options={"variety": (1.0, 0.0, 2.0), "top_k": (0, 0, 8192), "steps": (0, 0, 64)},
    )

    def __init__(self, model: Any, device: str = "cpu") -> None:
        self.model = model.eval().to(device)
        self.device = device
        self.info = replace(
            type(self).info, native_size=model.config.side, multiple_of=model.config.codec.patch
        )

    @classmethod
    def from_weights(cls, path: Path, record: Mapping[str, Any], device: str) -> PutFdmMethod:
        """Ready to fill.  Raises ``ValueError`` where file and record do not fit each other."""
        from safetensors.torch import load_file

        model = cls.network(record["config"])
        state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
        absent, unexpected = model.load_state_dict(state, strict=False)
        absent = [name for name in absent if name not in TRAINING_ONLY]
        if absent or unexpected:
            raise ValueError(f"{path.name} does not fit its record: {', '.join([*absent, *unexpected][:5])}")
        return cls(model, device)

    @staticmethod
    def multiply_adds(config: Mapping[str, Any]) -> float:
        """Work of one fill of the model's own size, a quarter of it hole."""
        from pluripaint.methods.put_fdm import cost

        return cost.fill(config)

    @staticmethod
    def network(config: Mapping[str, Any]) -> Any:
        """The untrained networks of a configuration as records hold it."""
        from pluripaint.methods.put_fdm.networks import PutFdm

        return PutFdm(Config.from_json(config))

    def fill(
        self, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
    ) -> Iterator[Fill]:
        """One fill per seed: on a CPU the first alone, so that something shows soon, then the rest together.

        A scene of another size is scaled by area to the model's own side, and its fills back.
        """
        import torch

        if not len(seeds):
            return
        batches = [seeds] if self.device != "cpu" else [seeds[:1], seeds[1:]]
        with torch.inference_mode():
            image, known = self._tensors(scene)
            job = self.model.job(image, known)
            done = 0
            for batch in batches:
                if len(batch):
                    yield from self._batch(job, scene, batch, options, progress, done / len(seeds))
                    done += len(batch)

    def _tensors(self, scene: Scene) -> tuple[Any, Any]:
        """Image 0…255 and known pixels at the model's side: a pixel is known only if all it covers are."""
        import torch
        from torch.nn import functional

        image = torch.from_numpy(np.ascontiguousarray(scene.masked)).permute(2, 0, 1)[None].float()
        known = torch.from_numpy(np.ascontiguousarray(scene.known)).float()[None, None]
        size = tuple(n * self.model.config.codec.patch for n in self.model.config.grid)
        if image.shape[2:] != size:
            share = functional.interpolate(known, size=size, mode="area")
            image = functional.interpolate(image, size=size, mode="area") / share.clamp(min=1e-6)
            known = (share > 1 - 1e-4).float()
            image = image * known
        return (image * 255).to(self.device), known.to(self.device)

    def _settings(self, options: Mapping[str, float]) -> Any:
        settings = self.model.config.sampler
        variety = options.get("variety", 1.0)
        if variety <= 0:
            settings = replace(settings, top_k=1, noise=0.0)
        else:
            settings = replace(settings, temperature=settings.temperature * variety)
        if options.get("top_k") and variety > 0:
            settings = replace(settings, top_k=int(options["top_k"]))
        if options.get("steps"):
            settings = replace(settings, order="parallel", steps=int(options["steps"]))
        return settings

    def _batch(
        self,
        job: Any,
        scene: Scene,
        seeds: Sequence[int],
        options: Mapping[str, float],
        progress: Progress,
        start: float,
    ) -> Iterator[Fill]:
        import torch

        from pluripaint.methods.put_fdm import sampling

        field = job.field(len(seeds))
        unknown = int(field.unknown.sum(1).max())
        settings = self._settings(options)
        generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
        chance = torch.ones(field.unknown.shape, device=self.device)
        planned, began = sampling.planned(settings, unknown), time.monotonic()
        share = len(seeds) / max(1, len(seeds) + 1)
        if unknown:
            for index, step in enumerate(sampling.steps(field, settings, generators), start=1):
                rows = step.positions.clamp(min=0)
                drawn = field.tokens.clamp(max=step.logits.shape[-1] - 1).unsqueeze(-1)
                likely = step.logits.float().softmax(-1).gather(-1, drawn).squeeze(-1)
                fresh = torch.zeros_like(chance).scatter_add(1, rows, (step.positions >= 0).float()) > 0
                chance = torch.where(fresh, likely, chance)
                left = (time.monotonic() - began) / index * max(0, planned - index)
                told = f"tokens, about {left:.0f} s left" if left >= 5 else "tokens"
                progress(told, min(1.0, start + (1 - start) * share * index / max(1, planned)))
        grid = job.token_grid(field)
        images = job.images(grid)
        certainty = self._certainty(job, chance, len(seeds))
        for k, seed in enumerate(seeds):
            score = float(chance[k].clamp(min=1e-6).log().sum()) / max(1, unknown)
            picture = self._sized(images[k : k + 1] / 255, scene, "bicubic")[0].permute(1, 2, 0)
            sure = self._sized(certainty[k : k + 1], scene, "nearest")[0, 0]
            yield Fill(int(seed), score, picture.clamp(0, 1).cpu().numpy(), sure.clamp(0, 1).cpu().numpy())

    @staticmethod
    def _certainty(job: Any, chance: Any, count: int) -> Any:
        """Probability of each patch's token, 1 where known, ``[B, 1, h, w]``."""
        import torch

        masked = (~job.complete).repeat(count, 1, 1)
        out = torch.ones(masked.shape, device=chance.device)
        if chance.shape[1] == masked[0].numel():
            out = torch.where(masked, chance.view_as(out), out)
        else:
            out[masked] = chance.reshape(-1)
        return out.unsqueeze(1)

    @staticmethod
    def _sized(x: Any, scene: Scene, mode: str) -> Any:
        from torch.nn import functional

        size = scene.hole.shape
        if tuple(x.shape[2:]) == size:
            return x
        if mode == "nearest":
            return functional.interpolate(x, size=size, mode=mode)
        return functional.interpolate(x, size=size, mode=mode, align_corners=False)
