"""Cases: the same photograph and hole for everyone."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pluripaint_client.geometry import Region, bounds
from pluripaint_client.job_regions import plan

SMALL_KINDS = ("blob", "object", "box", "strokes")
HALVES = ("tune", "report")
MEASURED_MARGIN = 16
"""Pixels around the hole's bounds that perceptual distances look at."""
LEAST_MEASURED_SIDE = 64
"""SqueezeNet needs some positions to average over; narrower boxes are widened to this."""


def read_rgb(file: Path) -> np.ndarray:
    """``uint8 [H, W, 3]``: an 8-bit picture that this evaluation wrote."""
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


class BadCases(ValueError):
    """A list of cases that cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True)
class Case:
    """One line of ``cases.jsonl``. ``half`` is ``tune`` (what chose) or ``report`` (what is claimed)."""

    name: str
    photo: Path
    mask: Path
    kind: str
    half: str
    seed: int


@dataclass(frozen=True)
class OpenCase:
    """A case with its pixels.

    Attributes:
        photo: ``uint8 [H, W, 3]``.
        hole: ``bool [H, W]``.
        regions: what a method or a peer sees, as the editors would cut it (context included).
        box: the hole's bounds + :data:`MEASURED_MARGIN`: where perceptual distances look.
    """

    case: Case
    photo: np.ndarray
    hole: np.ndarray
    regions: tuple[Region, ...]
    box: Region

    @property
    def wiped(self) -> np.ndarray:
        """``uint8 [H, W, 3]``: the photograph with the hole set to 0, so that nothing can leak."""
        return np.where(self.hole[..., None], np.uint8(0), self.photo)


def crop(array: np.ndarray, region: Region) -> np.ndarray:
    """The part of ``[H, W, …]`` that ``region`` covers (a view)."""
    return array[region.top : region.bottom, region.left : region.right]


def load_cases(
    path: Path, half: str | None = None, kinds: Collection[str] = (), limit: int | None = None
) -> list[Case]:
    """Read ``cases.jsonl`` (or the folder that holds it). Photographs lie beside it or one folder up.

    ``limit`` keeps the first so many of each kind.

    Raises:
        BadCases: no such list, a broken line, or nothing left.
    """
    listing = path / "cases.jsonl" if path.is_dir() else path
    if not listing.is_file():
        raise BadCases(f"There is no list of cases at {listing}; name a folder that holds cases.jsonl.")
    chosen: list[Case] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(listing.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        case = _parse(line, listing, number)
        if (half and case.half != half) or (kinds and case.kind not in kinds):
            continue
        counts[case.kind] = counts.get(case.kind, 0) + 1
        if limit is None or counts[case.kind] <= limit:
            chosen.append(case)
    if not chosen:
        raise BadCases(f"No case in {listing} is of that half and kind.")
    return chosen


def _parse(line: str, listing: Path, number: int) -> Case:
    folder = listing.parent
    try:
        row = json.loads(line)
        photo = next((p for p in (folder / row["photo"], folder.parent / row["photo"]) if p.is_file()), None)
        if photo is None:
            raise BadCases(f"The photograph {row['photo']} of line {number} in {listing} is missing.")
        return Case(
            name=row["id"],
            photo=photo,
            mask=folder / row["mask"],
            kind=row["kind"],
            half=row.get("half", "report"),
            seed=int(row.get("seed", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadCases):
            raise
        raise BadCases(f"Line {number} of {listing} is not a case: {error}.") from error


def open_case(case: Case) -> OpenCase:
    """Read the pixels and cut the regions.

    Raises:
        BadCases: mask and photograph differ in size, or the hole is empty.
    """
    with Image.open(case.photo) as file:
        photo = np.array(file.convert("RGB"))
    with Image.open(case.mask) as file:
        hole = np.array(file.convert("L")) > 127
    if hole.shape != photo.shape[:2]:
        raise BadCases(f"Mask and photograph of {case.name} differ in size.")
    height, width = hole.shape
    canvas = Region(0, 0, width, height)
    as_bytes = (hole.astype(np.uint8) * 255).tobytes()
    tight = bounds(as_bytes, width, height)
    if tight is None:
        raise BadCases(f"The hole of {case.name} is empty.")
    box = tight.grown(MEASURED_MARGIN)
    short = max(0, LEAST_MEASURED_SIDE - min(box.width, box.height))
    box = box.grown((short + 1) // 2).intersection(canvas) or canvas
    return OpenCase(case, photo, hole, tuple(plan(as_bytes, canvas)), box)


def mean_colour_fill(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The floor: ``uint8 [h, w, 3]`` with the mean of the known pixels within 16 px of the hole."""
    near = cv2.dilate(hole.astype(np.uint8), np.ones((33, 33), np.uint8)) > 0
    ring = near & ~hole
    known = ring if ring.any() else ~hole
    mean = pixels[known].mean(0) if known.any() else np.full(3, 128.0)
    return np.where(hole[..., None], np.rint(mean).astype(np.uint8), pixels)
