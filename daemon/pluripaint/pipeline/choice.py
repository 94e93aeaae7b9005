"""Which of the drawn candidates are shown: the best ranked that differ from each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class _Entry(Generic[Drawn]):
    method: str
    kind: str
    score: float
    drawn: Drawn


@dataclass
class Choice(Generic[Drawn]):
    """Keeps what has been drawn and says at any time which would be shown.

    Attributes:
        count: how many are shown.
        difference: symmetric, ≥ 0; 0 for the same fill.
        alike: two candidates nearer than this share of the median difference are near-duplicates; the lower
            ranked gives way to the next one that differs, and comes back only where too few differ.
    """

    count: int
    difference: Callable[[Drawn, Drawn], float]
    alike: float
    _entries: list[_Entry[Drawn]] = field(default_factory=list)
    _differences: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, method: str, score: float, drawn: Drawn, kind: str = "") -> bool:
        """Take a candidate in; whether it is among the shown ones for now.

        Args:
            score: a natural logarithm. kind: of the ways in which the method draws; where at least twice as many are
                shown as there are kinds, none is left out.
        """
        for other, earlier in enumerate(self._entries):
            self._differences[other, len(self._entries)] = self.difference(earlier.drawn, drawn)
        self._entries.append(_Entry(method, kind, score, drawn))
        return any(one is drawn for one in self.shown())

    def shown(self) -> list[Drawn]:
        """Best first, at most ``count``."""
        ranked, limit = self._ranked(), self._limit()
        chosen: list[int] = []
        for k in ranked:
            if len(chosen) < self.count and all(self._between(k, other) > limit for other in chosen):
                chosen.append(k)
        for k in ranked:
            if len(chosen) < self.count and k not in chosen:
                chosen.append(k)
        # Near-duplicates that had to fill up come last: what differs is worth more than rank alone.
        for place, kind in enumerate(self._left_out(chosen), 1):
            own = [k for k in ranked if self._kind(k) == kind]
            others = chosen[:-place]
            differing = (k for k in own if all(self._between(k, other) > limit for other in others))
            chosen[-place] = next(differing, own[0])
        return [self._entries[k].drawn for k in chosen]

    def _left_out(self, chosen: list[int]) -> list[tuple[str, str]]:
        kinds = list(dict.fromkeys(map(self._kind, range(len(self._entries)))))
        if len(chosen) < 2 * len(kinds):
            return []
        shown = set(map(self._kind, chosen))
        return [kind for kind in kinds if kind not in shown]

    def _kind(self, one: int) -> tuple[str, str]:
        return self._entries[one].method, self._entries[one].kind

    def _ranked(self) -> list[int]:
        """Scores compare within a method only: methods are interleaved by rank.

        Within one, what is far from all others is more often a failure than a find: a candidate twice as far from the
        rest must be twice as good.
        """
        place: dict[int, tuple[int, int]] = {}
        methods = list(dict.fromkeys(entry.method for entry in self._entries))
        for order, method in enumerate(methods):
            own = [k for k, entry in enumerate(self._entries) if entry.method == method]
            own.sort(key={k: math.log(self._apart(k, own)) - self._entries[k].score for k in own}.__getitem__)
            place.update({k: (rank, order) for rank, k in enumerate(own)})
        return sorted(place, key=lambda k: place[k])

    def _apart(self, one: int, own: list[int]) -> float:
        """Mean difference to the others; 1 where there are none."""
        differences = [self._between(one, other) for other in own if other != one]
        return max(sum(differences) / len(differences), 1e-9) if differences else 1.0

    def _limit(self) -> float:
        values = sorted(self._differences.values())
        return self.alike * values[len(values) // 2] if values else 0.0

    def _between(self, one: int, other: int) -> float:
        return self._differences[min(one, other), max(one, other)]
