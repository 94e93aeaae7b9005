"""What a run leaves on disk: one checkpoint, replaced by rename, and one line of figures for each."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

CHECKPOINT, METRICS, PART = "checkpoint.pt", "metrics.jsonl", "part.safetensors"


class ResumeError(Exception):
    """A run cannot be taken up again; the message is a sentence with the next step."""


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Write the checkpoint whole or not at all.  Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{CHECKPOINT}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / CHECKPOINT)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(folder: Path, device: str) -> dict[str, Any] | None:
    """The checkpoint of a run, ``None`` if there is none yet.

    Raises:
        ResumeError: the file is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
        raise ResumeError(
            f"{path} cannot be read ({type(error).__name__}); remove it to start this stage anew."
        ) from None
    return state


def note(folder: Path, figures: Mapping[str, Any]) -> None:
    """Append one line to the metrics."""
    with (folder / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(dict(figures)) + "\n")


def noted(folder: Path) -> list[dict[str, Any]]:
    """The metrics so far; a last line that was cut off is left out."""
    path = folder / METRICS
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    figures = []
    for line in lines:
        try:
            figures.append(json.loads(line))
        except ValueError:
            continue
    return figures


def save_part(folder: Path, state: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """The parameters one stage owns, averaged over time, for the stages after it."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{PART}.", dir=folder)
    os.close(handle)
    try:
        save_file(
            {k: v.detach().cpu().contiguous().clone() for k, v in state.items()}, temporary, dict(facts)
        )
        Path(temporary).replace(folder / PART)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_part(folder: Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """What :func:`save_part` wrote, ``None`` if the stage has not run."""
    from safetensors import safe_open

    if not (folder / PART).exists():
        return None
    with safe_open(folder / PART, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """Short digest of a set of tensors: which codec a token model was trained for."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
