"""Workers: started, watched, ended. One process per device; each may be killed at any instant."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pluripaint.service import limits, logs, memory
from pluripaint.service.limits import Settings
from pluripaint.service.queue import Job
from pluripaint_client.texts import Sentence

_KILL_AFTER = 3.0
"""Seconds a worker may take to end once it was asked to."""


class CancelByte:
    """One byte that broker and worker both see: non-zero means stop. Kernels look at it row by row."""

    def __init__(self) -> None:
        """Raises ``OSError`` where there is no room for it; nothing is left of it then."""
        descriptor, name = tempfile.mkstemp(prefix="pluripaint-cancel-")
        self.path = Path(name)
        try:
            os.write(descriptor, b"\0")
            self._map = mmap.mmap(descriptor, 1)
        except BaseException:
            self.unlink()
            raise
        finally:
            os.close(descriptor)

    def set(self, value: bool) -> None:
        """Raise or lower the flag."""
        self._map[0] = 1 if value else 0

    def unlink(self) -> None:
        """The name is not needed once the worker has opened it."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Away with it."""
        self.unlink()
        self._map.close()


class Worker:
    """One worker process. Raises ``OSError`` where it cannot be started; nothing is left of it then.

    Attributes:
        state: ``starting``, ``idle``, ``busy`` or ``ending``.
        held: what it last said of its device's memory.
        route: its address on the workers' socket, once it has reported.
        sentinel: a descriptor that becomes readable when the process ends; ``None`` where there is none.
        release: end as soon as there is nothing to do.
    """

    def __init__(self, settings: Settings, device: str, endpoint: str, name: str, secret: str) -> None:
        self.device, self.name = device, name
        self.state = "starting"
        self.route: bytes | None = None
        self.job: Job | None = None
        self.release = False
        self.held: dict[str, Any] = {}
        self.warming: str | None = None
        self.cancel = CancelByte()
        self.started = self.alive = self.since = time.monotonic()
        self._settings = settings
        try:
            self.process = _spawn(settings.worker_command)
        except BaseException:
            self.cancel.close()
            raise
        memory.lift_bound(self.process.pid)
        self.sentinel = _sentinel(self.process.pid)
        self._tell(
            {
                "endpoint": endpoint,
                "name": name,
                "secret": secret,
                "device": device,
                "threads": limits.compute_threads(),
                "cancel": str(self.cancel.path),
            }
        )

    def _tell(self, fields: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(fields).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass  # dead already: the sentinel says so

    @property
    def dead(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def become(self, state: str) -> None:
        """Change state and remember when."""
        self.state, self.since = state, time.monotonic()

    def overdue(self, now: float) -> str:
        """Why this worker must be killed now (``hung``, ``starting``, ``cancel``, ``ending``), or nothing."""
        if self.state == "starting":
            return "starting" if now - self.started > self._settings.starting else ""
        if self.state == "ending":
            return "ending" if now - self.since > _KILL_AFTER else ""
        cancelled = self.job.cancelled if self.job is not None else None
        if cancelled is not None and now - cancelled > self._settings.cancel_grace:
            return "cancel"
        return "hung" if now - self.alive > self._settings.hang else ""

    def end(self) -> None:
        """Ask it to end: it does when its standard input closes."""
        self.become("ending")
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def kill(self) -> None:
        """End it at once; one that waits inside the kernel, for a driver, is :attr:`dead` only after that."""
        self.process.kill()

    def bury(self) -> None:
        """Release what belonged to a worker that is dead or given up."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        if self.sentinel is not None:
            os.close(self.sentinel)
            self.sentinel = None
        self.cancel.close()

    def describe(self) -> dict[str, Any]:
        """Its part of ``status``."""
        return {
            "device": self.device,
            "pid": self.process.pid,
            "state": self.state,
            "job": self.job.id if self.job is not None else None,
            "resident_bytes": memory.resident_bytes(self.process.pid),
            "device_bytes": self.held.get("device_bytes", 0),
            "seconds_in_state": round(time.monotonic() - self.since, 1),
        }

    def death(self) -> Sentence:
        """How the process ended."""
        code = int(self.process.returncode)
        if code == -9:
            return Sentence("The worker was ended by signal 9, perhaps for lack of memory.")
        if code < 0:
            return Sentence("The worker was ended by signal {number}.", number=-code)
        return Sentence("The worker ended with code {code}.", code=code)


def new_name() -> str:
    """A worker's name."""
    return secrets.token_hex(8)


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    with logs.raw("worker-stderr") as errors:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=os.sep if os.sep == "/" else None,
        )


def _sentinel(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
