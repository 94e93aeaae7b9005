"""How the detail step takes the fills of one weights file: chosen on the tune half, written into its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pluripaint.methods import records, registry

from . import entries
from .run import Row

FINISHES = ("start=4", "start=2", "grow=4", "grow=2", "grow=1", "grow=0.5")
"""From a trusted layout to one that growth hardly leans on."""


@dataclass(frozen=True)
class GuideChoice:
    """``figures``: mean perceptual distance of each finish on the cases that all of them answered."""

    entry: str
    finish: str
    figures: dict[str, float]
    cases: int

    @property
    def sentence(self) -> str:
        """What was chosen, and by how much."""
        told = ", ".join(f"{finish} {value:.4f}" for finish, value in self.figures.items())
        return (
            f"{self.entry} is best with {self.finish} on {self.cases} cases ({told}); its record says so now."
        )


def words(entry: str) -> list[str]:
    """The rows to compare for ``METHOD@WEIGHTS``.

    Raises:
        entries.BadEntry: more than a method and its weights is named.
    """
    parts = entries.parsed(entry)
    if len(parts) != 1 or parts[0].finish or not parts[0].weights:
        raise entries.BadEntry(f"“{entry}” has no guide to choose; name one METHOD@WEIGHTS.")
    return [f"{entry}:{finish}" for finish in FINISHES]


def choose(rows: Sequence[Row], entry: str) -> GuideChoice:
    """The finish with the smallest mean perceptual distance; the earlier one of two equals."""
    table = {(row.contestant, row.case.name): float(np.mean(row.measures["percep"])) for row in rows}
    names = words(entry)
    cases = [case for case in {row.case.name for row in rows} if all((word, case) in table for word in names)]
    figures = {
        finish: float(np.mean([table[word, case] for case in cases])) for finish, word in zip(FINISHES, names)
    }
    return GuideChoice(entry, min(figures, key=figures.__getitem__), figures, len(cases))


def write(choice: GuideChoice) -> None:
    """Put the choice and its figures into the record of the weights.

    Raises:
        registry.MethodError: the weights cannot be had. OSError: no rights or no space.
    """
    (part,) = entries.parsed(choice.entry)
    path, record = registry.weights_file(part.name, part.weights)
    mode, _, weight = choice.finish.partition("=")
    figures = {**record.get("figures", {}), "guide": {**choice.figures, "cases": choice.cases}}
    records.note(path, guide={"mode": mode, "weight": float(weight)}, figures=figures)
