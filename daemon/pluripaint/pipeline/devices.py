"""What PyTorch says when a device fails, sorted by what can be done about it. Must not import PyTorch."""

from __future__ import annotations

_BROKEN = ("cuda error",)
"""What PyTorch says, in lower case, once this process can do nothing more on the card, whatever it tries."""

_UNUSABLE = (
    "no cuda",
    "not compiled with cuda",
    "no nvidia driver",
    "nvidia driver on your system",
    "invalid device ordinal",
    "not linked with support for mps",
    "mps backend is supported",
)
"""What PyTorch says, in lower case, where a device is not there, too old, broken or not built in."""


def trouble(error: BaseException) -> str:
    """``memory``, ``broken``, ``device`` or nothing. PyTorch's classes are known by name."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error).lower()
    if "OutOfMemoryError" in names or ("RuntimeError" in names and "out of memory" in text):
        return "memory"
    # That a device is not built in is an AssertionError.
    torchs_own = names & {"RuntimeError", "AssertionError"}
    if torchs_own and any(words in text for words in _UNUSABLE):
        return "device"
    return "broken" if "RuntimeError" in names and any(words in text for words in _BROKEN) else ""
