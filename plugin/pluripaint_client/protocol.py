"""The wire protocol: framing, versions, limits and every check, made on sizes before anything is allocated.

One message is one JSON header frame and zero or more raw frames; ``PROTOCOL.md`` describes it for people
who write a client of their own. Client, broker and worker share this module."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Dict, NamedTuple, Sequence

from .geometry import Region
from .texts import Sentence

VERSION = 1
"""The version this module speaks."""

ACCEPTED_VERSIONS: tuple[int, ...] = tuple(v for v in (VERSION, VERSION - 1) if v >= 1)
"""Versions a daemon accepts: its own and the one before."""

BYTES_PER_SAMPLE = {"uint8": 1, "uint16": 2, "float32": 4}
SPACES = ("srgb", "linear", "icc")
HIGHEST_SEED = 2**31 - 1

Header = Dict[str, Any]


class Limits(NamedTuple):
    """What a daemon accepts; sent with ``status``. Bytes unless named otherwise."""

    header_bytes: int = 256 << 10
    frames: int = 257
    frame_bytes: int = 256 << 20
    job_bytes: int = 512 << 20
    client_bytes: int = 512 << 20
    total_bytes: int = 1 << 30
    daemon_bytes: int = 4 << 30
    icc_bytes: int = 16 << 20
    side_pixels: int = 65_536
    coordinate: int = 1 << 24
    regions: int = 64
    options: int = 64
    shown: int = 16
    pool: int = 64
    jobs_per_client: int = 32
    jobs: int = 256
    longest_deadline_seconds: int = 7200


LIMITS = Limits()


class ProtocolError(Exception):
    """A message that breaks the rules. ``code`` is stable, ``sentence`` and ``next_step`` are for people."""

    header: Header = {}  # noqa: RUF012
    """The header as far as it was understood, so that a refusal can name what it refuses."""

    def __init__(self, code: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.next_step = next_step


# ------------------------------------------------------------------------------------------ proofs


def password(token: str) -> bytes:
    """What goes over the wire as PLAIN password: proves that one knows the token without telling it."""
    return hmac.new(token.encode(), b"client", hashlib.sha256).hexdigest().encode()


def proof(token: str, port: int, nonce: str) -> str:
    """The daemon's answer to a ``ping``: only who knows the token can give it, and only for its own port."""
    return hmac.new(token.encode(), f"daemon:{port}:{nonce}".encode(), hashlib.sha256).hexdigest()


# ------------------------------------------------------------------------------------------ framing


def encode(kind: str, fields: Header | None = None, version: int = VERSION) -> bytes:
    """The header frame of a message; a :class:`Sentence` among the fields takes its template along."""
    header: Header = {"v": version, "type": kind}
    header.update(fields or {})
    made = {name: text for name, text in header.items() if isinstance(text, Sentence)}
    if made:
        header["templates"] = {name: [text.template, text.values] for name, text in made.items()}
    return json.dumps(header, separators=(",", ":"), allow_nan=False).encode()


def decode(frame: Any, limits: Limits = LIMITS) -> Header:
    """The header of a message, checked for version and type only.

    Raises:
        ProtocolError: ``bad-message`` or ``wrong-version``.
    """
    if len(frame) > limits.header_bytes:
        raise ProtocolError(
            "bad-message",
            Sentence("The message header is larger than {most} bytes.", most=limits.header_bytes),
        )
    try:
        raw = bytes(frame)
        header = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        if b"\\u" in raw:
            # An escape may stand for half a surrogate pair, which is no text: nothing could be done with it.
            json.dumps(header, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ProtocolError("bad-message", "The message header is not JSON.") from None
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise ProtocolError("bad-message", "The message header names no type.")
    try:
        check_version(header.get("v"))
    except ProtocolError as error:
        error.header = header
        raise
    return header


def check_version(version: Any) -> None:
    """Refuse a version that is neither this one nor the one before, with a sentence that says who is
    older."""
    if type(version) is not int:
        raise ProtocolError("wrong-version", "The message names no protocol version.", UPDATE)
    if version not in ACCEPTED_VERSIONS:
        older = Sentence(
            "The other side speaks an older protocol ({theirs}) than this one ({ours}).",
            theirs=version,
            ours=VERSION,
        )
        newer = Sentence(
            "The other side speaks a newer protocol ({theirs}) than this one ({ours}).",
            theirs=version,
            ours=VERSION,
        )
        raise ProtocolError("wrong-version", older if version < VERSION else newer, UPDATE)


UPDATE = "Run the installer again: it updates the daemon and the editors' plug-ins together."


def _no_constant(name: str) -> None:
    raise ValueError(name)


# ------------------------------------------------------------------------------------------ fields


def text(header: Header, name: str, default: str | None = None, longest: int = 200) -> str:
    """A string field of at most ``longest`` characters; absent or null gives the default where there is
    one."""
    value = header.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > longest:
        raise ProtocolError(
            "bad-field",
            Sentence("“{name}” must be a text of at most {longest} characters.", name=name, longest=longest),
        )
    return value


def sentence(header: Header, name: str, default: str | None = None) -> str:
    """A text for people: a :class:`Sentence` where its template came along and makes sense."""
    english = text(header, name, default, 4000)
    templates = header.get("templates")
    made = templates.get(name) if isinstance(templates, dict) else None
    if not isinstance(made, list) or len(made) != 2:
        return english
    template, values = made
    fits = isinstance(template, str) and isinstance(values, dict)
    if not fits or not all(isinstance(value, (str, int, float)) for value in values.values()):
        return english
    return Sentence.received(english, template, values)


def whole(header: Header, name: str, low: int, high: int, default: int | None = None) -> int:
    """An integer field in ``low … high``."""
    value = header.get(name)
    if value is None and default is not None:
        return default
    if type(value) is not int or not low <= value <= high:
        raise ProtocolError(
            "bad-field",
            Sentence("“{name}” must be a whole number from {low} to {high}.", name=name, low=low, high=high),
        )
    return value


def number(header: Header, name: str, low: float, high: float, default: float | None = None) -> float:
    """A finite number in ``low … high``."""
    value: Any = header.get(name)
    if value is None and default is not None:
        return default
    if type(value) not in (int, float) or not low <= value <= high or not math.isfinite(value):
        raise ProtocolError(
            "bad-field",
            Sentence("“{name}” must be a number from {low:g} to {high:g}.", name=name, low=low, high=high),
        )
    return float(value)


def region(value: Any, limits: Limits = LIMITS) -> Region:
    """A rectangle sent as ``[left, top, width, height]``."""
    if not isinstance(value, list) or len(value) != 4 or any(type(n) is not int for n in value):
        raise ProtocolError("bad-field", "A rectangle must be four whole numbers: left, top, width, height.")
    box = Region(*value)
    if not (1 <= box.width <= limits.side_pixels and 1 <= box.height <= limits.side_pixels):
        raise ProtocolError(
            "bad-field", Sentence("A rectangle's sides must be 1 to {most} pixels.", most=limits.side_pixels)
        )
    if abs(box.left) > limits.coordinate or abs(box.top) > limits.coordinate:
        raise ProtocolError("bad-field", "A rectangle lies too far from the photo's origin.")
    return box


_JOB = re.compile(r"[0-9a-f]{32}\Z")


def job_id(header: Header) -> str:
    """The job's name: 32 hexadecimal digits drawn by the client, so that a repeated submit is recognised."""
    value = header.get("job")
    if not isinstance(value, str) or not _JOB.match(value):
        raise ProtocolError("bad-field", "“job” must be 32 hexadecimal digits.")
    return value


# ------------------------------------------------------------------------------------------ submit


class Part(NamedTuple):
    """One region of a submission: its box and which frames hold what (indices into the raw frames)."""

    box: Region
    pixels: int
    selection: int
    valid: int | None
    exclude: int | None


@dataclass(frozen=True)
class Submission:
    """A ``submit`` whose every field and frame size was checked. ``space`` is ``icc`` where frame 0 is a
    profile."""

    job: str
    depth: str
    channels: int
    space: str
    parts: list[Part]
    count: int
    pool: int | None
    preset: str
    method: str
    weights: str | None
    seed: int
    options: dict[str, float]
    deadline: float
    total_bytes: int


def parse_submit(header: Header, sizes: Sequence[int], limits: Limits = LIMITS) -> Submission:
    """Check a ``submit`` by its header and the sizes of its raw frames; the frames themselves are not
    looked at.

    Raises:
        ProtocolError: ``bad-field`` or ``too-large``, naming the field.
    """
    job = job_id(header)
    depth = text(header, "depth")
    if depth not in BYTES_PER_SAMPLE:
        raise ProtocolError("bad-field", "“depth” must be uint8, uint16 or float32.")
    channels = whole(header, "channels", 1, 4)
    space = text(header, "space", "srgb")
    if space not in SPACES:
        raise ProtocolError("bad-field", "“space” must be srgb, linear or icc.")
    if len(sizes) > limits.frames:
        raise ProtocolError(
            "too-large", Sentence("A job may have at most {most} frames.", most=limits.frames)
        )
    total = sum(sizes)
    if total > limits.job_bytes or any(size > limits.frame_bytes for size in sizes):
        raise ProtocolError(
            "too-large",
            Sentence("The region is larger than one job may be ({most} MiB).", most=limits.job_bytes >> 20),
            "Select a smaller area, or lower the context.",
        )
    parts = _parts(header, sizes, channels * BYTES_PER_SAMPLE[depth], space == "icc", limits)
    count = whole(header, "count", 1, limits.shown, 4)
    pool = None if header.get("pool") is None else whole(header, "pool", count, limits.pool)
    weights = None if header.get("weights") is None else text(header, "weights")
    return Submission(
        job=job,
        depth=depth,
        channels=channels,
        space=space,
        parts=parts,
        count=count,
        pool=pool,
        preset=text(header, "preset", "best"),
        method=text(header, "method", "auto"),
        weights=weights,
        seed=whole(header, "seed", 0, HIGHEST_SEED, 0),
        options=_options(header, limits),
        deadline=number(header, "deadline", 0.1, limits.longest_deadline_seconds, 1800.0),
        total_bytes=total,
    )


def _parts(
    header: Header, sizes: Sequence[int], bytes_per_pixel: int, profile: bool, limits: Limits
) -> list[Part]:
    regions = header.get("regions")
    if not isinstance(regions, list) or not 1 <= len(regions) <= limits.regions:
        raise ProtocolError(
            "bad-field", Sentence("“regions” must list 1 to {most} regions.", most=limits.regions)
        )
    expected = 0
    if profile:
        if not sizes or not 128 <= sizes[0] <= limits.icc_bytes:
            raise ProtocolError("bad-field", "The colour profile is missing, cut off or too large.")
        expected = 1
    parts: list[Part] = []
    for entry in regions:
        if not isinstance(entry, dict):
            raise ProtocolError("bad-field", "Each of “regions” must be an object.")
        box = region(entry.get("box"), limits)
        frames = [bytes_per_pixel, 1]
        indices: list[int | None] = [expected, expected + 1]
        for mask in ("valid", "exclude"):
            present = entry.get(mask, False)
            if type(present) is not bool:
                raise ProtocolError("bad-field", Sentence("“{name}” must be true or false.", name=mask))
            indices.append(expected + len(frames) if present else None)
            if present:
                frames.append(1)
        for size_per_pixel in frames:
            if expected >= len(sizes) or sizes[expected] != box.area * size_per_pixel:
                raise ProtocolError(
                    "bad-field", "A frame's size does not fit its rectangle, depth and channels."
                )
            expected += 1
        assert indices[0] is not None and indices[1] is not None
        parts.append(Part(box, indices[0], indices[1], indices[2], indices[3]))
    if expected != len(sizes):
        raise ProtocolError("bad-field", "The message has more frames than its header names.")
    return parts


def _options(header: Header, limits: Limits) -> dict[str, float]:
    options = header.get("options")
    if options is None:
        return {}
    if not isinstance(options, dict) or len(options) > limits.options:
        raise ProtocolError(
            "bad-field",
            Sentence("“options” must be an object of at most {most} numbers.", most=limits.options),
        )
    checked: dict[str, float] = {}
    for name in options:
        if len(name) > 100:
            raise ProtocolError("bad-field", "An option's name is too long.")
        checked[name] = number(options, name, -1e12, 1e12)
    return checked
