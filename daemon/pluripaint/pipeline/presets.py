"""Presets: TOML files that say which methods draw, in which shares, and how many are drawn for each one
shown.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from pluripaint.pipeline.types import FillError, FillRequest
from pluripaint_client.texts import Sentence

MOST_DRAWN = 64
"""The largest pool of a job."""


@dataclass(frozen=True)
class Preset:
    """A preset file. ``mixture``: (method, share) in the order they draw; ``pool_factor``: drawn ÷ shown."""

    name: str
    title: str
    pool_factor: float
    mixture: tuple[tuple[str, float], ...]


def names() -> list[str]:
    """The presets that come with the package."""
    folder = resources.files("pluripaint.pipeline") / "presets"
    return sorted(entry.name[: -len(".toml")] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load(name: str) -> Preset:
    """Read a preset.

    Raises:
        FillError: ``unknown-preset``.
    """
    if name not in names():
        raise FillError(
            "unknown-preset",
            Sentence("There is no preset “{name}”.", name=name),
            Sentence("There are: {names}.", names=", ".join(names())),
        )
    text = (resources.files("pluripaint.pipeline") / "presets" / f"{name}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    mixture = tuple((str(entry["method"]), float(entry["share"])) for entry in table["mixture"])
    return Preset(name, str(table["title"]), float(table["pool_factor"]), mixture)


def draws(request: FillRequest) -> list[tuple[str, int]]:
    """(method, how many it draws) for a job: the preset's mixture, or the one method that was asked for."""
    if request.method != "auto":
        return [(request.method, pool(request))]
    return shared_out(pool(request), load(request.preset).mixture)


def pool(request: FillRequest) -> int:
    """How many are drawn for a job, all methods together."""
    preset = load(request.preset)
    wanted = request.pool if request.pool is not None else round(preset.pool_factor * request.count)
    return min(max(wanted, request.count), MOST_DRAWN)


def shared_out(pool: int, mixture: Sequence[tuple[str, float]]) -> list[tuple[str, int]]:
    """(name, how many of ``pool``) by shares: largest remainders, so that the numbers add up to the pool."""
    whole = sum(share for _, share in mixture)
    exact = [pool * share / whole for _, share in mixture]
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda k: counts[k] - exact[k])
    for k in by_remainder[: pool - sum(counts)]:
        counts[k] += 1
    return [(method, count) for (method, _), count in zip(mixture, counts) if count]
