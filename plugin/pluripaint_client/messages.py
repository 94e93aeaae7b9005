"""What a client asks for and what it hears: plain dataclasses and their way to and from messages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence, Union

from . import protocol
from .geometry import Region
from .protocol import Header, ProtocolError
from .texts import Sentence


@dataclass(frozen=True)
class RegionData:
    """One rectangle of the photo as raw rows, top to bottom, without padding.

    Attributes:
        region: where it lies in the photo.
        pixels: ``height × width × channels`` samples in the job's depth, little-endian, alpha not
        premultiplied.
        selection: ``height × width`` bytes 0…255.
        valid: like the selection, non-zero where pixels exist; ``None``: everywhere.
        exclude: like the selection, non-zero where nothing may be copied from; ``None``: nowhere.
    """

    region: Region
    pixels: bytes
    selection: bytes
    valid: bytes | None = None
    exclude: bytes | None = None


@dataclass(frozen=True)
class JobRequest:
    """One job.

    Attributes:
        regions: rectangles answered together.
        depth: ``uint8``, ``uint16`` or ``float32``.
        channels: 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA.
        space: ``"srgb"``, ``"linear"`` (sRGB primaries, linear light) or the bytes of an ICC profile.
        count: how many variations are shown, 1…16.
        pool: how many are drawn before choosing; ``None``: the preset decides.
        seed: 0…2³¹−1.
        deadline: seconds the job may take once it runs.
    """

    regions: Sequence[RegionData]
    depth: str = "uint8"
    channels: int = 3
    space: str | bytes = "srgb"
    count: int = 4
    pool: int | None = None
    preset: str = "best"
    method: str = "auto"
    weights: str | None = None
    seed: int = 0
    options: Mapping[str, float] = field(default_factory=dict)
    deadline: float = 1800.0

    def to_message(self, job: str) -> tuple[Header, list[bytes]]:
        """Header fields and raw frames of the ``submit``, checked as the daemon will check them.

        Raises:
            ProtocolError: a field is out of range or a block has the wrong size.
        """
        frames: list[bytes] = [self.space] if isinstance(self.space, bytes) else []
        entries = []
        for part in self.regions:
            frames += [part.pixels, part.selection]
            frames += [mask for mask in (part.valid, part.exclude) if mask is not None]
            entries.append(
                {
                    "box": list(part.region),
                    "valid": part.valid is not None,
                    "exclude": part.exclude is not None,
                }
            )
        header: Header = {
            "job": job,
            "depth": self.depth,
            "channels": self.channels,
            "space": "icc" if isinstance(self.space, bytes) else self.space,
            "regions": entries,
            "count": self.count,
            "pool": self.pool,
            "preset": self.preset,
            "method": self.method,
            "weights": self.weights,
            "seed": self.seed,
            "options": dict(self.options),
            "deadline": self.deadline,
        }
        protocol.parse_submit(header, [len(frame) for frame in frames])
        return header, frames


def new_job() -> str:
    """A fresh job name."""
    return secrets.token_hex(16)


# ------------------------------------------------------------------------------------------ events


@dataclass(frozen=True)
class Accepted:
    """The daemon has the job; exactly one of :class:`Done`, :class:`CancelledJob`, :class:`Failed`
    follows."""

    job: str


@dataclass(frozen=True)
class Queued:
    """The job waits; ``place`` 1 is next. Repeated each second."""

    job: str
    place: int


@dataclass(frozen=True)
class Preview:
    """A small picture of the work in hand: ``height × width × 3`` bytes, sRGB."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True)
class Progress:
    """The job runs. Repeated at least each second.

    Attributes:
        fraction: 0…1 over the whole job.
        note: a sentence the person should see (memory ran out, work goes on with the processor), else empty.
    """

    job: str
    stage: str
    fraction: float
    preview: Preview | None = None
    note: str = ""


@dataclass(frozen=True)
class CandidateReady:
    """One fill per region over ``boxes`` (photo coordinates): colour channels only, unblended, the depth
    sent."""

    job: str
    seed: int
    method: str
    score: float
    weights_sha256: str
    fills: list[bytes]
    boxes: list[Region]
    seconds: float = 0.0


@dataclass(frozen=True)
class Done:
    """All is there. ``order``: the shown candidates as (method, seed), best first.

    Attributes:
        weights: method → SHA-256 of the weights that were used, for each candidate sent.
        configuration: hash over settings and versions; figures with the same hash may be compared.
    """

    job: str
    order: list[tuple[str, int]]
    weights: dict[str, str]
    configuration: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class CancelledJob:
    """The job was cancelled. Candidates sent before stay good."""

    job: str


@dataclass(frozen=True)
class Failed:
    """The job ended without success: one stable ``code``, one sentence, the next step (English; ``texts._`` says
    them in the person's language). ``job`` is empty where the daemon refused something else."""

    job: str
    code: str
    sentence: str
    next_step: str = ""


Event = Union[Accepted, Queued, Progress, CandidateReady, Done, CancelledJob, Failed]
ENDINGS = (Done, CancelledJob, Failed)


def event(header: Header, frames: Sequence[bytes], request: JobRequest | None) -> Event:
    """The event a daemon's message tells, checked against the job it answers.

    Raises:
        ProtocolError: unknown type, fields missing or out of range, fills that do not fit.
    """
    kind = header["type"]
    if kind == "failed":
        job = protocol.text(header, "job", "")
        sentence = protocol.sentence(header, "sentence")
        return Failed(job, protocol.text(header, "code"), sentence, protocol.sentence(header, "next", ""))
    job = protocol.job_id(header)
    if kind == "accepted":
        return Accepted(job)
    if kind == "queued":
        return Queued(job, protocol.whole(header, "place", 1, 1 << 30))
    if kind == "progress":
        stage = protocol.text(header, "stage", "")
        fraction = protocol.number(header, "fraction", 0.0, 1.0, 0.0)
        note = protocol.sentence(header, "note", "")
        return Progress(job, stage, fraction, _preview(header, frames), note)
    if kind == "candidate":
        return _candidate(job, header, frames, request)
    if kind == "done":
        return _done(job, header)
    if kind == "cancelled":
        return CancelledJob(job)
    raise ProtocolError(
        "bad-message", Sentence("The daemon sent a message of unknown type “{kind}”.", kind=kind[:40])
    )


def _preview(header: Header, frames: Sequence[bytes]) -> Preview | None:
    size = header.get("preview")
    if size is None:
        return None
    box = protocol.region([0, 0, *size] if isinstance(size, list) else size)
    if len(frames) != 1 or len(frames[0]) != box.area * 3:
        raise ProtocolError("bad-message", "A preview does not have the size it names.")
    return Preview(box.width, box.height, frames[0])


def _candidate(
    job: str, header: Header, frames: Sequence[bytes], request: JobRequest | None
) -> CandidateReady:
    entries: Any = header.get("boxes")
    if not isinstance(entries, list) or len(entries) != len(frames) or not entries:
        raise ProtocolError("bad-message", "A candidate does not have one fill per region.")
    boxes = [protocol.region(entry) for entry in entries]
    if request is not None:
        if len(boxes) != len(request.regions):
            raise ProtocolError("bad-message", "A candidate does not answer every region.")
        colours = 1 if request.channels <= 2 else 3
        per_pixel = colours * protocol.BYTES_PER_SAMPLE[request.depth]
        for box, fill, part in zip(boxes, frames, request.regions):
            inside = (
                box.left >= part.region.left
                and box.top >= part.region.top
                and box.right <= part.region.right
                and box.bottom <= part.region.bottom
            )
            if not inside or len(fill) != box.area * per_pixel:
                raise ProtocolError("bad-message", "A fill does not fit the region it was made for.")
    return CandidateReady(
        job,
        protocol.whole(header, "seed", 0, protocol.HIGHEST_SEED),
        protocol.text(header, "method"),
        protocol.number(header, "score", -1e300, 1e300),
        protocol.text(header, "weights_sha256", ""),
        list(frames),
        boxes,
        protocol.number(header, "seconds", 0.0, 1e9, 0.0),
    )


def _done(job: str, header: Header) -> Done:
    order: list[tuple[str, int]] = []
    entries = header.get("order")
    if not isinstance(entries, list):
        raise ProtocolError("bad-message", "The daemon's last message names no order.")
    for entry in entries:
        if not (isinstance(entry, list) and len(entry) == 2):
            raise ProtocolError("bad-message", "The daemon's last message names no order.")
        fields = {"method": entry[0], "seed": entry[1]}
        order.append(
            (protocol.text(fields, "method"), protocol.whole(fields, "seed", 0, protocol.HIGHEST_SEED))
        )
    named = header.get("weights")
    weights = {str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {}
    seconds = protocol.number(header, "seconds", 0.0, 1e9, 0.0)
    return Done(job, order, weights, protocol.text(header, "configuration", ""), seconds)
