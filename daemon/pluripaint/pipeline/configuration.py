"""One hash over everything that decides a result besides pixels and seed: equal hash, comparable figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from typing import Any

from pluripaint.pipeline import presets, region
from pluripaint.pipeline.types import FillRequest
from pluripaint_client import geometry


def configuration(request: FillRequest, weights: Mapping[str, str]) -> dict[str, Any]:
    """What :func:`configuration_hash` hashes, readable: versions, draws, options, weights, engine and region
    knobs.
    """
    from importlib.metadata import version

    from pluripaint.patchfield import Settings

    return {
        "version": version("pluripaint"),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "count": request.count,
        "draws": presets.draws(request),
        "options": dict(request.options),
        "weights": dict(weights),
        "patchfield": asdict(Settings()),
        "engine": _source_digest("pluripaint.patchfield"),
        "regions": geometry.RULES._asdict(),
        "knobs": asdict(region.KNOBS),
    }


def _source_digest(package: str) -> str:
    """Of a package's modules: figures from before and after a change of the engine never share a hash."""
    digest = hashlib.sha256()
    for file in sorted(resources.files(package).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def configuration_hash(request: FillRequest, weights: Mapping[str, str] | None = None) -> str:
    """Twelve hexadecimal digits. ``weights``: method → SHA-256 of the weights it used."""
    text = json.dumps(configuration(request, weights or {}), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
