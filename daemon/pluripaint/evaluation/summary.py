"""From rows to figures: per group of cases, every contestant with intervals, and ours against the peers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from . import bootstrap
from .cases import SMALL_KINDS
from .metrics import kernel_distance
from .run import Row

PATCH_PEERS = ("matchpatch", "resynthesizer")
"""The peers that the targets speak of; the better one of those that ran is compared with."""
EQUAL_N = 3
"""best-of-n is compared at this n: what the peers give."""


WIDE = 32
"""Inner radius in pixels from which a hole is wide: patches alone lose its layout."""


def is_wide(row: Row) -> bool:
    """Whether the row's hole is wide."""
    return bool(row.measures.get("inner_radius", 0) >= WIDE)


def groups(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """``small`` (all but large), ``large``, ``wide`` holes of any kind, and every kind, those that occur."""
    named: dict[str, list[Row]] = {
        "small": [row for row in rows if row.case.kind in SMALL_KINDS],
        "large": [row for row in rows if row.case.kind == "large"],
        "wide": [row for row in rows if is_wide(row)],
    }
    for row in rows:
        if row.case.kind != "large":
            named.setdefault(row.case.kind, []).append(row)
    return {name: members for name, members in named.items() if members}


def summarise(rows: Sequence[Row], ours: Iterable[str]) -> dict:
    """``{group: {"cases", "photographs", "contestants": {name: figures}, "against": {ours: …}}}``.

    Only cases that every contestant answered are counted, so that all figures of a group are paired.
    """
    return {name: _group(members, list(ours)) for name, members in groups(rows).items()}


def _group(rows: Sequence[Row], ours: Sequence[str]) -> dict:
    names = list(dict.fromkeys(row.contestant for row in rows))
    table = {(row.contestant, row.case.name): row for row in rows}
    cases = [c for c in dict.fromkeys(row.case.name for row in rows) if all((n, c) in table for n in names)]
    lines = {name: [table[name, case] for case in cases] for name in names}
    if not cases:
        return {"cases": 0, "photographs": 0, "contestants": {}, "against": {}}
    photographs = [row.case.photo.name for row in lines[names[0]]]
    against = {name: _against(name, lines, photographs) for name in ours if name in lines}
    return {
        "cases": len(cases),
        "photographs": len(set(photographs)),
        "contestants": {name: _figures(lines[name], photographs) for name in names},
        "against": against,
    }


def _figures(rows: Sequence[Row], photographs: Sequence[str]) -> dict:
    figures: dict[str, object] = {
        "fills": round(float(np.mean([len(r.measures["percep"]) for r in rows])), 2)
    }
    columns = {
        "percep": [np.mean(r.measures["percep"]) for r in rows],
        "first": [r.measures["percep"][0] for r in rows],
        f"best_of_{EQUAL_N}": [min(r.measures["percep"][:EQUAL_N]) for r in rows],
        "unsorted": [np.mean(r.measures["percep_unsorted"]) for r in rows],
        **{
            name: [np.mean(r.measures[name]) for r in rows]
            for name in ("sharp", "seam", "colour", "psnr", "ssim")
        },
        "cpu_seconds": [r.measures["cpu_seconds"] / len(r.measures["percep"]) for r in rows],
        "wall_seconds": [r.measures["wall_seconds"] / len(r.measures["percep"]) for r in rows],
    }
    if all(r.measures["diversity"] is not None for r in rows):
        columns["diversity"] = [r.measures["diversity"] for r in rows]
    if all("to_guide" in r.measures for r in rows):
        columns["to_guide"] = [r.measures["to_guide"] for r in rows]
    for name, values in columns.items():
        figures[name] = bootstrap.mean(photographs, np.asarray(values))._asdict()
    peaks = [r.measures["peak_mebibytes"] for r in rows if r.measures["peak_mebibytes"] is not None]
    figures["peak_mebibytes"] = max(peaks) if peaks else None
    # One fill a case: several fills of the same hole are not independent draws from a method's set.
    fills = np.array([r.measures["kid_features"][0] for r in rows])
    photos = np.array([r.measures["kid_photo"] for r in rows])
    figures["kid_1000"] = 1000 * kernel_distance(fills, photos) if len(rows) > 1 else None
    return figures


def _against(name: str, lines: dict[str, list[Row]], photographs: Sequence[str]) -> dict:
    mine = _percep(lines[name])
    found: dict[str, object] = {
        "wins": {
            other: bootstrap.win_rate(photographs, mine["mean"], _percep(rows)["mean"])._asdict()
            for other, rows in lines.items()
            if other not in (name, "original")
        },
        "first_minus_unsorted": bootstrap.difference(photographs, mine["first"], mine["unsorted"])._asdict(),
        "shares": _shares(lines[name]),
    }
    peers = [peer for peer in PATCH_PEERS if peer in lines]
    if peers:
        best = min(peers, key=lambda peer: _percep(lines[peer])["mean"].mean())
        theirs = _percep(lines[best])
        found["better_peer"] = best
        found["ratio"] = {
            "mean": bootstrap.ratio(photographs, mine["mean"], theirs["mean"])._asdict(),
            "first": bootstrap.ratio(photographs, mine["first"], theirs["mean"])._asdict(),
            f"best_of_{EQUAL_N}": bootstrap.ratio(photographs, mine["best"], theirs["best"])._asdict(),
        }
    return found


def _percep(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    return {
        "mean": np.array([np.mean(r.measures["percep"]) for r in rows]),
        "first": np.array([r.measures["percep"][0] for r in rows]),
        "best": np.array([min(r.measures["percep"][:EQUAL_N]) for r in rows]),
        "unsorted": np.array([np.mean(r.measures["percep_unsorted"]) for r in rows]),
    }


def _shares(rows: Sequence[Row]) -> dict[str, float]:
    """Which methods the shown fills came from: a mixture that is all one method is none."""
    methods = [m for r in rows for m in r.measures["notes"].get("methods", "").split()]
    return {m: round(methods.count(m) / len(methods), 3) for m in dict.fromkeys(methods)}
