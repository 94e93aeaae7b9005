"""When a GPU's memory is exhausted: half the batch, then the processor, each said in a sentence.

The one seam for errors of a device: whatever runs a job goes through :func:`run`.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

from pluripaint_client.texts import Sentence

Result = TypeVar("Result")


_BROKEN = ("cuda error",)
"""What PyTorch says, in lower case, once this process can do nothing more on the card, whatever it tries."""

_FULL = "The graphics card's memory is full; going on with the processor, which is slower."
_NO_CARD = "The graphics card cannot be used; going on with the processor, which is slower."

_UNUSABLE = (
    "no cuda",
    "not compiled with cuda",
    "no nvidia driver",
    "nvidia driver on your system",
    "not linked with support for mps",
    "mps backend is supported",
)
"""What PyTorch says, in lower case, where a device is not there, too old, broken or not built in."""


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
            reason = _device_trouble(error)
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


def _device_trouble(error: Exception) -> str:
    """``memory``, ``broken``, ``device`` or nothing. PyTorch's classes are known by name: this must not import it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error).lower()
    if "OutOfMemoryError" in names or ("RuntimeError" in names and "out of memory" in text):
        return "memory"
    if "RuntimeError" in names and any(words in text for words in _BROKEN):
        return "broken"
    # That a device is not built in is an AssertionError.
    torchs_own = names & {"RuntimeError", "AssertionError"}
    return "device" if torchs_own and any(words in text for words in _UNUSABLE) else ""


def _free() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # of a card that is lost to this process
            torch.cuda.empty_cache()
