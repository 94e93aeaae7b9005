"""The engine's knobs. Every default was chosen on the tune half of the cases: NOTES.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


class Interrupted(Exception):
    """The cancel flag was found set inside the engine."""


def check(cancel: np.ndarray) -> None:
    """Raise :class:`Interrupted` where the shared byte (``uint8 [1]``) is set."""
    if cancel[0]:
        raise Interrupted


@dataclass(frozen=True)
class Settings:
    """Lengths in pixels of the level they speak of.

    Attributes:
        start_radius: ρ₀; growth happens where the hole's inner radius is at most this.
        factor: size ratio of two neighbouring pyramid levels.
        patch_radius: r; patches are 2r+1 wide. 2, then 1, where sources are few.
        texture: weight t of the two channels of mean gradient magnitude.
        probes: random sources a growing pixel is compared with; ``near_probes`` of them are drawn around it.
        growth_pixels: growth happens where the hole has at most so many pixels.
        nearness: what a patch's source costs for lying elsewhere, down and across: one inner radius of the hole
            away, nearness² squared Lab units a pixel. A photograph goes on as what is beside, at the same height
            most of all; how much so differs from scene to scene, so the answers take turns, by their seeds.
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
    nearness: tuple[tuple[float, float], ...] = ((0.4, 0.3), (2.0, 0.3), (6.0, 0.3))
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
