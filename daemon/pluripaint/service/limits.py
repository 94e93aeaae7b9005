"""What the daemon allows itself and others: times, devices, threads, bytes in flight."""

from __future__ import annotations

import math
import os
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pluripaint_client.protocol import LIMITS, Limits, ProtocolError


@dataclass(frozen=True)
class Settings:
    """Times in seconds.

    Attributes:
        idle: a worker without work ends after this long.
        hang: a worker without a sign of life for this long is killed.
        starting: a worker that has not reported by then is killed.
        cancel_answer: a cancelled job is answered after this long even if its worker has not stopped yet.
        cancel_grace: a worker that has not stopped by then is killed.
        worker_command: program of a worker.
        devices: best first; the last is always ``cpu``.
    """

    idle: float = 600.0
    hang: float = 30.0
    starting: float = 90.0
    cancel_answer: float = 0.4
    cancel_grace: float = 5.0
    worker_command: Sequence[str] = (sys.executable, "-m", "pluripaint.service.worker")
    devices: Sequence[str] = ("cpu",)
    limits: Limits = LIMITS


def from_environment() -> Settings:
    """Settings of this machine; ``PLURIPAINT_IDLE_SECONDS`` and ``PLURIPAINT_DEVICES`` override.

    Raises:
        ValueError: one of them makes no sense; a sentence for the person.
    """
    given = os.environ.get("PLURIPAINT_IDLE_SECONDS", "600")
    try:
        idle = float(given)
    except ValueError:
        idle = math.nan
    if not 0 <= idle < math.inf:
        raise ValueError(f"PLURIPAINT_IDLE_SECONDS is “{given}”; make it a number of seconds, or unset it.")
    chosen = os.environ.get("PLURIPAINT_DEVICES")
    named = [name.strip() for name in chosen.split(",")] if chosen else accelerators()
    return Settings(idle=idle, devices=(*(name for name in named if name and name != "cpu"), "cpu"))


def accelerators() -> list[str]:
    """GPUs by what the system shows, without loading a library; a worker finds out whether they work."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        usable = [part for part in visible.split(",") if part.strip() and part.strip() != "-1"]
        return [f"cuda:{k}" for k in range(len(usable))]
    cards = len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) if sys.platform.startswith("linux") else 0
    in_windows = sys.platform == "win32" and shutil.which("nvidia-smi")
    if not cards and (
        in_windows or Path("/usr/lib/wsl/lib/nvidia-smi").exists()
    ):  # the latter: Linux inside Windows
        cards = 1
    if cards:
        return [f"cuda:{k}" for k in range(cards)]
    return ["mps"] if sys.platform == "darwin" and platform.machine() == "arm64" else []


def compute_threads() -> int:
    """Threads a worker may compute with, torch and numba together: all cores but one, at least two."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, available - 1)


@dataclass
class Ledger:
    """Bytes of accepted jobs that the broker holds or has lent to a worker, in all and per client."""

    limits: Limits
    total: int = 0
    by_client: Counter[bytes] = field(default_factory=Counter)

    def take(self, client: bytes, size: int) -> None:
        """Book a job's bytes.

        Raises:
            ProtocolError: ``busy``: the client or all together would hold more than the limit.
        """
        mine, everyone = self.by_client[client] + size, self.total + size
        if mine > self.limits.client_bytes or everyone > self.limits.total_bytes:
            raise ProtocolError(
                "busy",
                "Too many pixels are waiting already.",
                "Wait until earlier jobs are done, then try again.",
            )
        self.total = everyone
        self.by_client[client] = mine

    def give_back(self, client: bytes, size: int) -> None:
        """A job's bytes are gone."""
        self.total -= size
        self.by_client[client] -= size
        if self.by_client[client] <= 0:
            del self.by_client[client]
