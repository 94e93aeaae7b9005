"""Intervals over photographs: cases on one photograph are not independent, so whole photographs are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

DRAWS = 2000


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def interval(
    photographs: Sequence[str],
    columns: Sequence[np.ndarray],
    statistic: Callable[..., np.ndarray | float],
    seed: int = 0,
) -> Interval:
    """``statistic`` of the cases and its percentile interval when photographs are redrawn with replacement.

    Args:
        photographs: the photograph of each case.
        columns: arrays ``[cases]``; ``statistic`` gets the mean of each over the (redrawn) cases, as numbers
            or as arrays ``[draws]``.
    """
    values = np.stack([np.asarray(column, np.float64) for column in columns])
    value = float(statistic(*values.mean(1)))
    _, index = np.unique(np.asarray(photographs), return_inverse=True)
    groups = int(index.max()) + 1
    if groups < 2:
        return Interval(value, float("nan"), float("nan"))
    sums = np.stack([np.bincount(index, weights=row, minlength=groups) for row in values])
    sizes = np.bincount(index, minlength=groups)
    draws = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=DRAWS)
    means = (draws @ sums.T) / (draws @ sizes)[:, None]
    low, high = np.nanpercentile(statistic(*means.T), [2.5, 97.5])
    return Interval(value, float(low), float(high))


def mean(photographs: Sequence[str], values: np.ndarray) -> Interval:
    """Mean over cases."""
    return interval(photographs, [values], lambda a: a)


def ratio(photographs: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> Interval:
    """Paired ratio of means, ours over theirs, on the same cases."""
    return interval(photographs, [ours, theirs], lambda a, b: a / b)


def difference(photographs: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> Interval:
    """Paired mean difference, ours − theirs, on the same cases."""
    return interval(photographs, [ours, theirs], lambda a, b: a - b)


def win_rate(photographs: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> Interval:
    """Share of cases where ours is lower (better); a tie is half a win."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return mean(photographs, (ours < theirs) + 0.5 * (ours == theirs))
