"""What flows in and out of :func:`pluripaint.pipeline.fill`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pluripaint_client.geometry import Region


class FillError(Exception):
    """A job that cannot be done. ``code`` is stable; the message is a sentence, then the next step."""

    def __init__(self, code: str, sentence: str, next_step: str = "") -> None:
        super().__init__(f"{sentence} {next_step}".strip())
        self.code, self.sentence, self.next_step = code, sentence, next_step


@dataclass(frozen=True)
class RegionPixels:
    """One rectangle of a photograph with its masks, in the photograph's own depth.

    Attributes:
        region: where it lies in the photograph.
        pixels: ``uint8 | uint16 | float32 [H, W, C]``, C = 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA; alpha not
            premultiplied.
        selection: ``uint8 [H, W]``, 0…255, soft edge kept: where pixels change and how strongly.
        valid: ``bool [H, W]``, pixels that exist; fully transparent ones are added to the unknown by the
        pipeline.
        exclude: ``bool [H, W]`` or ``None``: may be looked at, never copied from.
    """

    region: Region
    pixels: np.ndarray
    selection: np.ndarray
    valid: np.ndarray | None = None
    exclude: np.ndarray | None = None


@dataclass(frozen=True)
class FillRequest:
    """One job.

    Attributes:
        regions: answered together: a candidate holds one fill per region.
        space: ``"srgb"``, ``"linear"`` (sRGB primaries, linear light) or the bytes of an ICC profile.
        count: how many are shown, 1…16.
        pool: how many are drawn before the shown ones are chosen; ``None``: the preset decides.
        preset: name of a preset (``fast``, ``best``): which methods, how many each, pool.
        method: a method's name or ``auto`` (the preset's own mixture).
        weights: name of the weights, ``None``: the method's default.
        seed: 0…2³¹−1; candidate k uses (seed + k) mod 2³¹.
        options: the methods' own options, name → value.
    """

    regions: Sequence[RegionPixels]
    space: str | bytes = "srgb"
    count: int = 4
    pool: int | None = None
    preset: str = "best"
    method: str = "auto"
    weights: str | None = None
    seed: int = 0
    options: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """One finished fill.

    Attributes:
        seed: reproduces it alone (``count=1, pool=1``).
        score: higher is better, within one method and job; see ``methods.base.Fill``.
        fills: one per region: ``[h, w, colours]`` over :func:`selection_box` of that region, unblended,
            colour channels only, in the depth and profile that were sent.
        boxes: the boxes of ``fills`` in photograph coordinates.
        weights_sha256: ``""`` for a method without weights.
    """

    seed: int
    score: float
    method: str
    weights_sha256: str
    fills: Sequence[np.ndarray]
    boxes: Sequence[Region]
    seconds: float


@dataclass(frozen=True)
class Settled:
    """The last event of a job: which of the candidates are shown, best first. All were yielded before."""

    seeds: Sequence[int]
    methods: Sequence[str]
    configuration: str
