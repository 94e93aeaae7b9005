"""What benchmarks share: a real photograph at any size, CPU and wall seconds, and one way to tell a figure."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from pluripaint.imaging import Photo
from pluripaint.pipeline import Candidate, FillRequest, Settled, configuration_hash, fill
from pluripaint.pipeline.photo_job import request_for
from pluripaint.resources import bundled


class Quiet:
    """Progress that nobody listens to."""

    cancel_flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: object = None) -> None: ...


class Spent(NamedTuple):
    """Seconds: on all cores together, and by the clock."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} CPU s, {self.wall:.2f} s"


def spent(work: Callable[[], object]) -> Spent:
    """What one call costs this process with all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu, wall = usage.ru_utime + usage.ru_stime, time.perf_counter()
    work()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Spent(usage.ru_utime + usage.ru_stime - cpu, time.perf_counter() - wall)


def cheapest(work: Callable[[], object], rounds: int = 3) -> Spent:
    """The round with the fewest CPU seconds: what disturbs a machine only ever adds."""
    return min(spent(work) for _ in range(rounds))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


@lru_cache(maxsize=2)
def photograph(width: int, height: int) -> np.ndarray:
    """``uint8 [height, width, 3]``: the sample photograph, mirrored on where it is too small."""
    with Image.open(bundled("assets/sample/photo.jpg")) as opened:
        sample = np.asarray(opened.convert("RGB"))
    missing = [max(0, wanted - have) for wanted, have in zip((height, width), sample.shape)]
    grown = np.pad(sample, ((0, missing[0]), (0, missing[1]), (0, 0)), "symmetric")
    return np.ascontiguousarray(grown[:height, :width])


def disc(width: int, height: int, diameter: int) -> np.ndarray:
    """``uint8 [height, width]``: a selection in the middle."""
    y, x = np.ogrid[:height, :width]
    inside = (2 * y + 1 - height) ** 2 + (2 * x + 1 - width) ** 2 <= diameter**2
    return inside.astype(np.uint8) * 255


def job(diameter: int, preset: str = "fast", count: int = 4) -> FillRequest:
    """A round hole in the middle of a photograph that leaves its region all the context it wants."""
    side = max(512, 2 * diameter + 32)
    return request_for(
        Photo(photograph(side, side)),
        disc(side, side, diameter),
        preset=preset,
        count=count,
        method="exemplar",
    )


def run(request: FillRequest) -> list[Candidate]:
    """A whole job in this process."""
    return [one for one in fill(request, Quiet()) if not isinstance(one, Settled)]


def machine() -> str:
    """What times depend on beside the configuration."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"


def told(
    capsys: pytest.CaptureFixture[str], configuration: FillRequest | Mapping[str, Any], line: str
) -> None:
    """Print a figure with the hash of what it was measured with: of a job as reports of quality hash it, else of
    the settings named.
    """
    if isinstance(configuration, FillRequest):
        name = configuration_hash(configuration)
    else:
        text = json.dumps(configuration, sort_keys=True, default=str)
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
    with capsys.disabled():
        print(f"\n  [{name}; {machine()}] {line}")
