"""Who takes part: our methods through the pipeline, peers on the same regions; all give photographs back."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from pluripaint.methods import registry
from pluripaint.methods.base import Method, MethodInfo
from pluripaint.pipeline.types import Candidate, FillRequest, RegionPixels, Settled

from . import entries
from .cases import OpenCase, crop
from .peers import Peer, find_peer

_SEEDS = 2**31
EIGHTH = "eighth"
_EIGHTH = 8


@dataclass(frozen=True)
class Answer:
    """One filled photograph, ``uint8 [H, W, 3]``; ``draw`` counts how it was drawn, from 0."""

    image: np.ndarray
    draw: int


@dataclass
class Answers:
    """What a contestant gave for a case.

    Attributes:
        shown: best first.
        unsorted: as many as are shown, the first that were drawn: what a person would get without ranking.
        cpu_seconds, wall_seconds: for the whole job, programs that were called included.
        peak_mebibytes: resident memory beyond what was there before; ``None`` where it cannot be told.
    """

    shown: list[Answer]
    unsorted: list[Answer]
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_mebibytes: float | None = None
    notes: dict[str, str] = field(default_factory=dict)


class Contestant(Protocol):
    """``key`` names everything that can change its fills."""

    name: str
    title: str
    key: str

    def answer(self, opened: OpenCase) -> Answers: ...


class PeerContestant:
    """A peer: fills region after region, sees earlier fills where regions meet."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.name, self.title = peer.name, peer.title
        self.key = f"peer {peer.name} {peer.settings}"

    def answer(self, opened: OpenCase) -> Answers:
        """All its fills, in its own order."""
        answers = [Answer(self._fill(opened, index), index) for index in range(self._peer.fills)]
        return Answers(answers, answers)

    def _fill(self, opened: OpenCase, index: int) -> np.ndarray:
        image = opened.wiped.copy()
        for region in opened.regions:
            hole = crop(opened.hole, region)
            pixels = np.ascontiguousarray(crop(image, region))
            crop(image, region)[hole] = self._peer.run(pixels, hole, index)[hole]
        return image


class OriginalContestant:
    """The ceiling: the photograph itself."""

    name, title, key = "original", "the photograph itself", "original"

    def answer(self, opened: OpenCase) -> Answers:
        """The photograph."""
        answer = Answer(opened.photo, 0)
        return Answers([answer], [answer])


class EighthContestant:
    """The photograph ÷ 8 in the hole, enlarged again or through the detail step: what a network that got every
    layout right would give, so that the detail step is judged by itself. It sees the photograph in the hole.
    """

    def __init__(self, detailed: bool) -> None:
        self._detailed = detailed
        self.name = f"{EIGHTH}:{entries.DETAIL}" if detailed else EIGHTH
        self.title = "the photograph ÷ 8" + (" with the detail step" if detailed else ", enlarged")
        self.key = f"{self.name} {source_fingerprint()}"

    def answer(self, opened: OpenCase) -> Answers:
        """One fill, region after region."""
        image = opened.photo.copy()
        for region in opened.regions:
            hole = crop(opened.hole, region)
            photo = crop(opened.photo, region).astype(np.float32) / 255
            height, width = hole.shape
            small = (max(1, round(width / _EIGHTH)), max(1, round(height / _EIGHTH)))
            guide = cv2.resize(photo, small, interpolation=cv2.INTER_AREA)
            guide = cv2.resize(guide, (width, height), interpolation=cv2.INTER_CUBIC)
            fill = self._finished(photo, hole, guide, opened.case.seed) if self._detailed else guide
            crop(image, region)[hole] = np.rint(np.clip(fill, 0, 1) * 255).astype(np.uint8)[hole]
        answer = Answer(image, 0)
        return Answers([answer], [answer])

    def _finished(self, photo: np.ndarray, hole: np.ndarray, guide: np.ndarray, seed: int) -> np.ndarray:
        from pluripaint import patchfield

        settings, flag = patchfield.Settings(), Quiet().cancel_flag
        everywhere, nowhere = np.ones_like(hole), np.zeros_like(hole)
        prepared = patchfield.prepare_guided(
            photo, hole, hole, everywhere, nowhere, float(_EIGHTH), "start", settings
        )
        return patchfield.detail(prepared, guide, float(_EIGHTH), seed, settings, flag).image


class MethodContestant:
    """Methods of ours that draw into one pool, the way every user's pixels go: :mod:`pluripaint.pipeline`."""

    def __init__(
        self,
        name: str,
        preset: str,
        count: int,
        pool: int | None,
        methods: Sequence[tuple[Method, float]],
        device: str = "cpu",
    ) -> None:
        """``methods``: loaded on ``device``, each with its share of the pool."""
        self.name, self.title = name, f"{name} ({preset})"
        self._preset, self._count, self._pool, self._methods = preset, count, pool, methods
        infos = [(one.info, one.weights_sha256, share) for one, share in methods]
        drawing = [
            (info.name, sha256, share, info.native_size, info.guide_mode, info.guide_weight)
            for info, sha256, share in infos
        ]
        # Networks round otherwise on a card, and their seconds are its own; patches always run on the processor.
        elsewhere = device.partition(":")[0] if any(info.needs_weights for info, _, _ in infos) else "cpu"
        on = "" if elsewhere == "cpu" else f" on {elsewhere}"
        self.key = f"method {preset} {count} {pool} {drawing} {source_fingerprint()}{on}"

    def answer(self, opened: OpenCase) -> Answers:
        """The shown fills, best first, and the first drawn ones."""
        base = opened.case.seed
        candidates: dict[tuple[str, int], Candidate] = {}
        settled: Settled | None = None
        for event in self._events(self._request(opened, base)):
            if isinstance(event, Settled):
                settled = event
            else:
                candidates[event.method, event.seed] = event
        if settled is None:
            raise RuntimeError(f"{self.name} settled nothing for {opened.case.name}.")
        order = list(zip(settled.methods, settled.seeds))
        drawn = sorted(candidates, key=lambda name: (name[1] - base) % _SEEDS)[: self._count]
        images = {name: _composite(opened, candidates[name]) for name in {*order, *drawn}}

        def answers(names: Sequence[tuple[str, int]]) -> list[Answer]:
            return [Answer(images[name], (name[1] - base) % _SEEDS) for name in names]

        notes = {"configuration": settled.configuration, "methods": " ".join(settled.methods)}
        return Answers(answers(order), answers(drawn), notes=notes)

    def _events(self, request: FillRequest) -> Iterator[Candidate | Settled]:
        from pluripaint.pipeline import fill_with, presets

        shares = [(str(number), share) for number, (_, share) in enumerate(self._methods)]
        counts = presets.shared_out(presets.pool(request), shares)
        methods = [(self._methods[int(number)][0], count) for number, count in counts]
        # Which of them are among the best when they come depends on the order in which threads end.
        return fill_with(methods, request, Quiet(), every=True)

    def _request(self, opened: OpenCase, seed: int) -> FillRequest:
        regions = [
            RegionPixels(
                region=region,
                pixels=np.ascontiguousarray(crop(opened.wiped, region)),
                selection=np.ascontiguousarray(crop(opened.hole, region)).astype(np.uint8) * 255,
            )
            for region in opened.regions
        ]
        return FillRequest(
            regions=regions,
            count=self._count,
            pool=self._pool,
            preset=self._preset,
            seed=seed,
        )


class Quiet:
    """A progress that nobody watches and that never cancels."""

    def __init__(self) -> None:
        self._flag = np.zeros(1, np.uint8)

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None: ...

    @property
    def cancel_flag(self) -> np.ndarray:
        """``uint8 [1]``, always 0."""
        return self._flag


def contestant(
    word: str,
    preset: str,
    count: int,
    pool: int | None = None,
    network: MethodInfo | None = None,
    device: str = "cpu",
) -> Contestant:
    """By its word, see :mod:`entries`; also ``original``, ``eighth`` and ``eighth:detail``.

    Args:
        network: in whose place a peer stands that gets a detail step.
        device: where networks run.

    Raises:
        entries.BadEntry: the word names nobody. registry.MethodError: weights that cannot be had.
        peers.Missing: a peer that is not on this machine.
    """
    if word == "original":
        return OriginalContestant()
    parts = entries.parsed(word)
    if word in (EIGHTH, f"{EIGHTH}:{entries.DETAIL}"):
        return EighthContestant(word != EIGHTH)
    if entries.is_plain_name(parts) and word != "auto" and word not in registry.names():
        return PeerContestant(find_peer(word))
    return MethodContestant(word, preset, count, pool, _drawing(parts, preset, network, device), device)


def _drawing(
    parts: Sequence[entries.Part], preset: str, network: MethodInfo | None, device: str
) -> list[tuple[Method, float]]:
    """The methods of a word with their shares; ``auto`` is the preset's own mixture."""
    if parts == [entries.Part("auto")]:
        from pluripaint.pipeline import presets

        return [(registry.load(name, None, device), share) for name, share in presets.load(preset).mixture]
    return [(entries.loaded(part, network, device), 1.0) for part in parts]


def is_ours(word: str) -> bool:
    """Whether a method of the registry, or the mixture of a preset, takes part in the word."""
    return word != "original" and any(
        part.name == "auto" or part.name in registry.names() for part in entries.parsed(word)
    )


def measured(someone: Contestant, opened: OpenCase) -> Answers:
    """:meth:`Contestant.answer` with CPU and wall seconds and the peak of memory."""
    before = _resident_peak(reset=True)
    cpu, wall = _cpu_seconds(), time.perf_counter()
    answers = someone.answer(opened)
    answers.cpu_seconds, answers.wall_seconds = _cpu_seconds() - cpu, time.perf_counter() - wall
    after = _resident_peak()
    if before is not None and after is not None and not isinstance(someone, PeerContestant):
        answers.peak_mebibytes = max(0.0, after - before)
    return answers


def _composite(opened: OpenCase, candidate: Candidate) -> np.ndarray:
    image = opened.wiped.copy()
    for fill, box in zip(candidate.fills, candidate.boxes):
        hole = crop(opened.hole, box)
        crop(image, box)[hole] = fill[hole]
    return image


def _cpu_seconds() -> float:
    """Of this process and, where the system counts them, of its ended children."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def _resident_peak(reset: bool = False) -> float | None:
    """MiB: the peak since the last reset, or with ``reset`` what is resident now (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return None
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:" if reset else "VmHWM:"):
            return int(line.split()[1]) / 1024
    return None


def source_fingerprint() -> str:
    """Digest of what makes fills: kept fills of another version are not used."""
    from pluripaint.pipeline import source_digest

    rooms = [f"pluripaint.{room}" for room in ("pipeline", "patchfield", "methods", "imaging", "layers")]
    names = [*rooms, "pluripaint_client.geometry", "pluripaint_client.job_regions"]
    return source_digest(names, (".py", ".toml", ".json", ".npz"))[:16]
