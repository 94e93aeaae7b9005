"""Guided mode, the detail step: a low-resolution fill decides the layout, the photograph's patches the
detail.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from . import colour, pyramid
from .finish import copy_and_join, smooth
from .free import (
    Prepared,
    Result,
    energy_of,
    first_field,
    improve,
    lifted,
    meet_ring,
    offsets_of,
    pasted,
    with_levels,
)
from .growth import grow_field
from .kernels import LANES, MARGIN, SCALE, seed_state
from .pyramid import Level, Region
from .settings import Settings, check
from .voting import vote_weights

MODES = ("start", "grow")
STRONGEST = 4.0
_ROUNDS = (6, 4, 3)


class _Trust(NamedTuple):
    """How far a guide is believed."""

    blur: float
    """σ of what it says, in its own pixels."""
    finest: float
    """Share of its weight at full size, where patches shall fit each other rather than something blurred."""
    screening: float
    """How strongly the copy's colours, moved toward the guide's, hold against the seam's."""


_TRUST = {"start": _Trust(0.4, 0.5, 0.3), "grow": _Trust(0.5, 1.0, 0.05)}
_VOTED = 3
"""Lanes 0…2 (Lab) are voted; 5…7 hold the guide and are only compared; texture is not needed with a guide."""


def prepare_guided(
    image: np.ndarray,
    hole: np.ndarray,
    core: np.ndarray,
    valid: np.ndarray,
    exclude: np.ndarray,
    factor: float,
    mode: str,
    settings: Settings,
) -> Prepared:
    """As :func:`free.prepare`, with the levels that a guide ``factor`` times smaller than the region
    needs.
    """
    scene = pyramid.region(image, hole, core, valid, exclude)
    if mode == "grow":
        sizes = pyramid.level_sizes(scene, settings)
    else:
        h, w = scene.hole.shape
        steps = max(0, round(math.log(max(factor, 1.0)) / math.log(settings.factor)))
        sizes = [(round(h / settings.factor**i), round(w / settings.factor**i)) for i in range(steps + 1)]
        sizes = [size for size in sizes if min(size) >= 24] or [(h, w)]
    return with_levels(image, scene, pyramid.build(scene, sizes, settings))


def _blurred(lab: np.ndarray, there: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over the pixels that are there."""
    if sigma < 0.3:
        return lab
    cover = there.astype(np.float32)
    near = cv2.GaussianBlur(lab * cover[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    mass = cv2.GaussianBlur(cover, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return near / np.maximum(mass, 1e-4)[..., None]


def _level_features(
    level: Level, scene: Region, picture: np.ndarray, sigma: float, weight: float, fill: bool
) -> np.ndarray:
    """The level's features with guide lanes; ``picture``: Lab ``[H, W, 3]``, photograph with the guide in
    the hole.
    """
    height, width = level.inner
    there = scene.known | scene.hole
    small, inside = picture, there
    if (height, width) != there.shape:
        cover = cv2.resize(there.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        small = small / np.maximum(cover, 1e-3)[..., None]
        inside = cover > 1e-3
    features = level.features.copy().reshape(-1, LANES)
    features[:, 3:5] = 0
    guide = _blurred(small, inside, sigma) * np.float32(weight * SCALE)
    spread = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    features[:, 5:8] = np.rint(np.pad(guide, spread)).reshape(-1, 3)
    features[(level.known | level.hole) == 0, 5:8] = 0
    if fill:
        hole = level.hole.astype(bool)
        features[hole, :3] = np.rint(np.pad(small, spread) * SCALE).reshape(-1, 3)[hole]
    return features.ravel()


def detail(
    prepared: Prepared,
    guide: np.ndarray,
    factor: float,
    seed: int,
    settings: Settings,
    cancel: np.ndarray,
    mode: str = "start",
    weight: float = STRONGEST,
    told: Callable[[float], None] | None = None,
) -> Result:
    """One sharp fill in the guide's layout and colours.

    Args:
        prepared: from :func:`prepare_guided` with the same factor and mode; shared by all guides of a region.
        guide: ``float32 [H, W, 3]``, sRGB-encoded 0…1, the fill brought to the region's size; read in the
            hole only.
        factor: region pixels per guide pixel (≥ 1).
        seed: alone, with the guide, reproduces the answer bit for bit.
        mode: ``"start"`` begins at the guide's resolution from the guide itself (a trusted layout);
            ``"grow"`` grows as in free mode with the guide as a companion (a poor one; take a weight of 0.3
            … 1).
        weight: g, 0 … 4.

    Raises:
        Interrupted: ``cancel`` was set. ValueError: unknown mode or weight out of range.
    """
    if mode not in MODES:
        raise ValueError(f"The mode is one of {', '.join(MODES)}, not {mode!r}.")
    if not 0 <= weight <= STRONGEST:
        raise ValueError(f"A guide's weight lies between 0 and {STRONGEST:g}.")
    scene = prepared.scene
    if not prepared.levels:
        lab = smooth(scene, cancel)
        check(cancel)
        return Result(pasted(prepared, lab), 0.0)
    trust = _TRUST[mode]
    state = np.zeros(1, np.uint64)
    seed_state(seed, state)
    picture = np.where(scene.known[..., None], scene.lab, np.float32(0))
    picture[scene.hole] = colour.to_lab(np.clip(guide, 0, 1)[scene.hole])
    coarsest = len(prepared.levels) - 1
    field = np.zeros(0, np.int32)
    cost = np.zeros(0, np.int64)
    for index in range(coarsest, -1, -1):
        level, position = prepared.levels[index], coarsest - index
        sigma = trust.blur * factor * level.inner[1] / scene.hole.shape[1]
        counts_for = weight * (trust.finest if index == 0 else 1.0)
        start = position == 0 and mode == "start"
        features = _level_features(level, scene, picture, sigma, counts_for, start)
        if start:
            field = first_field(level, state)
        elif position == 0:
            grown = grow_field(level, features, settings, state, cancel, _VOTED)
            check(cancel)
            field = lifted(grown, None, level, level, state)
        else:
            coarse = prepared.levels[index + 1]
            field = lifted(field, coarse.target_at, coarse, level, state)
        cost = improve(
            prepared, index, features, field, _rounds(position, index == 0, mode, settings),
            max(level.inner) if position < 2 else settings.window, _VOTED, settings, state, cancel,
            fresh=position > 0,
        )  # fmt: skip
        if told is not None:
            told(0.9 * (position + 1) / (coarsest + 1))
    level = prepared.levels[0]
    distance, counts = meet_ring(prepared, features, field, cost, _VOTED, settings, state, cancel)
    weights = vote_weights(cost, counts, distance, settings.border_falloff)
    offsets = offsets_of(prepared, features, field, weights)
    # A guide that hardly counts in the comparison must not decide the colours either.
    pull = min(1.0, weight) * _toward_guide(scene, level, offsets, picture, trust.blur * factor)
    lab = copy_and_join(scene, level.lab, offsets, trust.screening, cancel, pull)
    check(cancel)
    return Result(pasted(prepared, lab), energy_of(prepared, cost, counts))


def _rounds(position: int, last: bool, mode: str, settings: Settings) -> int:
    rounds = _ROUNDS if mode == "start" else settings.rounds
    return settings.last_rounds if last and position > 0 else rounds[min(position, len(rounds) - 1)]


def _toward_guide(
    scene: Region, level: Level, offsets: np.ndarray, picture: np.ndarray, sigma: float
) -> np.ndarray:
    """blur(guide) − blur(copy): colour follows the guide, detail stays the copy's; ``float32 [H, W, 3]``."""
    copied = picture.copy()
    inner = offsets.reshape(level.height, level.width)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    taken = scene.hole & (inner >= 0)
    copied[taken] = level.lab[inner[taken]]
    there = scene.known | scene.hole
    return _blurred(picture, there, sigma) - _blurred(copied, there, sigma)
