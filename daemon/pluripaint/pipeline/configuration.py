"""One hash over everything that decides a result besides pixels and seed: equal hash, comparable figures."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pluripaint.methods.base import Method
from pluripaint.pipeline import presets, region
from pluripaint.pipeline.types import FillRequest
from pluripaint_client import job_regions


def configuration(
    request: FillRequest,
    weights: Mapping[str, str],
    methods: Sequence[tuple[Method, int]] | None = None,
) -> dict[str, Any]:
    """What :func:`configuration_hash` hashes, readable: versions, draws, options, weights, how far guides are
    trusted, engine and region knobs.
    """
    from importlib.metadata import version

    from pluripaint.patchfield import Settings

    draws = presets.draws(request) if methods is None else [(one.info.name, n) for one, n in methods]
    whole = {
        "version": version("pluripaint"),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "count": request.count,
        "draws": draws,
        "options": dict(request.options),
        "weights": dict(weights),
        "patchfield": asdict(Settings()),
        "engine": source_digest(["pluripaint.patchfield"])[:12],
        "regions": job_regions.RULES._asdict(),
        "knobs": asdict(region.KNOBS),
    }
    infos = [one.info for one, _ in methods or () if one.info.native_size is not None]
    if infos:
        whole["guides"] = [(i.name, i.native_size, i.guide_mode, i.guide_weight) for i in infos]
    return whole


def source_digest(names: Iterable[str], suffixes: Sequence[str] = (".py",)) -> str:
    """SHA-256 over the files of packages (with all below them) and modules: figures from before and after a
    change of what makes fills are never taken for the same.

    Args:
        names: dotted names; a module counts as its one file.
        suffixes: which files of a package count.
    """
    digest = hashlib.sha256()
    for file in sorted(_files(names, suffixes)):
        digest.update(os.fsencode(file.name) + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _files(names: Iterable[str], suffixes: Sequence[str]) -> Iterable[Path]:
    for name in names:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if spec.submodule_search_locations is None:
            yield Path(spec.origin)
        for folder in spec.submodule_search_locations or ():
            yield from (file for file in Path(folder).rglob("*") if file.suffix in suffixes)


def configuration_hash(
    request: FillRequest,
    weights: Mapping[str, str] | None = None,
    methods: Sequence[tuple[Method, int]] | None = None,
) -> str:
    """Twelve hexadecimal digits.

    Args:
        weights: method → SHA-256 of the weights it used.
        methods: what draws and how many each; ``None``: what the request's preset says.
    """
    text = json.dumps(configuration(request, weights or {}, methods), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
