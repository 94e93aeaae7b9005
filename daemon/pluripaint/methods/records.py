"""Weights files and the records beside them.

``NAME.safetensors`` holds the parameters, ``NAME.json`` the record: method, config, data, licence, steps,
figures, sha256.  Both are written under another name, flushed and renamed: the file first, so that
a record never speaks of weights that are not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluripaint import folders, resources

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Record:
    """What is known about one weights file.

    Attributes:
        config: sizes of the networks, as the method writes them.
        data: what they were trained on, one line per source.
        licence: SPDX name or a sentence; ``"unknown"`` for imported files that do not say.
        steps: optimiser steps per training stage.
        figures: measured numbers by name, with the configuration they were measured in.
        guide: how the detail step takes these weights' fills, ``{"mode": "start" | "grow", "weight": 0…4}``; empty:
            as the method says.
        sha256: of the weights file, in hexadecimal.
    """

    method: str
    name: str
    config: Mapping[str, Any]
    data: str
    licence: str
    sha256: str = ""
    steps: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    guide: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""


def check_name(name: str) -> None:
    """Raises ``ValueError`` for a name that could not be a file's on every system."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name) or name.endswith("."):
        raise ValueError(
            f"“{name}” is no name for weights; use letters, digits, dots, dashes and underscores."
        )


def _by_rename(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        write(Path(temporary))
        with Path(temporary).open("rb+") as file:
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            summed.update(block)
    return summed.hexdigest()


def save(record: Record, state: Mapping[str, Tensor], folder: Path | None = None, half: bool = False) -> Path:
    """Write weights and record; returns the weights file's path.

    Args:
        folder: default: the user's own weights folder.
        half: floats in half precision, as shipped weights are.

    Raises:
        ValueError: the record's name could not be a file name.
        OSError: no space or no rights; nothing half written is left.
    """
    from safetensors.torch import save_file

    check_name(record.name)
    folder = folder or folders.weights()
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        k: (v.half() if half and v.is_floating_point() else v).detach().cpu().contiguous().clone()
        for k, v in state.items()
    }
    path = folder / f"{record.name}.safetensors"
    _by_rename(path, lambda p: save_file(tensors, p))
    whole = {**asdict(record), "sha256": digest(path)}
    _write_record(path, whole)
    return path


def note(path: Path, **members: Any) -> None:
    """Change members of the record beside a weights file; the weights stay as they are.

    Raises:
        OSError: no record, no space or no rights; the old record is untouched.
    """
    record = json.loads(path.with_suffix(".json").read_text("utf-8"))
    _write_record(path, {**record, **members})


def _write_record(path: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    _by_rename(path.with_suffix(".json"), lambda p: p.write_text(text, "utf-8"))


def listed(method: str) -> list[dict[str, Any]]:
    """Records of all weights of a method, the user's own before the bundled ones; unreadable ones
    are left out."""
    roots = [folders.weights()]
    with contextlib.suppress(FileNotFoundError):
        roots.append(resources.bundled("assets/weights"))
    found: dict[str, dict[str, Any]] = {}
    for root in roots:
        for path in sorted([*root.glob("*.json"), *root.glob("*/*.json")]):
            try:
                record = json.loads(path.read_text("utf-8"))
            except (OSError, ValueError):
                continue
            if record.get("method") == method and path.with_suffix(".safetensors").is_file():
                found.setdefault(str(record["name"]), record)
    return list(found.values())
