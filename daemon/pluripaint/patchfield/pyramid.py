"""From a region to the levels the engine works on: averages of known pixels, sources, targets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from . import colour
from .features import texture
from .kernels import LANES, MARGIN, SCALE, kernel
from .ring import clean_part, trusted_part
from .settings import Settings

_ENOUGH_SOURCES = 30
_KNOWN_COVERAGE = 0.6
PLACE = (5, 6)
"""Lanes that say where a pixel lies."""
_LEAST_RADIUS = 4.0
"""In thinner holes the way to a source counts as in one of this inner radius, in pixels."""
_FARTHEST = 8000.0
"""Feature units between a picture's ends at most: a row of patches' squares has to stay within 32 bits."""


@dataclass(frozen=True)
class Level:
    """One pyramid level. Everything is padded by ``MARGIN``; flat indices run over the padded picture.

    Attributes:
        height, width: of the padded picture.
        lab: ``float32 [height * width, 3]``, means over known pixels; 0 where unknown.
        features: ``int16 [height * width * LANES]``: L, a, b and two texture channels of the known pixels.
        known: ``uint8 [height * width]``.
        hole: ``uint8 [height * width]``, to be filled here.
        radius: patch radius.
        sources: ``int32 [n]``, centres of wholly known, allowed patches; ``is_source``: the same as flags.
        targets: ``int32 [m]``, centres of patches that touch the hole, scan order; ``target_at``: their place
        or −1.
        distance: ``float32 [m]``, from a target to the nearest known pixel.
    """

    height: int
    width: int
    lab: np.ndarray
    features: np.ndarray
    known: np.ndarray
    hole: np.ndarray
    radius: int
    sources: np.ndarray
    is_source: np.ndarray
    targets: np.ndarray
    target_at: np.ndarray
    distance: np.ndarray

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width without the margin."""
        return self.height - 2 * MARGIN, self.width - 2 * MARGIN

    def only(self, where: np.ndarray) -> tuple[Level, np.ndarray]:
        """The level with the targets that lie in ``where`` (flat, padded) alone, and which they are (``int64 [k]``)."""
        chosen = np.flatnonzero(where[self.targets])
        targets = self.targets[chosen]
        target_at = np.full_like(self.target_at, -1)
        target_at[targets] = np.arange(targets.size, dtype=np.int32)
        part = replace(self, targets=targets, target_at=target_at, distance=self.distance[chosen])
        return part, chosen


@dataclass(frozen=True)
class Region:
    """What is shared by all answers for one region. Arrays ``[H, W]``.

    Attributes:
        lab: ``float32 [H, W, 3]``, zero where nothing may be looked at (the ring keeps its photograph).
        known: may be looked at by the patch field; ``allowed``: may be copied; ``hole``: filled by the field;
        core: painted; ``ring``: photograph that only the finish sees; ``clean``: the part of it without
            fringe.
    """

    lab: np.ndarray
    known: np.ndarray
    allowed: np.ndarray
    hole: np.ndarray
    core: np.ndarray
    ring: np.ndarray
    clean: np.ndarray

    @cached_property
    def known_lab(self) -> np.ndarray:
        """``float32 [H, W, 3]``: ``lab`` where known, else 0."""
        return np.where(self.known[..., None], self.lab, np.float32(0))

    @cached_property
    def radius(self) -> float:
        """Of the hole, :func:`inner_radius`."""
        return inner_radius(self.hole)

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``float32 [H, W]`` each, 0 or 1: known, hole, known but not to be copied; every level is a mean of them."""
        forbidden = self.known & ~self.allowed
        return self.known.astype(np.float32), self.hole.astype(np.float32), forbidden.astype(np.float32)


def region(
    image: np.ndarray, hole: np.ndarray, core: np.ndarray, valid: np.ndarray, exclude: np.ndarray
) -> Region:
    """Convert a scene; whatever is hidden is wiped first, so that it cannot enter anything.

    The part of the ring that is shown to be photograph is given back to the known pixels: an answer that
    starts four pixels away from what it has to meet is worse in every measure (NOTES.md).
    """
    hole = hole | core
    ring = hole & ~core & valid
    known = valid & ~hole
    visible = known | ring
    lab = colour.to_lab(np.where(visible[..., None], image, np.float32(0)))
    lab[~visible] = 0
    clean = clean_part(lab, ring, known)
    given_back = trusted_part(ring, clean)
    hole, ring, known = hole & ~given_back, ring & ~given_back, known | given_back
    return Region(lab, known, known & ~exclude, hole, core, ring, clean & ring)


def _shrunk(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(array, (size[1], size[0]), interpolation=cv2.INTER_AREA)


def _padded(array: np.ndarray) -> np.ndarray:
    spread = [(MARGIN, MARGIN), (MARGIN, MARGIN)] + [(0, 0)] * (array.ndim - 2)
    return np.ascontiguousarray(np.pad(array, spread))


def averaged(scene: Region, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lab, known, allowed and hole at ``size`` (height, width): known pixels alone enter the averages."""
    if size == scene.known.shape:
        return scene.known_lab.copy(), scene.known, scene.allowed, scene.hole
    cover, hole_share, forbidden_share = (_shrunk(share, size) for share in scene.shares)
    lab = _shrunk(scene.known_lab, size) / np.maximum(cover, 1e-6)[..., None]
    known = cover >= _KNOWN_COVERAGE
    hole = ~known & (hole_share > 1e-6)
    lab[~known] = 0
    return lab, known, known & ~(forbidden_share > 1e-6), hole


@kernel
def _fill_features(lab, changes, known, of_lab, of_changes, out):
    """Into the known pixels of the padded ``out``; in one pass, because a large region's temporaries cost more than
    the sums."""
    for y in range(known.shape[0]):
        for x in range(known.shape[1]):
            if known[y, x]:
                for c in range(3):
                    out[y + MARGIN, x + MARGIN, c] = np.int16(np.rint(lab[y, x, c] * of_lab))
                for c in range(2):
                    out[y + MARGIN, x + MARGIN, 3 + c] = np.int16(np.rint(changes[y, x, c] * of_changes))


def placed(level: Level, scene: Region, nearness: tuple[float, float]) -> np.ndarray:
    """A copy of the level's features with two lanes more: y and x, ``nearness`` Lab units an inner radius of the hole.

    Compared like colours and never voted, so that of two patches that fit alike the nearer one is taken.
    """
    sides = scene.hole.shape
    radius = max(scene.radius, _LEAST_RADIUS)
    features = level.features.copy().reshape(level.height, level.width, LANES)
    for axis, lane in enumerate(PLACE):
        unit = min(nearness[axis] * SCALE / radius, _FARTHEST / sides[axis])
        places = (np.arange(features.shape[axis]) - MARGIN) * (sides[axis] / level.inner[axis])
        features[..., lane] = np.rint(places * unit).reshape((-1, 1) if axis == 0 else (1, -1))
    return features.ravel()


def build_level(scene: Region, size: tuple[int, int], radius: int, settings: Settings) -> Level:
    """One level; the radius falls to 2, then 1, while there are fewer than 30 sources."""
    lab, known, allowed, hole = averaged(scene, size)
    while True:
        window = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
        source = cv2.erode(allowed.astype(np.uint8), window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        if radius == 1 or np.count_nonzero(source) >= _ENOUGH_SOURCES:
            break
        radius -= 1
    target = cv2.dilate(hole.astype(np.uint8), window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    reach = cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)
    height, width = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN
    features = np.zeros((height, width, LANES), np.int16)
    _fill_features(lab, texture(lab[..., 0], known), known, SCALE, settings.texture * SCALE, features)
    flat_source, flat_target = _padded(source).ravel(), _padded(target).ravel()
    targets = np.flatnonzero(flat_target).astype(np.int32)
    target_at = np.full(flat_target.size, -1, np.int32)
    target_at[targets] = np.arange(targets.size, dtype=np.int32)
    return Level(
        height,
        width,
        _padded(lab).reshape(-1, 3),
        features.ravel(),
        _padded(known.astype(np.uint8)).ravel(),
        _padded(hole.astype(np.uint8)).ravel(),
        radius,
        np.flatnonzero(flat_source).astype(np.int32),
        flat_source,
        targets,
        target_at,
        np.minimum(_padded(reach).ravel()[targets], 60.0).astype(np.float32),
    )


def distance_from(certain: np.ndarray, level: Level) -> np.ndarray:
    """As ``Level.distance``, from another set of certain pixels (``bool [H, W]``, of the level's size)."""
    reach = cv2.distanceTransform((~certain).astype(np.uint8), cv2.DIST_L2, 5)
    return np.minimum(_padded(reach).ravel()[level.targets], 60.0).astype(np.float32)


def inner_radius(hole: np.ndarray) -> float:
    """Largest distance of a hole pixel to a pixel outside the hole; the side's length where there is none."""
    if hole.all():
        return float(max(hole.shape))
    return float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max())


def level_sizes(scene: Region, settings: Settings, start: float = 1.0) -> list[tuple[int, int]]:
    """Sizes (height, width) from the finest to the coarsest level, where the hole can be grown; ``start``: a turn's."""
    h, w = scene.hole.shape
    too_wide = scene.radius / (start * settings.start_radius)
    too_large = math.sqrt(np.count_nonzero(scene.hole) / settings.growth_pixels)
    steps = max(0, math.ceil(math.log(max(too_wide, too_large, 1e-9), settings.factor)))
    sizes = [(h, w)]
    for i in range(1, steps + 1):
        size = (round(h / settings.factor**i), round(w / settings.factor**i))
        if min(size) < 24:
            break
        sizes.append(size)
    return sizes


def build(scene: Region, sizes: list[tuple[int, int]], settings: Settings) -> list[Level]:
    """The levels, finest first; a coarse end without sources or without a hole is left out."""
    levels: list[Level] = []
    for size in sizes:
        level = build_level(scene, size, settings.patch_radius, settings)
        if levels and (level.sources.size < _ENOUGH_SOURCES or not level.hole.any()):
            break
        levels.append(level)
    return levels
