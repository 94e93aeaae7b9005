"""PUT against PUT + FDM on the same weights: how far the decoder's input is from the encoder's own features.

``python -m pluripaint.evaluation.feature_distance NAME --cases DIR`` prints the mean L2 distance over the hole's
patches, without and with FDM's correction, for the true codes (what quantisation alone loses) and for drawn ones (a
fill's own). The paper (Park & Jung, WACV 2025) lowers it by 22 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pluripaint.methods import registry
from pluripaint.methods.base import Scene
from pluripaint.pipeline import RegionPixels, network, region

from . import bootstrap
from .cases import BadCases, OpenCase, crop, load_cases, open_case

if TYPE_CHECKING:
    from pluripaint.methods.put_fdm.method import PutFdmMethod

KINDS = ("true", "drawn")
"""Codes of the photograph itself; codes that the token model drew."""


def distances(method: PutFdmMethod, opened: OpenCase, seed: int) -> dict[str, tuple[float, float]]:
    """``{"true" | "drawn": (without, with FDM)}``: mean L2 over the hole's patches of all regions."""
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    for scene, whole in _scenes(method, opened):
        for kind, pair in _of_scene(method, scene, whole, seed).items():
            found[kind].append(pair)
    means = {kind: np.concatenate(pairs, 1).mean(1) for kind, pairs in found.items()}
    return {kind: (float(without), float(with_fdm)) for kind, (without, with_fdm) in means.items()}


def _scenes(method: PutFdmMethod, opened: OpenCase) -> Iterator[tuple[Scene, np.ndarray]]:
    """Each region as the network sees it, and the photograph there, ``float32 [S, S, 3]``, 0…1."""
    size = method.model.config.side
    for place in opened.regions:
        pixels = np.ascontiguousarray(crop(opened.photo, place))
        selection = np.ascontiguousarray(crop(opened.hole, place)).astype(np.uint8) * 255
        part = region.prepare(
            RegionPixels(place, pixels, selection),
            "srgb",
            region.grow_for(max(place.width, place.height), size),
        )
        scene, (height, width) = part.scene, pixels.shape[:2]
        rows, columns = (
            (part.top, scene.hole.shape[0] - height - part.top),
            (
                part.left,
                scene.hole.shape[1] - width - part.left,
            ),
        )
        nothing = np.zeros_like(scene.hole)
        photo = region.mirror(pixels.astype(np.float32) / 255, (rows, columns, (0, 0)))
        complete = replace(scene, image=photo, hole=nothing, core=nothing, valid=~nothing)
        around = network.padding(scene, method.info)
        seen, whole = (network.shrink(network.pad(one, around), size) for one in (scene, complete))
        yield seen, whole.image


def _of_scene(method: PutFdmMethod, scene: Scene, whole: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """``[2, patches]`` for each kind of codes."""
    import torch

    from pluripaint.methods.put_fdm import sampling
    from pluripaint.methods.put_fdm.patches import normalised

    model = method.model
    with torch.inference_mode():
        image = torch.from_numpy(np.ascontiguousarray(whole)).permute(2, 0, 1)[None].to(method.device) * 255
        known = torch.from_numpy(scene.known.astype(np.float32))[None, None].to(method.device)
        features = model.codec.encode(normalised(image, model.config.normalise))
        job = model.job(image, known)
        field = job.field(1)
        for _ in sampling.steps(field, model.config.sampler, [torch.Generator().manual_seed(seed)]):
            pass
        codes = {"true": model.codec.codebook.nearest(features), "drawn": job.token_grid(field)}
        hole = ~job.complete
        found = {}
        for kind in KINDS:
            quantised = job.generated(codes[kind])
            apart = [
                (features - one).square().sum(1).sqrt()[hole]
                for one in (quantised, job.dequantised(quantised))
            ]
            found[kind] = torch.stack(apart).cpu().numpy()
    return found


def told(name: str, photographs: Sequence[str], rows: Sequence[dict[str, tuple[float, float]]]) -> list[str]:
    """The figures in lines."""
    lines = [f"{name}: {len(rows)} cases on {len(set(photographs))} photographs"]
    for kind in KINDS:
        without, with_fdm = (np.array([row[kind][k] for row in rows]) for k in (0, 1))
        ratio = bootstrap.ratio(photographs, with_fdm, without)
        lines.append(
            f"{kind} codes: PUT {without.mean():.4f}, PUT + FDM {with_fdm.mean():.4f}, "
            f"ratio {ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}] (the paper: 0.78)"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit 2 with a sentence where something is missing."""
    parser = argparse.ArgumentParser(prog="pluripaint.evaluation.feature_distance", description=__doc__)
    parser.add_argument("name", help="weights of put_fdm")
    parser.add_argument("--cases", type=Path, required=True, help="folder that holds cases.jsonl")
    parser.add_argument("--half", choices=("tune", "report"))
    parser.add_argument("--limit", type=int, help="at most so many cases of each kind")
    given = parser.parse_args(arguments)
    try:
        method: Any = registry.load("put_fdm", given.name)
        if method.model.fdm is None:
            raise BadCases(f"{given.name} has no FDM; there is nothing to compare.")
        if not method.model.config.known_features:
            raise BadCases(f"{given.name} decodes code vectors only; there is nothing to compare.")
        cases = load_cases(given.cases, given.half, (), given.limit)
        rows = [distances(method, open_case(case), case.seed) for case in cases]
    except (BadCases, registry.MethodError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join(told(given.name, [case.photo.name for case in cases], rows)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
