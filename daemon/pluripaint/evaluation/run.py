"""The run: every contestant on every case, measured, kept case by case.

Kept are the fills (PNG of the part that is looked at) and their measurements, under a key of everything that
can change them; a run that was cut short, or one with another contestant, goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from . import metrics
from .cases import Case, OpenCase, crop, open_case, read_rgb
from .contestants import Contestant, measured
from .peers import Broken

Told = Callable[[str], None]
_LAYOUT = 2
"""Of the kept folders; another one's are made again."""


@dataclass
class Row:
    """One contestant on one case: ``measures`` is what :func:`measure` gave, ``fills`` the kept pictures of what
    is shown, ``drawn`` those of what was drawn first, by the number of the draw.
    """

    contestant: str
    case: Case
    measures: dict
    fills: list[Path]
    drawn: Mapping[int, Path] = field(default_factory=dict)


class Keeper:
    """The folder of what was done already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, someone: Contestant, case: Case) -> Path:
        """The folder of one contestant's answer to one case."""
        text = json.dumps(
            [_LAYOUT, someone.key, case.name, case.seed, _digest(case.photo), _digest(case.mask)]
        )
        folder = re.sub(r"[^\w.@=+-]", "-", someone.name)
        return self._folder / folder / f"{case.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def run_case(
    opened: OpenCase, someone: Contestant, keeper: Keeper, networks: metrics.Networks, networks_key: str
) -> Row:
    """The kept row, or a new one.

    Raises:
        Broken: a peer gave no fill.
    """
    place = keeper.place(someone, opened.case)
    record, measures_file = place / "answers.json", place / f"measures-{metrics.VERSION}-{networks_key}.json"
    if not record.is_file():
        _keep_answers(opened, someone, place)
    answers = json.loads(record.read_text("utf-8"))
    if not measures_file.is_file():
        images = [_with_fill(opened, place / name) for name in answers["files"]]
        _write_json(measures_file, measure(opened, images, answers["shown"], answers["unsorted"], networks))
    measures = {**json.loads(measures_file.read_text("utf-8")), **answers["cost"], "notes": answers["notes"]}
    files = [place / name for name in answers["files"]]
    return Row(
        someone.name,
        opened.case,
        measures,
        [files[index] for index in answers["shown"]],
        {answers["draws"][index]: files[index] for index in answers["unsorted"]},
    )


def measure(
    opened: OpenCase,
    images: Sequence[np.ndarray],
    shown: Sequence[int],
    unsorted: Sequence[int],
    networks: metrics.Networks,
) -> dict:
    """Everything that is measured on one contestant's answers to one case.

    Args:
        images: filled photographs ``uint8 [H, W, 3]``; ``shown`` and ``unsorted`` point into them.

    Returns:
        lists per shown fill (``percep``, ``sharp``, ``seam``, ``colour``, ``psnr``, ``ssim``,
        ``kid_features``), ``percep_unsorted`` and ``diversity``.
    """
    crops = [crop(image, opened.box) for image in images]
    photo = crop(opened.photo, opened.box)
    shown_percep, diversity = networks.perceptual([crops[index] for index in shown], photo)
    known = dict(zip(shown, shown_percep))
    rest = [index for index in unsorted if index not in known]
    known.update(zip(rest, networks.perceptual([crops[index] for index in rest], photo)[0] if rest else []))
    pixel = [metrics.pixel_measures(images[index], opened.photo, opened.hole) for index in shown]
    return {
        "percep": shown_percep,
        "percep_unsorted": [known[index] for index in unsorted],
        "diversity": None if np.isnan(diversity) else diversity,
        **{name: [row[name] for row in pixel] for name in pixel[0]},
        "kid_features": [networks.kid_features(crops[index]) for index in shown],
        "kid_photo": networks.kid_features(photo),
        "inner_radius": metrics.inner_radius(opened.hole),
    }


def run(
    cases: Sequence[Case],
    contestants: Sequence[Contestant],
    keeper: Keeper,
    networks: metrics.Networks,
    networks_key: str,
    told: Told = lambda sentence: None,
    each_case: Callable[[OpenCase, list[Row]], None] = lambda opened, rows: None,
) -> list[Row]:
    """All rows. A contestant that breaks on a case is told of and left out of that case."""
    rows: list[Row] = []
    for number, case in enumerate(cases, 1):
        opened = open_case(case)
        of_case: list[Row] = []
        for someone in contestants:
            try:
                of_case.append(run_case(opened, someone, keeper, networks, networks_key))
            except Broken as error:
                told(f"{case.name}: {error}")
        rows += of_case
        each_case(opened, of_case)
        told(f"{number}/{len(cases)} {case.name}: " + ", ".join(_short(row) for row in of_case))
    return rows


def _short(row: Row) -> str:
    return f"{row.contestant} {np.mean(row.measures['percep']):.3f}"


def _keep_answers(opened: OpenCase, someone: Contestant, place: Path) -> None:
    answers = measured(someone, opened)
    place.mkdir(parents=True, exist_ok=True)
    files: list[str] = []
    index_of: dict[int, int] = {}
    for answer in [*answers.shown, *answers.unsorted]:
        if answer.draw in index_of:
            continue
        index_of[answer.draw] = len(files)
        files.append(f"{len(files):02d}.png")
        _write_png(place / files[-1], crop(answer.image, opened.box))
    cost = {
        "cpu_seconds": answers.cpu_seconds,
        "wall_seconds": answers.wall_seconds,
        "peak_mebibytes": answers.peak_mebibytes,
    }
    record = {
        "files": files,
        "draws": list(index_of),
        "shown": [index_of[answer.draw] for answer in answers.shown],
        "unsorted": [index_of[answer.draw] for answer in answers.unsorted],
        "cost": cost,
        "notes": answers.notes,
    }
    _write_json(place / "answers.json", record)


def _with_fill(opened: OpenCase, file: Path) -> np.ndarray:
    """The photograph with the kept part put back into the hole."""
    image = opened.photo.copy()
    kept = read_rgb(file)
    hole = crop(opened.hole, opened.box)
    crop(image, opened.box)[hole] = kept[hole]
    return image


def _write_png(path: Path, image: np.ndarray) -> None:
    done, data = cv2.imencode(
        ".png", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 3]
    )
    assert done
    _write_bytes(path, data.tobytes())


def _write_json(path: Path, value: object) -> None:
    _write_bytes(path, json.dumps(value).encode())


def _write_bytes(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
