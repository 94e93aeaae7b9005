"""The files of a result: pictures, layers, contact sheet and report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pluripaint.imaging import Photo, write_photo
from pluripaint.imaging.openraster import Layer, write_openraster
from pluripaint.imaging.sheet import contact_sheet, outlined, preview
from pluripaint.imaging.write import suffix, with_pixels
from pluripaint.pipeline import Candidate, FillRequest, Settled
from pluripaint.pipeline.photo_job import cut, lay_back
from pluripaint_client.geometry import Region

REPORT = "report.json"
SHEET = "contact-sheet.png"
LAYERS = "layers.ora"
_TILE = 480


def write(
    place: Path,
    photo: Photo,
    selection: np.ndarray,
    request: FillRequest,
    candidates: Sequence[Candidate],
    settled: Settled,
    report: dict[str, Any],
) -> None:
    """Write pictures, layers, contact sheet and report into ``place``."""
    by_name = {(one.method, one.seed): one for one in candidates}
    shown = [by_name[name] for name in zip(settled.methods, settled.seeds)]
    window = _window(request)
    cropped = with_pixels(photo, cut(photo.pixels, window))
    before = preview(cropped, _TILE)
    tiles = [outlined(before, cut(selection, window))]
    captions = ["the photo, to be filled inside the line"]
    layers: list[Layer] = []
    merged = photo
    names = [f"{number:02d}{suffix(photo)}" for number in range(1, len(shown) + 1)]
    for number, (name, one) in enumerate(zip(names, shown), 1):
        pixels = lay_back(photo, selection, one.fills, one.boxes)
        filled = with_pixels(photo, pixels)
        write_photo(place / name, filled)
        tiles.append(preview(with_pixels(photo, cut(pixels, window)), _TILE))
        captions.append(f"{number:02d} · {one.method} · seed {one.seed}")
        layers.append(
            _layer(one, selection, f"Variation {number} ({one.method}, seed {one.seed})", number == 1)
        )
        merged = filled if number == 1 else merged
    layers.append(Layer("Photo", photo.straight))
    write_openraster(place / LAYERS, photo, layers, merged.straight, preview(merged, 256))
    write_photo(place / SHEET, Photo(_unlike(contact_sheet(tiles, captions), photo)))
    text = json.dumps(
        _report(photo, request, candidates, shown, names, settled, report), indent=2, ensure_ascii=False
    )
    (place / REPORT).write_text(text + "\n", "utf-8")


def _window(request: FillRequest) -> Region:
    window = request.regions[0].region
    for part in request.regions[1:]:
        window = window.union(part.region)
    return window


def _unlike(sheet: np.ndarray, photo: Photo) -> np.ndarray:
    """Nothing but the variations may have the photo's size: scripts tell them by it."""
    same = sheet.shape[:2] == photo.pixels.shape[:2]
    return np.concatenate([sheet, sheet[-1:]]) if same else sheet


def _layer(one: Candidate, selection: np.ndarray, name: str, visible: bool) -> Layer:
    """The fill with the selection as its alpha, over the box around all regions' boxes."""
    box = one.boxes[0]
    for other in one.boxes[1:]:
        box = box.union(other)
    colours = one.fills[0].shape[2]
    dtype = one.fills[0].dtype
    pixels = np.zeros((box.height, box.width, colours + 1), dtype)
    for fill, place in zip(one.fills, one.boxes):
        inside = cut(pixels, place.moved(-box.left, -box.top))
        inside[..., :colours] = fill
        alpha = cut(selection, place)
        inside[..., colours] = alpha / np.float32(255) if dtype == np.float32 else alpha.astype(dtype) * (
            np.iinfo(dtype).max // 255
        )  # fmt: skip
    return Layer(name, pixels, box.left, box.top, visible)


def _report(
    photo: Photo,
    request: FillRequest,
    candidates: Sequence[Candidate],
    shown: Sequence[Candidate],
    names: Sequence[str],
    settled: Settled,
    more: dict[str, Any],
) -> dict[str, Any]:
    height, width, channels = photo.pixels.shape
    return {
        "pluripaint": version("pluripaint"),
        "configuration": settled.configuration,
        **more,
        "size": [width, height],
        "depth": str(photo.pixels.dtype),
        "channels": channels,
        "profile": "ICC" if photo.icc else photo.space,
        "preset": request.preset,
        "method": request.method,
        "seed": request.seed,
        "count": request.count,
        "pool": request.pool,
        "options": dict(request.options),
        "regions": [list(part.region) for part in request.regions],
        "variations": [{"file": name, **_described(one)} for name, one in zip(names, shown)],
        "drawn": [_described(one) for one in candidates],
    }


def _described(one: Candidate) -> dict[str, Any]:
    return {
        "seed": one.seed,
        "method": one.method,
        "score": one.score,
        "weights_sha256": one.weights_sha256,
        "seconds": round(one.seconds, 3),
    }
