"""Free mode: a fill drawn from the photograph's own patches; a seed is an answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from . import colour, pyramid
from .finish import copy_and_join, smooth
from .growth import grow_field
from .kernels import LANES, MARGIN, SCALE, seed_state
from .patchmatch import Compared, carry_up, compared, random_field, search
from .pyramid import Level, Region, distance_from
from .score import judge_level, strangeness
from .settings import Settings, check
from .voting import best_offsets, vote, vote_weights

_VOTED = 5
"""Lanes filled by voting: L, a, b and two of texture."""
_LEAST_STRANGENESS = 1e-3
"""Lab units; all is equally good below it, as in a picture of one colour."""
_BENT_COUNTS = 0.5
"""Colours that had to be bent twice as far count as a fill that is stranger by this power of two."""
_UNSEEN_BEND = 0.3
"""Lab units that joining may move a colour without its being seen."""
_RING_REACH = 16
"""Pixels around the clean part of the ring that are fitted to it; further in the fill stays as it is."""


@dataclass(frozen=True)
class RingFit:
    """What fitting the finest level's field to the clean part of the ring needs.

    Attributes:
        clean, hole: flat and padded, ``bool`` the clean part, ``uint8`` what is voted anew beside it.
        part: the level with the targets near the clean part alone; ``chosen``: which they are.
        compared: of ``part``'s targets.
        distance, counts: ``float32 [m]``, ``int32 [m]``, of all targets, to and with what is now certain.
    """

    clean: np.ndarray
    hole: np.ndarray
    part: Level
    chosen: np.ndarray
    compared: Compared
    distance: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Prepared:
    """What all answers for one region share; made once by :func:`prepare`.

    Attributes:
        image: ``float32 [H, W, 3]``, sRGB-encoded, zero where hidden or to be filled.
        scene: the region in Lab.
        levels: finest first; empty where there is nothing to copy from.
        compared: per level, what of each patch is compared.
        ring: ``None`` where no part of the ring is clean.
        judge: the level fills are scored on.
    """

    image: np.ndarray
    scene: Region
    levels: list[Level]
    compared: list[Compared]
    ring: RingFit | None = None
    judge: Level | None = None


@dataclass(frozen=True)
class Result:
    """One answer.

    Attributes:
        image: ``float32 [H, W, 3]``, sRGB-encoded 0…1; the scene outside the hole (zero where hidden).
        energy: mean patch distance in the hole, squared Lab units, the way to the sources included; lower is
            better.
        strangeness: how far what is in the hole is from what the photograph holds (:mod:`score`), an answer from
            a coarse start counting as stranger (``Settings.smoothness``); lower is better.
        coarser: levels by which the growth began below that of a whole ``start_radius``.
        bent: how far joining moved the copied colours, mean over the hole, Lab units.
    """

    image: np.ndarray
    energy: float
    strangeness: float = 0.0
    coarser: int = 0
    bent: float = 0.0

    @property
    def score(self) -> float:
        """How good the answer is as far as it can be told without a network, as a natural logarithm."""
        strange = max(self.strangeness, _LEAST_STRANGENESS)
        return -math.log(strange) - _BENT_COUNTS * math.log(self.bent + _UNSEEN_BEND)


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
    coarsest = min(turn.start for turn in settings.turns)
    levels = pyramid.build(scene, pyramid.level_sizes(scene, settings, coarsest), settings)
    return replace(with_levels(image, scene, levels), judge=judge_level(scene, settings))


def with_levels(image: np.ndarray, scene: Region, levels: list[Level]) -> Prepared:
    """Add to levels what the searches need."""
    image = np.where(scene.known[..., None], image, np.float32(0)).astype(np.float32)
    if levels and not levels[0].sources.size:
        levels = []
    over = [compared(level) for level in levels]
    ring = ring_fit(scene, levels[0], over[0]) if levels and scene.clean.any() else None
    return Prepared(image, scene, levels, over, ring)


def ring_fit(scene: Region, level: Level, over: Compared) -> RingFit:
    """For the finest level and what is compared there without the ring."""
    reach = np.ones((2 * _RING_REACH + 1, 2 * _RING_REACH + 1), np.uint8)
    near = np.pad(cv2.dilate(scene.clean.astype(np.uint8), reach), MARGIN).ravel()
    clean = np.pad(scene.clean, MARGIN).ravel()
    hole = level.hole & near
    hole[clean] = 0
    part, chosen = level.only(near)
    fitted = compared(part, level.known | clean)
    counts = over.counts.copy()
    counts[chosen] = fitted.counts
    return RingFit(clean, hole, part, chosen, fitted, distance_from(scene.known | scene.clean, level), counts)


def rounds_at(position: int, last: bool, settings: Settings) -> int:
    """EM rounds of the level ``position`` steps above the coarsest."""
    if last and position > 0:
        return settings.last_rounds
    return settings.rounds[min(position, len(settings.rounds) - 1)]


def first_field(level: Level, state: np.ndarray) -> np.ndarray:
    """A random source for every target."""
    return random_field(level.targets.size, level.sources, state)


def lifted(
    field: np.ndarray, coarse_at: np.ndarray | None, coarse: Level, level: Level, state: np.ndarray
) -> np.ndarray:
    """A level's field from a coarser one's, or (``coarse_at`` = ``None``) from one source a pixel."""
    if coarse_at is None:
        coarse_at = np.where(field >= 0, np.arange(field.size, dtype=np.int32), np.int32(-1))
    return carry_up(
        field, coarse_at, coarse.width, coarse.height, level.targets, level.width, level.height, MARGIN,
        level.is_source, level.sources, state,
    )  # fmt: skip


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
    fresh: bool = False,
) -> np.ndarray:
    """EM rounds on one level, in place; returns the costs of the field (``int64 [m]``).

    ``fresh``: the hole's features hold nothing yet and are first voted from the field. Levels with very large
    holes
    get one narrow round: their field comes from below, integer offsets keep the detail.
    """
    level, over = prepared.levels[index], prepared.compared[index]
    iterations = settings.iterations
    if fresh and np.count_nonzero(level.hole) > settings.field_pixels:
        rounds, iterations, window = 1, 1, 8
    cost = np.zeros(level.targets.size, np.int64)
    if fresh:
        flat = vote_weights(None, over.counts, level.distance, settings.border_falloff)
        vote(features, level.hole, level.target_at, field, flat, level.width, level.radius, voted, cancel)
        check(cancel)
    for turn in range(rounds):
        search(level, over, features, field, cost, iterations, window, state, cancel)
        check(cancel)
        if turn + 1 < rounds:
            weights = vote_weights(cost, over.counts, level.distance, settings.border_falloff)
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


def meet_ring(
    prepared: Prepared,
    features: np.ndarray,
    field: np.ndarray,
    cost: np.ndarray,
    voted: int,
    settings: Settings,
    state: np.ndarray,
    cancel: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the finished field of the finest level to the clean part of the ring, in place.

    Returns, for what is now certain, the distances to it (``float32 [m]``) and how many pixels of each patch
    were compared (``int32 [m]``). The field itself came about without the ring.
    """
    level, ring = prepared.levels[0], prepared.ring
    if ring is None:
        return level.distance, prepared.compared[0].counts
    features.reshape(-1, LANES)[ring.clean, :3] = np.rint(prepared.scene.lab[prepared.scene.clean] * SCALE)
    field_near, cost_near = field[ring.chosen], cost[ring.chosen]
    for turn in range(settings.ring_rounds):
        if turn:
            weights = vote_weights(cost, ring.counts, ring.distance, settings.border_falloff)
            vote(
                features, ring.hole, level.target_at, field, weights, level.width, level.radius, voted, cancel
            )
        search(
            ring.part, ring.compared, features, field_near, cost_near,
            settings.iterations, settings.window, state, cancel,
        )  # fmt: skip
        field[ring.chosen], cost[ring.chosen] = field_near, cost_near
        check(cancel)
    return ring.distance, ring.counts


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
    turn = settings.turn(seed)
    nearness = (turn.down, settings.across)
    levels = prepared.levels[: len(pyramid.level_sizes(prepared.scene, settings, turn.start))]
    coarsest = len(levels) - 1
    level = levels[coarsest]
    features = pyramid.placed(level, prepared.scene, nearness)
    grown = grow_field(level, features, settings, state, cancel, _VOTED)
    check(cancel)
    field = lifted(grown, None, level, level, state)
    cost = np.zeros(0, np.int64)
    area = float(sum(one.targets.size for one in levels))
    done = 0.0
    for index in range(coarsest, -1, -1):
        level = levels[index]
        position = coarsest - index
        if position > 0:
            coarse = levels[index + 1]
            field = lifted(field, coarse.target_at, coarse, level, state)
            features = pyramid.placed(level, prepared.scene, nearness)
        window = max(level.inner) if position < 2 else settings.window
        rounds = rounds_at(position, index == 0, settings)
        cost = improve(
            prepared, index, features, field, rounds, window, _VOTED, settings, state, cancel, position > 0
        )
        done += level.targets.size / area
        if told is not None:
            told(0.9 * done)
    distance, counts = meet_ring(prepared, features, field, cost, _VOTED, settings, state, cancel)
    coarser = len(levels) - min(len(levels), len(pyramid.level_sizes(prepared.scene, settings)))
    handicap = settings.factor ** (settings.smoothness * coarser)
    result = finished(prepared, features, field, cost, distance, counts, settings, cancel)
    return replace(result, strangeness=handicap * result.strangeness, coarser=coarser)


def pasted(prepared: Prepared, lab: np.ndarray) -> np.ndarray:
    """The region, sRGB-encoded, with ``lab`` in the hole; every other pixel as it came."""
    image = prepared.image.copy()
    hole = prepared.scene.hole
    image[hole] = colour.to_rgb(lab[hole])
    return image


def energy_of(prepared: Prepared, cost: np.ndarray, counts: np.ndarray) -> float:
    """Mean over the patches centred in the hole of the mean squared feature distance, Lab units."""
    inside = prepared.levels[0].distance > 0
    return float(np.mean(cost[inside] / (counts[inside] * SCALE * SCALE)))


def offsets_of(
    prepared: Prepared, features: np.ndarray, field: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Where each hole pixel of the finest level is copied from, see :func:`voting.best_offsets`."""
    level, ring = prepared.levels[0], prepared.ring
    certain = level.known if ring is None else level.known | ring.clean
    return best_offsets(
        features, certain, level.hole, level.target_at, field, weights, level.width, level.radius
    )


def finished(
    prepared: Prepared,
    features: np.ndarray,
    field: np.ndarray,
    cost: np.ndarray,
    distance: np.ndarray,
    counts: np.ndarray,
    settings: Settings,
    cancel: np.ndarray,
) -> Result:
    """Copy, join, judge and convert the finest level's field."""
    level, scene = prepared.levels[0], prepared.scene
    weights = vote_weights(cost, counts, distance, settings.border_falloff)
    offsets = offsets_of(prepared, features, field, weights)
    lab = copy_and_join(scene, level.lab, offsets, settings.screening, cancel)
    check(cancel)
    strange = strangeness(prepared.judge, scene, lab, cancel)
    check(cancel)
    copied = offsets.reshape(level.height, level.width)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    taken = scene.hole & (copied >= 0)
    moved = np.sqrt(((lab[taken] - level.lab[copied[taken]]) ** 2).sum(-1))
    bent = float(moved.mean()) if moved.size else 0.0
    return Result(pasted(prepared, lab), energy_of(prepared, cost, counts), strange, bent=bent)
