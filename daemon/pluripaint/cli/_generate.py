"""The verb ``generate``: read, run, choose, write; every refusal is one sentence."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from pluripaint.cli import _place, _result, _running
from pluripaint.cli._common import Failed, Refused
from pluripaint.imaging import ImageError, Photo, read_mask, read_photo
from pluripaint.methods import registry
from pluripaint.methods.base import Cancelled
from pluripaint.pipeline import Candidate, FillError, FillRequest, Settled, fill, presets
from pluripaint.pipeline.photo_job import request_for


@dataclass
class _Input:
    photo: Photo
    selection: np.ndarray
    request: FillRequest
    notes: list[str] = field(default_factory=list)


def run(photo: Path, mask: Path, out: Path, *, in_process: bool, overwrite: bool, **wanted: Any) -> None:
    """Do the whole verb.

    Raises:
        Refused: bad input; exit 2. Failed: the daemon failed; exit 1. SystemExit(130): cancelled.
    """
    console = Console(stderr=True)
    started = time.perf_counter()
    try:
        given = _read(photo, mask, wanted)
        with _running.interruptible(console) as running, _place.folder(out, overwrite) as place:
            run_job = _in_process if in_process else _through_daemon()
            candidates, settled = _collect(run_job(given.request, running))
            running("writing", 1.0)
            report = {
                "photo": str(photo),
                "mask": str(mask),
                "through": "this process" if in_process else "the daemon",
                "seconds": round(time.perf_counter() - started, 3),
                "notes": given.notes,
            }
            _result.write(place, given.photo, given.selection, given.request, candidates, settled, report)
            running("done", 1.0)
    except Cancelled:
        console.print("Cancelled; nothing was written.")
        sys.exit(130)
    except (ImageError, _place.OutputError) as error:
        raise Refused(str(error)) from None
    except FillError as error:
        raise (Failed if error.code in _NOT_THE_USERS else Refused)(str(error)) from None
    except OSError as error:
        raise Refused(_trouble(error, out)) from None
    except MemoryError:
        raise Refused(
            "This needs more memory than the machine has; use a smaller photo or selection."
        ) from None
    for note in given.notes:
        console.print(f"Note: {note}")
    Console().print(f"{len(settled.seeds)} variations in {out}", soft_wrap=True, highlight=False)


_NOT_THE_USERS = {
    "not-running",
    "not-ours",
    "refused",
    "timed-out",
    "wrong-version",
    "connection-lost",
    "daemon-stopped",
    "no-worker",
    "worker-died",
    "worker-hung",
    "busy",
    "deadline",
    "internal",
    "bad-message",
    "unknown-type",
}
"""Codes of failures that no other photo, mask or option would have avoided."""


def _read(photo_path: Path, mask_path: Path, wanted: dict[str, Any]) -> _Input:
    """Everything is looked at before anything is started."""
    options, exclude_path, context = (
        _options(wanted.pop("options")),
        wanted.pop("exclude"),
        wanted.pop("context"),
    )
    _check_names(wanted)
    photo = read_photo(photo_path)
    selection = read_mask(mask_path, photo_path)
    exclude = None if exclude_path is None else read_mask(exclude_path) >= 128
    for what, array in (("mask", selection), ("exclusion mask", exclude)):
        if array is not None and array.shape != photo.pixels.shape[:2]:
            raise ImageError(
                f"The {what} has {array.shape[1]} × {array.shape[0]} pixels as displayed, the photo "
                f"{photo.pixels.shape[1]} × {photo.pixels.shape[0]}; both need the same size."
            )
    request = request_for(photo, selection, exclude, context, options=options, **wanted)
    given = _Input(photo, selection, request)
    if any((part.selection > 0).mean() > 0.9 for part in request.regions):
        given.notes.append(
            "the hole takes more than nine tenths of its region: there is little to make it from."
        )
    if photo.pixels.dtype == np.float32:
        given.notes.append(
            "layers.ora holds the float pixels as 16 bit, cut to 0…1; the .tif files hold them whole."
        )
    if photo.premultiplied:
        given.notes.append(
            "layers.ora holds the photo's colours divided by its alpha, as its format wants; the .tif files hold "
            "them as they were."
        )
    return given


def _options(pairs: tuple[str, ...]) -> dict[str, float]:
    options = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            options[name.strip()] = float(value)
        except ValueError:
            raise Refused(f"“{pair}” is no option; write NAME=NUMBER.") from None
    return options


def _check_names(wanted: dict[str, Any]) -> None:
    presets.load(wanted["preset"])
    if wanted["pool"] is not None and wanted["pool"] < wanted["count"]:
        raise Refused(f"A pool of {wanted['pool']} is too small for {wanted['count']} variations.")
    try:
        if wanted["method"] != "auto" and registry.info(wanted["method"]).needs_weights:
            registry.weights_file(wanted["method"], wanted["weights"])
        elif wanted["weights"]:
            raise Refused(f"The method {wanted['method']} takes no weights; leave --weights out.")
    except registry.MethodError as error:
        raise Refused(str(error)) from None


def _in_process(request: FillRequest, running: _running.Running) -> Iterator[Candidate | Settled]:
    """On the device, and with the ways out, of a worker of the daemon."""
    from pluripaint.service import attempts, limits

    def work(device: str, batch: int | None) -> Iterator[Candidate | Settled]:
        return fill(request, running, device, batch)

    try:
        device = limits.from_environment().devices[0]
    except ValueError as error:  # a variable of the daemon's, mistyped
        raise Refused(str(error)) from None
    return attempts.run(work, device, presets.pool(request), running.note, lambda: None)


def _through_daemon() -> Callable[[FillRequest, _running.Running], Iterator[Candidate | Settled]]:
    from pluripaint.cli._daemon_job import fill_through_daemon

    return fill_through_daemon


def _collect(events: Iterator[Candidate | Settled]) -> tuple[list[Candidate], Settled]:
    """All candidates, and which are shown. After a second attempt a candidate may have come twice."""
    candidates: dict[tuple[str, int], Candidate] = {}
    for event in events:
        if isinstance(event, Settled):
            return list(candidates.values()), event
        candidates[event.method, event.seed] = event
    raise FillError("internal", "The job ended without a result.", "Try again.")


def _trouble(error: OSError, out: Path) -> str:
    place = error.filename if isinstance(error.filename, str) else out
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"There is no space left for {out}; free some and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} may not be written; choose a folder of your own with -o."
    return f"{place} cannot be written ({error.strerror}); choose another folder with -o."
