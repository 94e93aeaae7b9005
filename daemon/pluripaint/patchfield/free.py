"""Free mode: a fill drawn from the photograph's own patches; a seed is an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import colour, pyramid
from .finish import copy_and_join, smooth
from .growth import grow_field
from .kernels import LANES, SCALE, kernel, seed_state
from .patchmatch import carry_up, search, whole_patches
from .pyramid import Level, Region
from .settings import Settings, check
from .voting import best_offsets, vote, vote_weights


@dataclass(frozen=True)
class Prepared:
    """What all answers for one region share; made once by :func:`prepare`.

    Attributes:
        image: ``float32 [H, W, 3]``, sRGB-encoded, zero where hidden or to be filled.
        scene: the region in Lab.
        levels: finest first; empty where there is nothing to copy from.
        lanes, whole, counts: per level, which pixels and patches lie inside the picture.
    """

    image: np.ndarray
    scene: Region
    levels: list[Level]
    lanes: list[np.ndarray]
    whole: list[np.ndarray]
    counts: list[np.ndarray]


@dataclass(frozen=True)
class Result:
    """One answer.

    Attributes:
        image: ``float32 [H, W, 3]``, sRGB-encoded 0…1; the scene outside the hole (zero where hidden).
        energy: mean patch distance in the hole, squared Lab units; lower is better.
    """

    image: np.ndarray
    energy: float


@kernel
def _counts(inside, targets, width, r):
    out = np.zeros(targets.size, np.int32)
    for i in range(targets.size):
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                if inside[targets[i] + dy * width + dx]:
                    out[i] += 1
    return out


def prepare(
    image: np.ndarray,
    hole: np.ndarray,
    core: np.ndarray,
    valid: np.ndarray,
    exclude: np.ndarray,
    settings: Settings,
) -> Prepared:
    """Build the pyramid of a region.

    Args:
        image: ``float32 [H, W, 3]``, sRGB-encoded 0…1. hole, core, valid, exclude: ``bool [H, W]``, as in a
        scene.
    """
    scene = pyramid.region(image, hole, core, valid, exclude)
    levels = pyramid.build(scene, pyramid.level_sizes(scene, settings), settings)
    return with_levels(image, scene, levels)


def with_levels(image: np.ndarray, scene: Region, levels: list[Level]) -> Prepared:
    """Add to levels what the searches need."""
    image = np.where(scene.known[..., None], image, np.float32(0)).astype(np.float32)
    if levels and not levels[0].sources.size:
        levels = []
    lanes, whole, counts = [], [], []
    for level in levels:
        inside = level.known | level.hole
        lanes.append(np.repeat(-inside.astype(np.int16), LANES))
        whole.append(whole_patches(inside, level.targets, level.width, level.radius))
        counts.append(_counts(inside, level.targets, level.width, level.radius))
    return Prepared(image, scene, levels, lanes, whole, counts)


def rounds_at(position: int, last: bool, settings: Settings) -> int:
    """EM rounds of the level ``position`` steps above the coarsest."""
    if last and position > 0:
        return settings.last_rounds
    return settings.rounds[min(position, len(settings.rounds) - 1)]


def improve(
    prepared: Prepared,
    index: int,
    features: np.ndarray,
    field: np.ndarray,
    rounds: int,
    window: int,
    voted: int,
    settings: Settings,
    state: np.ndarray,
    cancel: np.ndarray,
) -> np.ndarray:
    """EM rounds on one level, in place; returns the costs of the field (``int64 [m]``)."""
    level = prepared.levels[index]
    cost = np.zeros(level.targets.size, np.int64)
    for turn in range(rounds):
        search(
            features, prepared.lanes[index], prepared.whole[index], level.targets, level.target_at,
            level.is_source, level.sources, field, cost, level.width, level.height, level.radius,
            settings.iterations, window, state, cancel,
        )  # fmt: skip
        check(cancel)
        if turn + 1 < rounds or index > 0:
            weights = vote_weights(cost, prepared.counts[index], level.distance, settings.border_falloff)
            vote(
                features,
                level.hole,
                level.target_at,
                field,
                weights,
                level.width,
                level.radius,
                voted,
                cancel,
            )
            check(cancel)
    return cost


def grow(
    prepared: Prepared,
    seed: int,
    settings: Settings,
    cancel: np.ndarray,
    told: Callable[[float], None] | None = None,
) -> Result:
    """One answer.

    Args:
        seed: 0 … 2³¹−1; alone reproduces the answer bit for bit.
        cancel: ``uint8 [1]``, looked at row by row inside the kernels.
        told: called with the share done, 0…1.

    Raises:
        Interrupted: ``cancel`` was set.
    """
    if not prepared.levels:
        lab = smooth(prepared.scene, cancel)
        check(cancel)
        return Result(pasted(prepared, lab), 0.0)
    state = np.zeros(1, np.uint64)
    seed_state(seed, state)
    coarsest = len(prepared.levels) - 1
    level = prepared.levels[coarsest]
    features = level.features.copy()
    grown = grow_field(level, features, settings, state, cancel)
    check(cancel)
    field = carry_up(
        grown, np.where(grown >= 0, np.arange(grown.size, dtype=np.int32), np.int32(-1)), level.width,
        level.height, level.targets, level.width, level.height, 3, level.is_source, level.sources, state,
    )  # fmt: skip
    cost = np.zeros(0, np.int64)
    area = float(sum(one.targets.size for one in prepared.levels))
    done = 0.0
    for index in range(coarsest, -1, -1):
        level = prepared.levels[index]
        if index < coarsest:
            below = prepared.levels[index + 1]
            field = carry_up(
                field, below.target_at, below.width, below.height, level.targets, level.width, level.height,
                3, level.is_source, level.sources, state,
            )  # fmt: skip
            features = level.features.copy()
            flat = vote_weights(None, prepared.counts[index], level.distance, settings.border_falloff)
            vote(features, level.hole, level.target_at, field, flat, level.width, level.radius, 5, cancel)
        position = coarsest - index
        window = max(level.inner) if position < 2 else settings.window
        rounds = rounds_at(position, index == 0, settings)
        cost = improve(prepared, index, features, field, rounds, window, 5, settings, state, cancel)
        done += level.targets.size / area
        if told is not None:
            told(0.9 * done)
    return finished(prepared, field, cost, settings, cancel)


def pasted(prepared: Prepared, lab: np.ndarray) -> np.ndarray:
    """The region, sRGB-encoded, with ``lab`` in the hole; every other pixel as it came."""
    image = prepared.image.copy()
    hole = prepared.scene.hole
    image[hole] = colour.to_rgb(lab[hole])
    return image


def finished(
    prepared: Prepared, field: np.ndarray, cost: np.ndarray, settings: Settings, cancel: np.ndarray
) -> Result:
    """Copy, join and convert the finest level's field."""
    level, scene = prepared.levels[0], prepared.scene
    weights = vote_weights(cost, prepared.counts[0], level.distance, settings.border_falloff)
    offsets = best_offsets(level.hole, level.target_at, field, weights, level.width, level.radius)
    allowed = np.pad(scene.allowed, 3).ravel().astype(np.uint8)
    lab = copy_and_join(scene, level.lab, allowed, offsets, settings.screening, cancel)
    check(cancel)
    inside = level.distance > 0
    energy = float(np.mean(cost[inside] / (prepared.counts[0][inside] * SCALE * SCALE)))
    return Result(pasted(prepared, lab), energy)
