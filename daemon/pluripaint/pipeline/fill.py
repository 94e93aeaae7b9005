"""The only way from pixels to fills."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from pluripaint.methods import registry
from pluripaint.methods.base import Fill, Method, Progress
from pluripaint.pipeline import network, presets, region
from pluripaint.pipeline.choice import Choice
from pluripaint.pipeline.configuration import configuration_hash
from pluripaint.pipeline.types import Candidate, FillError, FillRequest, Settled
from pluripaint_client.texts import Sentence

if TYPE_CHECKING:
    from pluripaint.patchfield import Look

SEEDS = 2**31
_VIEW_SIDE = 256
"""Candidates are brought to this size at most before they are compared."""


def fill(
    request: FillRequest, progress: Progress, device: str = "cpu", batch: int | None = None
) -> Iterator[Candidate | Settled]:
    """Draw a pool of candidates and yield each that enters the best so far; last, which are shown.

    Args:
        request: regions with their masks, and what is wanted.
        progress: told at every step; raises :class:`~pluripaint.methods.base.Cancelled` once cancelled.
        device: where networks run.
        batch: candidates drawn together at most; ``None``: as many as the method likes.

    Raises:
        FillError: the request cannot be done; a sentence and the next step.
        Cancelled: from ``progress``.
    """
    _check(request)
    methods = [(_load(name, request, device), count) for name, count in presets.draws(request)]
    yield from fill_with(methods, request, progress, batch)


def fill_with(
    methods: Sequence[tuple[Method, int]],
    request: FillRequest,
    progress: Progress,
    batch: int | None = None,
    every: bool = False,
) -> Iterator[Candidate | Settled]:
    """:func:`fill` by methods that are loaded already, each with how many it draws into the one pool.

    The request's own method, weights, preset and pool are not looked at.

    Args:
        every: all that is drawn is given, not only what is among the best when it comes.

    Raises:
        FillError, Cancelled: as :func:`fill`.
    """
    _check(request)
    options = _options(request.options, [method for method, _ in methods])
    choice: Choice[_Drawn] = Choice(request.count, _difference, region.KNOBS.alike)
    total, first = sum(count for _, count in methods), 0
    for method, count in methods:
        seeds = [(request.seed + first + k) % SEEDS for k in range(count)]
        share = _Share(progress, first / total, count / total)
        for drawn in _in_batches(method, request, seeds, options[method.info.name], share, batch):
            if choice.add(drawn.candidate.method, drawn.candidate.score, drawn, drawn.kind) or every:
                drawn.sent = True
                yield drawn.candidate
        first += count
    shown = choice.shown()
    for drawn in shown:
        if not drawn.sent:
            yield drawn.candidate
    weights = {drawn.candidate.method: drawn.candidate.weights_sha256 for drawn in shown}
    yield Settled(
        seeds=[drawn.candidate.seed for drawn in shown],
        methods=[drawn.candidate.method for drawn in shown],
        configuration=configuration_hash(request, weights, methods),
    )


# ------------------------------------------------------------------------------------------------ details


@dataclass(eq=False)
class _Drawn:
    """A candidate with what is needed to compare it: each region's fill from afar, and how it was drawn."""

    candidate: Candidate
    looks: Sequence[Look]
    kind: str = ""
    sent: bool = False


class _Share:
    """The part of a job's progress that one method takes."""

    def __init__(self, whole: Progress, start: float, width: float) -> None:
        self._whole, self._start, self._width = whole, start, width

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None:
        self._whole(stage, self._start + self._width * min(max(fraction, 0.0), 1.0), preview)

    @property
    def cancel_flag(self) -> np.ndarray:
        return self._whole.cancel_flag


def _check(request: FillRequest) -> None:
    if not request.regions:
        raise FillError("empty-selection", "Nothing is selected.", "Select what is to be replaced.")
    if not 1 <= request.count <= 16:
        raise FillError("bad-count", "Between 1 and 16 variations can be made at once.")
    if not 0 <= request.seed < SEEDS:
        raise FillError(
            "bad-seed", Sentence("A seed is a whole number from 0 to {highest}.", highest=SEEDS - 1)
        )
    if request.pool is not None and not request.count <= request.pool <= presets.MOST_DRAWN:
        raise FillError(
            "bad-pool",
            Sentence("The pool is at least the number shown and at most {most}.", most=presets.MOST_DRAWN),
        )


_LOADED: dict[tuple[object, ...], Method] = {}
"""Methods stay loaded from job to job, on one device at a time."""


def _load(name: str, request: FillRequest, device: str) -> Method:
    try:
        key = name, request.weights, device, registry.fingerprint(name, request.weights)
        if key not in _LOADED:
            for other in [one for one in _LOADED if one[0] == name or one[2] != device]:
                del _LOADED[other]
            _LOADED[key] = registry.load(name, request.weights, device)
    except registry.MethodError as error:
        raise FillError(error.code, error.sentence, error.next_step) from None
    return _LOADED[key]


def _options(given: Mapping[str, float], methods: Sequence[Method]) -> dict[str, dict[str, float]]:
    """Each method's options with defaults filled in.

    Raises:
        FillError: ``bad-option``: no method has it, or it is out of range.
    """
    known = {name for method in methods for name in method.info.options}
    for name in given:
        if name not in known:
            raise FillError(
                "bad-option",
                Sentence("No method here has an option “{name}”.", name=name),
                Sentence("There are: {names}.", names=", ".join(sorted(known))),
            )
    result = {}
    for method in methods:
        values = {}
        for name, (default, lowest, highest) in method.info.options.items():
            value = float(given.get(name, default))
            if not lowest <= value <= highest:
                wrong = Sentence(
                    "“{name}” goes from {lowest:g} to {highest:g}, not {value:g}.",
                    name=name,
                    lowest=lowest,
                    highest=highest,
                    value=value,
                )
                raise FillError("bad-option", wrong)
            values[name] = value
        result[method.info.name] = values
    return result


def _in_batches(
    method: Method,
    request: FillRequest,
    seeds: Sequence[int],
    options: Mapping[str, float],
    progress: _Share,
    batch: int | None,
) -> Iterator[_Drawn]:
    """All seeds, ``batch`` at a time."""
    size = batch or len(seeds)
    for start in range(0, len(seeds), size):
        some = seeds[start : start + size]
        share = _Share(progress, start / len(seeds), len(some) / len(seeds))
        yield from _draw(method, request, some, options, share)


def _draw(
    method: Method, request: FillRequest, seeds: Sequence[int], options: Mapping[str, float], progress: _Share
) -> Iterator[_Drawn]:
    """One candidate a seed: each region's fill brought to native size, depth and profile."""
    parts = []
    for source in request.regions:
        grow = region.grow_for(max(source.pixels.shape[:2]), method.info.native_size)
        parts.append(region.prepare(source, request.space, grow))
    started = time.perf_counter()
    streams = [
        network.fills(method, part.scene, seeds, options, _Share(progress, k / len(parts), 1 / len(parts)))
        for k, part in enumerate(parts)
    ]
    for fills in _together(streams):
        candidate = Candidate(
            seed=fills[0].seed,
            score=_joint_score(fills, parts),
            method=method.info.name,
            weights_sha256=method.weights_sha256,
            fills=[part.native(one.image) for part, one in zip(parts, fills)],
            boxes=[part.box_in_photo for part in parts],
            seconds=time.perf_counter() - started,
        )
        # All regions of a seed are drawn alike, except where one is too small for it to make a difference.
        kind = max(one.kind for one in fills)
        yield _Drawn(candidate, [_look(part, one) for part, one in zip(parts, fills)], kind)


def _together(streams: Sequence[Iterator[Fill]]) -> Iterator[list[Fill]]:
    """The regions' fills of one seed at a time. Smaller regions are finished first, the last one streams."""
    earlier = [{one.seed: one for one in stream} for stream in streams[:-1]]
    for last in streams[-1]:
        yield [*(fills[last.seed] for fills in earlier), last]


def _joint_score(fills: Sequence[Fill], parts: Sequence[region.Prepared]) -> float:
    """The mean of the regions' scores, each weighted by what it paints."""
    weights = [float(part.scene.core.sum()) for part in parts]
    return float(np.average([one.score for one in fills], weights=weights))


def _look(part: region.Prepared, one: Fill) -> Look:
    """The painted part of a fill as it is compared."""
    from pluripaint import patchfield

    rows, columns = part.slices
    painted: np.ndarray = part.scene.core[rows, columns].astype(np.float32)
    image: np.ndarray = one.image[rows, columns] * painted[..., None]
    height, width = painted.shape
    if max(height, width) > _VIEW_SIDE:
        scale = _VIEW_SIDE / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        painted = cv2.resize(painted, size, interpolation=cv2.INTER_AREA)
        image = image / np.maximum(painted, 1e-3)[..., None]
    return patchfield.look(image, painted >= 0.5 if (painted >= 0.5).any() else painted > 0)


def _difference(one: _Drawn, other: _Drawn) -> float:
    """The largest difference of any region: one island that differs makes another variation."""
    from pluripaint import patchfield

    return max(patchfield.difference(a, b) for a, b in zip(one.looks, other.looks))
