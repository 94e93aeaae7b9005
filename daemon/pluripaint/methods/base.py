"""What a method is: a scene goes in, fills come out.

A method sees numpy arrays only, so that one without a network (``exemplar``) never imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

GUIDE_MODES = ("start", "grow")
"""How the detail step uses a network's fill; see :class:`MethodInfo`."""


class Cancelled(Exception):
    """The job was cancelled; raised by a progress callback, passed through by every method."""


class Progress(Protocol):
    """Told at every step; raises :class:`Cancelled` once the job is cancelled."""

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None: ...

    @property
    def cancel_flag(self) -> np.ndarray:
        """``uint8 [1]``, non-zero once cancelled: what compiled kernels look at, row by row."""
        ...


@dataclass(frozen=True)
class Scene:
    """One region as a method sees it. All arrays share height and width.

    Attributes:
        image: ``float32 [H, W, 3]``, sRGB-encoded, 0…1; zero where ``core`` or not ``valid``.
        hole: ``bool [H, W]``, the grown hole. What a model must imagine and never look at.
        core: ``bool [H, W]``, selection > 0, a subset of ``hole``. What will be painted. ``hole & ~core`` is
            the ring: pixels that stay, hidden from models because the removed object may bleed into them, but
            still the border that copying and blending have to meet.
        valid: ``bool [H, W]``, pixels that exist (inside the layer, not transparent). Others are unknown.
        exclude: ``bool [H, W]``, pixels that may be looked at but never copied from.
    """

    image: np.ndarray
    hole: np.ndarray
    core: np.ndarray
    valid: np.ndarray
    exclude: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """``bool [H, W]``: pixels a model may look at."""
        return self.valid & ~self.hole

    @property
    def masked(self) -> np.ndarray:
        """``float32 [H, W, 3]``: the image with everything a model must not see set to zero."""
        return np.where(self.known[..., None], self.image, np.float32(0))


@dataclass(frozen=True)
class Fill:
    """One answer.

    Attributes:
        seed: reproduces this answer alone.
        score: higher is better; a natural logarithm (of a likelihood, of one over a distance), comparable within one
            method and job only.
        image: ``float32 [H, W, 3]`` of the scene's size, sRGB-encoded, 0…1; meaningful where ``hole``.
        certainty: ``float32 [H, W]`` in 0…1 or ``None``: how sure the method is of its layout.
        kind: of the ways in which the method draws, where it has several; each has its place among what is shown.
    """

    seed: int
    score: float
    image: np.ndarray
    certainty: np.ndarray | None = None
    kind: str = ""


@dataclass(frozen=True)
class MethodInfo:
    """What the rest of the house needs to know about a method without loading it.

    Attributes:
        native_size: side in pixels of the square a network was made for; ``None``: works at native resolution
            and its fill needs no detail step.
        guide_mode, guide_weight: how far the detail step may trust a network's fill: ``"start"`` with 4 where
            its layout is right, ``"grow"`` with 0.3…1 where it is poor; ``"none"``: the fill goes out as it is,
            only enlarged. A record of weights may say otherwise (``guide``).
        options: name → (default, lowest, highest).
    """

    name: str
    title: str
    sampled: bool
    citation: str
    licence: str
    native_size: int | None = None
    multiple_of: int = 1
    needs_weights: bool = True
    refines: bool = False
    guide_mode: str = "start"
    guide_weight: float = 4.0
    options: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


class Method(Protocol):
    """One published inpainting stack, weights loaded, on one device."""

    info: MethodInfo
    weights_sha256: str
    """Told by the registry: which weights these are; ``""`` without."""

    def fill(
        self, scene: Scene, seeds: Sequence[int], options: Mapping[str, float], progress: Progress
    ) -> Iterator[Fill]:
        """Yield one fill per seed, in any order, as they are ready. Raises :class:`Cancelled`."""
        ...
