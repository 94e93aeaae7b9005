"""The engine's knobs. Every default was chosen on the tune half of the cases: NOTES.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Interrupted(Exception):
    """The cancel flag was found set inside the engine."""


def check(cancel: np.ndarray) -> None:
    """Raise :class:`Interrupted` where the shared byte (``uint8 [1]``) is set."""
    if cancel[0]:
        raise Interrupted


class Turn(NamedTuple):
    """How one of a few kinds of answers comes about.

    Attributes:
        start: its growth happens where the hole's inner radius is at most this share of ``start_radius``: a coarse
            start carries lines and outlines across the hole, a fine one draws what fits in detail.
        down: what a patch's source costs for lying higher or lower, see ``Settings.across``.
    """

    start: float
    down: float


_LOOSE, _FIRM, _FIRMEST = Turn(1.0, 0.4), Turn(1.0, 2.0), Turn(1.0, 6.0)
_COARSE, _COARSE_FIRM = Turn(0.2, 0.4), Turn(0.2, 2.0)
_TURNS = (_LOOSE, _COARSE_FIRM, _FIRM, _FIRMEST, _COARSE, _LOOSE)  # a coarse one among any three


@dataclass(frozen=True)
class Settings:
    """Lengths in pixels of the level they speak of.

    Attributes:
        start_radius: ρ₀; growth happens where the hole's inner radius is at most this, or a turn's share of it.
        factor: size ratio of two neighbouring pyramid levels.
        patch_radius: r; patches are 2r+1 wide. 2, then 1, where sources are few.
        texture: weight t of the two channels of mean gradient magnitude.
        probes: random sources a growing pixel is compared with; ``near_probes`` of them are drawn around it.
        growth_pixels: growth happens where the hole has at most so many pixels.
        across: what a patch's source costs for lying elsewhere: one inner radius of the hole away to the side,
            across² squared Lab units a pixel. A photograph goes on as what is beside, at the same height most of
            all (``Turn.down``).
        turns: scenes differ in what they want, so the answers take turns, by their seeds.
        smoothness: how much stranger an answer counts whose growth began on coarser levels, as a power of their
            size ratio to the level of a whole ``start_radius``: such answers are smoother, and what is smooth occurs
            everywhere.
        looseness: ε; a source may be this share worse than the best and still be drawn.
        structure: w in the growth's order, confidence × (w + data term).
        rounds: EM rounds from the coarsest level upwards; the last value repeats, ``last_rounds`` is the
        finest's.
        ring_rounds: rounds in which the finished field is fitted to the ring.
        iterations: PatchMatch iterations a round.
        window: side of the first random search on all but the two coarsest levels.
        border_falloff: γ; a patch's vote falls by this factor for each pixel away from the known region.
        screening: λ; pull to the copied colour in the final Poisson solve.
        field_pixels: the patch field stops at the level where the hole has at most so many pixels; beyond
        that its
            offsets are carried up and refined narrowly.
    """

    start_radius: float = 60.0
    factor: float = 1.5
    patch_radius: int = 3
    texture: float = 3.0
    probes: int = 600
    near_probes: int = 200
    growth_pixels: int = 30_000
    across: float = 0.3
    turns: tuple[Turn, ...] = _TURNS
    smoothness: float = 0.25
    looseness: float = 0.2
    structure: float = 0.3
    rounds: tuple[int, ...] = (6, 4, 3, 3)
    last_rounds: int = 2
    ring_rounds: int = 3
    iterations: int = 2
    window: int = 64
    border_falloff: float = 1.3
    screening: float = 0.003
    field_pixels: int = 200_000

    def turn(self, seed: int) -> Turn:
        """The kind of answer that ``seed`` draws."""
        return self.turns[seed % len(self.turns)]
