"""Which of the drawn candidates are shown: the best ranked that differ from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import cv2
import numpy as np

Drawn = TypeVar("Drawn")


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
    _drawn: list[tuple[str, float, Drawn]] = field(default_factory=list)
    _differences: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, method: str, score: float, drawn: Drawn) -> bool:
        """Take a candidate in; whether it is among the shown ones for now."""
        for other, (_, _, earlier) in enumerate(self._drawn):
            self._differences[other, len(self._drawn)] = self.difference(earlier, drawn)
        self._drawn.append((method, score, drawn))
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
        return [self._drawn[k][2] for k in chosen]

    def _ranked(self) -> list[int]:
        """Scores compare within a method only: methods are interleaved by rank."""
        place: dict[int, tuple[int, int]] = {}
        methods = list(dict.fromkeys(method for method, _, _ in self._drawn))
        for order, method in enumerate(methods):
            own = [k for k, (name, _, _) in enumerate(self._drawn) if name == method]
            own.sort(key=lambda k: -self._drawn[k][1])
            place.update({k: (rank, order) for rank, k in enumerate(own)})
        return sorted(place, key=lambda k: place[k])

    def _limit(self) -> float:
        values = sorted(self._differences.values())
        return self.alike * values[len(values) // 2] if values else 0.0

    def _between(self, one: int, other: int) -> float:
        return self._differences[min(one, other), max(one, other)]


_SIDE = 32
"""Cells on the longer side at which two fills are compared: layout, not grain."""


def difference(one: np.ndarray, other: np.ndarray, painted: np.ndarray) -> float:
    """How far two fills are apart, without a metric network: coarse Lab and the direction of coarse edges.

    Args:
        one, other: ``float32 [h, w, 3]``, sRGB-encoded 0…1.
        painted: ``bool [h, w]``.

    Returns:
        0 for the same fill; symmetric; about 1 where nothing is alike.
    """
    share = _coarse(painted.astype(np.float32)[..., None])
    first, second = (_coarse_lab(image, painted, share) for image in (one, other))
    weight = share[..., 0]
    total = max(float(weight.sum()), 1e-6)
    colour = np.sqrt(((first - second) ** 2).sum(axis=2))
    edges_one, edges_other = _edges(first[..., 0]), _edges(second[..., 0])
    apart = np.hypot(*(a - b for a, b in zip(edges_one, edges_other)))
    strength = np.hypot(*edges_one) + np.hypot(*edges_other)
    turned = float((apart * weight).sum()) / max(float((strength * weight).sum()), 1e-6)
    return float((colour * weight).sum()) / total / 25 + 0.5 * turned


def _coarse(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small[..., None] if small.ndim == 2 else small


def _coarse_lab(image: np.ndarray, painted: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Averages over painted pixels only, so that the photograph around them does not count."""
    summed = _coarse(np.where(painted[..., None], image, np.float32(0)))
    mean = np.where(share > 1e-3, summed / np.maximum(share, 1e-3), 0).astype(np.float32)
    return np.asarray(cv2.cvtColor(mean.clip(0, 1), cv2.COLOR_RGB2LAB))


def _edges(lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if min(lightness.shape) < 2:
        return np.zeros_like(lightness), np.zeros_like(lightness)
    down, along = np.gradient(lightness)
    return down, along
