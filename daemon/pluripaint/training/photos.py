"""Photographs for training: decoded once, reduced by area, all in memory as bytes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

#: never trained on, wherever it lies.
REFUSED_SHARD = "research-"
_SUFFIXES = {".webp", ".jpg", ".jpeg", ".png"}


class DataError(Exception):
    """The photographs cannot be used; the message is a sentence with the next step."""


def _sources(paths: Sequence[Path]) -> Iterator[Path]:
    """Tar shards and pictures below ``paths``, in order of their names.

    A folder with an ``index.jsonl`` (one line a picture, ``file``) gives only what that lists.
    """
    for path in paths:
        if path.name.startswith(REFUSED_SHARD):
            raise DataError(
                f"{path.name} is for research only and is not trained on; leave it out of --data."
            )
        if path.is_dir() and (path / "index.jsonl").is_file():
            for row in _rows((path / "index.jsonl").read_bytes()):
                yield path / row["file"]
        elif path.is_dir():
            for file in sorted(path.rglob("*")):
                refused = any(part.startswith(REFUSED_SHARD) for part in file.relative_to(path).parts)
                if not refused and (file.suffix == ".tar" or file.suffix.lower() in _SUFFIXES):
                    yield file
        elif path.is_file():
            yield path
        else:
            raise DataError(f"{path} is neither a folder nor a file; check --data.")


def _rows(index: bytes) -> list[dict[str, Any]]:
    """Lines of an index, research-only pictures left out."""
    rows = [json.loads(line) for line in index.decode("utf-8").splitlines() if line.strip()]
    return [row for row in rows if row.get("cls") != "research"]


def _encoded(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every picture; of a shard only what its ``index.jsonl`` lists and allows."""
    for source in _sources(paths):
        if source.suffix != ".tar":
            yield source.name, source.read_bytes()
            continue
        with tarfile.open(source) as shard:
            index = shard.extractfile("index.jsonl") if "index.jsonl" in shard.getnames() else None
            if index is None:
                raise DataError(f"{source.name} has no index.jsonl; is it a shard of photographs?")
            for row in _rows(index.read()):
                member = shard.extractfile(row["file"])
                if member is not None:
                    yield row["file"], member.read()


def _reduced(name: str, encoded: bytes, short_sides: Sequence[int]) -> list[np.ndarray]:
    """The picture ``name`` at each short side that is no enlargement, ``uint8 [h, w, 3]``, reduced by area."""
    import cv2
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            image = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise DataError(f"{name} cannot be read as a picture; repair it or take it out of --data.") from None
    short = min(image.shape[:2])
    levels = []
    for wanted in short_sides:
        if wanted > short:
            continue
        size = [max(wanted, round(n * wanted / short)) for n in image.shape[1::-1]]
        levels.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return levels


@dataclass(frozen=True)
class Photos:
    """All levels of all photographs in one block.

    Attributes:
        pixels: ``uint8 [N, 3]``, rows of all levels one after another.
        levels: ``int64 [K, 3]``: first pixel, height, width of each level.
        first, count: ``int64 [P]``: a photograph's own levels among them.
    """

    pixels: Tensor
    levels: Tensor
    first: Tensor
    count: Tensor

    @classmethod
    def read(cls, paths: Iterable[Path], short_sides: Sequence[int], threads: int = 1) -> Photos:
        """Decode everything below ``paths``; photographs smaller than the smallest short side are left out.

        Raises:
            DataError: nothing usable there, a damaged picture, or a research-only shard named.
        """
        blocks: list[np.ndarray] = []
        levels: list[tuple[int, int, int]] = []
        first, count, at = [], [], 0
        with ThreadPoolExecutor(threads) as pool:
            jobs = (pool.submit(_reduced, name, data, short_sides) for name, data in _encoded(list(paths)))
            for job in list(jobs):
                try:
                    found = job.result()
                except DataError:
                    pool.shutdown(cancel_futures=True)
                    raise
                if not found:
                    continue
                first.append(len(levels))
                count.append(len(found))
                for image in found:
                    levels.append((at, *image.shape[:2]))
                    blocks.append(image.reshape(-1, 3))
                    at += len(blocks[-1])
        if not blocks:
            raise DataError(f"There is no photograph of at least {min(short_sides)} px there; check --data.")
        block = torch.from_numpy(np.concatenate(blocks))
        return cls(block, torch.tensor(levels), torch.tensor(first), torch.tensor(count))

    def __len__(self) -> int:
        return len(self.first)

    def fingerprint(self) -> str:
        """Short digest of all pixels: which photographs a run was trained on."""
        digest = hashlib.sha256(self.levels.cpu().numpy().tobytes())
        digest.update(self.pixels.cpu().numpy().data)
        return digest.hexdigest()[:16]

    def to(self, device: str | torch.device) -> Photos:
        """The same on another device."""
        moved = {name: getattr(self, name).to(device) for name in ("pixels", "levels", "first", "count")}
        return replace(self, **moved)

    def crops(self, count: int, side: int, generator: Generator) -> Tensor:
        """Random crops, half of them mirrored: ``uint8 [count, 3, side, side]``."""
        device = generator.device

        def below(limits: Tensor) -> Tensor:
            drawn = torch.rand(count, generator=generator, device=device, dtype=torch.float64)
            return (drawn * limits).long()

        photo = below(torch.full((count,), len(self), device=device))
        start, height, width = self.levels[self.first[photo] + below(self.count[photo])].unbind(1)
        top, left = below(height - side + 1), below(width - side + 1)
        axis = torch.arange(side, device=device)
        mirrored = below(torch.full((count,), 2, device=device)).bool()
        columns = torch.where(mirrored[:, None], axis.flip(0), axis)
        rows = (start + (top * width) + left)[:, None] + axis * width[:, None]
        return self.pixels[rows[:, :, None] + columns[:, None, :]].permute(0, 3, 1, 2)
