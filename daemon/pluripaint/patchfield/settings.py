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
        probes: random sources a growing pixel is compared with.
        most_comparisons: where the hole is larger at the coarsest level, fewer probes a pixel keep to this
            many.
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

    start_radius: float = 24.0
    factor: float = 1.5
    patch_radius: int = 3
    texture: float = 3.0
    probes: int = 500
    looseness: float = 0.1
    structure: float = 0.3
    rounds: tuple[int, ...] = (12, 6, 4, 3)
    last_rounds: int = 2
    ring_rounds: int = 3
    iterations: int = 2
    window: int = 64
    border_falloff: float = 1.3
    screening: float = 0.003
    field_pixels: int = 200_000
