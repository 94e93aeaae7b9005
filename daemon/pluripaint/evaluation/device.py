"""Where the networks of an evaluation run. One device for a whole run: seconds of two of them are not comparable."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from pluripaint.pipeline import devices

from .run import Told


class NoDevice(ValueError):
    """A device that cannot be used; the message is a sentence for the user."""


def chosen(wanted: str, offered: Sequence[str], told: Told) -> str:
    """The device to run on.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``. ``auto``: the first of ``offered`` if it works, else
            the processor.
        offered: devices that the system shows, best first.
        told: told where ``auto`` had to do without a card that is there.

    Raises:
        NoDevice: what was named does not work.
    """
    device = offered[0] if wanted == "auto" and offered else "cpu" if wanted == "auto" else wanted
    reason = _refusal(device)
    if not reason:
        return device
    if wanted != "auto":
        raise NoDevice(f"{device} cannot be used here ({reason}); leave --device out, or name another.")
    told(f"{device} cannot be used ({reason}); networks run on the processor.")
    return "cpu"


def described(device: str) -> str:
    """For the report: the device, and which card that is."""
    if device.startswith("cuda"):
        import torch

        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device} ({platform.machine()} {platform.system()})"


def failed(device: str, error: Exception) -> NoDevice | None:
    """The sentence where ``device`` is what failed; ``None`` where it is not to blame."""
    kind = "" if device == "cpu" else devices.trouble(error)
    if not kind:
        return None
    what = "has no memory left" if kind == "memory" else f"failed ({_first_line(error)})"
    return NoDevice(
        f"{device} {what}; run again with --device cpu, or a smaller --pool. Done cases are kept."
    )


def _refusal(device: str) -> str:
    """Why a device does not work, in PyTorch's words; empty where it does."""
    if device == "cpu":
        return ""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        return _first_line(error)
    return ""


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
