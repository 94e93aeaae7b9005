"""What a method provides to be trained: ``methods/NAME/training.py`` (or a package of that name) with
``STAGES`` and what :mod:`pluripaint.training.session` asks of it.

Nothing there imports this module: the classes fit by their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from torch import Generator, Tensor, nn


class Batch(Protocol):
    """What one step sees.

    Attributes:
        image: ``float [B, 3, S, S]``, 0…255.
        known: ``float [B, 1, S, S]``, 1 where the pixel is given.
        second: draws another mask of the same kinds, for stages that need two.
        generator: the step's own random numbers, on the batch's device.
        step: counts from 0.
    """

    image: Tensor
    known: Tensor
    second: Callable[[], Tensor]
    generator: Generator
    step: int


class Player(Protocol):
    """One optimiser's share: its parameters and how they are stepped.  AdamW where ``decay`` > 0, else Adam."""

    name: str
    parameters: Sequence[nn.Parameter]
    rate: float
    betas: tuple[float, float]
    decay: float
    warmup: int


class Stage(Protocol):
    """One phase of a method's training.

    Attributes:
        name: as ``--stage`` takes it.
        settings: a frozen dataclass of numbers; ``--set NAME=VALUE`` changes one.
        masks: kind → (weight, lowest hole share, highest); see ``training.masks``.
        owned: prefixes of the parameters and buffers this stage changes.
        extra: what is trained beside the model and never shipped (discriminators).
        measure: the development figure whose best is handed on; "": always the newest.
        needs: stages that must have run before.
    """

    name: str
    settings: Any
    masks: Mapping[str, tuple[float, float, float]]
    owned: tuple[str, ...]
    extra: nn.Module
    measure: str
    needs: tuple[str, ...]

    def players(self, model: nn.Module) -> Sequence[Player]:
        """In the order in which they move within a step."""
        ...

    def begin(self, model: nn.Module, batch: Batch) -> None:
        """Once, before step 0."""
        ...

    def terms(
        self, model: nn.Module, player: str, batch: Batch, kept: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Terms of the player's loss; ``"loss"`` is their sum.  ``kept`` passes tensors on within the step."""
        ...

    def finish(self, model: nn.Module, batch: Batch, kept: dict[str, Tensor]) -> dict[str, float]:
        """After all players moved: what follows by rule, not by gradient.  Returns figures to log."""
        ...

    def judged(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Figures on a development batch, smaller is better, without gradient."""
        ...
