"""When a GPU's memory is exhausted: half the batch, then the processor, each said in a sentence.

The one seam for errors of a device: whatever runs a job goes through :func:`run`.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

from pluripaint.pipeline import devices
from pluripaint_client.texts import Sentence

Result = TypeVar("Result")

_FULL = "The graphics card's memory is full; going on with the processor, which is slower."
_NO_CARD = "The graphics card cannot be used; going on with the processor, which is slower."


def run(
    work: Callable[[str, int | None], Iterator[Result]],
    device: str,
    batch: int,
    note: Callable[[str], None],
    broken: Callable[[], None],
) -> Iterator[Result]:
    """Results of ``work(device, batch)``, tried again with less until it fits.

    Args:
        work: draws candidates on a device, at most ``batch`` at a time (``None``: as many as it likes).
            A second attempt starts over; candidates drawn before may come again.
        batch: candidates the first attempt draws together.
        note: told what changes.
        broken: told when only another process can use the device again.

    Raises:
        Exception: whatever ``work`` raises on the processor, or for other reasons than a device's memory.
    """
    current: int | None = None
    while True:
        try:
            yield from work(device, current)
            return
        except Exception as error:
            reason = devices.trouble(error)
            if device == "cpu" or not reason:
                raise
        if reason == "broken":
            broken()
        _free()
        if reason == "memory" and current != 1 and batch > 1:
            current = max(1, (current or batch) // 2)
            note(
                Sentence(
                    "The graphics card's memory is full; going on with {count} at a time.", count=current
                )
            )
        else:
            device, current = "cpu", None
            note(_FULL if reason == "memory" else _NO_CARD)


def _free() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # of a card that is lost to this process
            torch.cuda.empty_cache()
