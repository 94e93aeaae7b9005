"""What runs in a worker process: jobs one after the other, in a process that may be killed at any instant.

The main thread computes; a second one speaks with the broker and shows signs of life; a third waits for the
broker's end of standard input to close, which ends the process whatever it is doing.
"""

from __future__ import annotations

import errno
import faulthandler
import json
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from pluripaint import folders
from pluripaint.service import logs, memory
from pluripaint.service.logs import LOG
from pluripaint.service.wire import Line
from pluripaint_client import protocol
from pluripaint_client.texts import Sentence

Fill = Callable[..., Iterator[Any]]

_PROGRESS_INTERVAL = 0.1


def main(fill: Fill | None = None) -> None:
    """Run until the broker goes away.

    Args:
        fill: draws candidates; ``None``: ``pluripaint.pipeline.fill``.
    """
    orders = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_broker, daemon=True).start()
    _prepare_process(orders["device"], int(orders["threads"]))
    with open(orders["cancel"], "r+b") as file:  # noqa: PTH123
        cancel = mmap.mmap(file.fileno(), 1)
    from pluripaint.service import exchange

    line = Line(orders["endpoint"], orders["name"], orders["secret"], exchange.methods)
    line.start({"device": orders["device"]})
    LOG.info("worker for %s is ready", orders["device"])
    worker = _Worker(line, cancel, orders["device"], fill)
    while True:
        worker.handle(line.orders.get())


def _end_with_broker() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def _prepare_process(device: str, threads: int) -> None:
    """Before anything computes: low priority, one budget of threads, a place for compiled kernels."""
    logs.configure(f"worker-{device}")
    faulthandler.enable()
    memory.reuse_blocks()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folders.cache() / "numba"))
    if hasattr(os, "nice"):
        os.nice(10)


class JobProgress:
    """The pipeline's progress: tells the broker, and raises once the job is cancelled."""

    def __init__(self, line: Line, job: str, cancel: mmap.mmap) -> None:
        import numpy as np

        self._line, self._job = line, job
        self._flag = np.frombuffer(cancel, np.uint8, 1)
        self._told, self._stage, self._fraction = 0.0, "", 0.0

    def __call__(self, stage: str, fraction: float, preview: Any = None) -> None:
        from pluripaint.methods.base import Cancelled

        self._line.sign_of_life()
        if self._flag[0]:
            raise Cancelled
        self._fraction = min(max(float(fraction), 0.0), 1.0)
        now = time.monotonic()
        if stage == self._stage and now - self._told < _PROGRESS_INTERVAL:
            return
        self._told, self._stage = now, stage
        fields = {"job": self._job, "stage": stage, "fraction": self._fraction}
        frames = []
        if preview is not None:
            from pluripaint.service import exchange

            fields["preview"], picture = exchange.preview(preview)
            frames = [picture]
        self._line.send("progress", fields, frames)

    @property
    def cancel_flag(self) -> Any:
        """The shared byte as ``uint8 [1]``."""
        return self._flag

    def note(self, sentence: str) -> None:
        """Tell the person something they should know."""
        LOG.warning("job %s: %s", self._job, sentence)
        fields = {"job": self._job, "stage": self._stage, "fraction": self._fraction, "note": sentence}
        self._line.send("progress", fields)


class _Worker:
    def __init__(self, line: Line, cancel: mmap.mmap, device: str, fill: Fill | None) -> None:
        self._line, self._cancel, self._device, self._fill = line, cancel, device, fill
        self._spoiled = False

    def handle(self, order: tuple[dict[str, Any], list[Any]]) -> None:
        header, frames = order
        if header["type"] == "warm":
            self._warm(header["method"])
            self._line.rest()
            self._line.send("warmed", {})
            return
        job = header["job"]
        try:
            kind, fields = self._run(job, header, frames)
        except Exception as error:
            LOG.error("job %s failed: %s", job, logs.error_without_content(error))
            kind, fields = "failed", _internal(error)
        del frames, order
        self._line.rest()
        self._line.send(kind, {"job": job, "spoiled": self._spoiled, **fields})
        memory.trim()

    def _run(self, job: str, header: dict[str, Any], frames: list[Any]) -> tuple[str, dict[str, Any]]:
        """Draw, and say how it ended."""
        from pluripaint.methods.base import Cancelled
        from pluripaint.pipeline import presets
        from pluripaint.pipeline.types import Candidate, FillError, Settled
        from pluripaint.service import attempts, exchange

        submission = protocol.parse_submit(header, [len(frame) for frame in frames])
        request = exchange.request(submission, frames)
        progress = JobProgress(self._line, job, self._cancel)
        started = time.monotonic()
        weights: dict[tuple[str, int], str] = {}
        settled: Settled | None = None

        def work(device: str, batch: int | None) -> Iterator[Any]:
            return self._draw(request, progress, device, batch)

        try:
            for drawn in attempts.run(work, self._device, presets.pool(request), progress.note, self._spoil):
                self._line.sign_of_life()
                if isinstance(drawn, Candidate):
                    key = (drawn.method, drawn.seed)
                    if key not in weights:
                        self._line.send("candidate", *exchange.candidate(job, drawn))
                    weights[key] = drawn.weights_sha256
                elif isinstance(drawn, Settled):
                    settled = drawn
        except Cancelled:
            return "cancelled", {}
        except FillError as error:
            return "failed", {"code": error.code, "sentence": error.sentence, "next": error.next_step}
        if settled is None:
            raise RuntimeError("the pipeline ended without settling")
        return "done", {
            "order": [[method, int(seed)] for method, seed in zip(settled.methods, settled.seeds)],
            "weights": {method: sha for (method, _), sha in weights.items()},
            "configuration": settled.configuration,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _spoil(self) -> None:
        """The next job shall find another process: this one has lost its device for good."""
        self._spoiled = True

    def _draw(self, request: Any, progress: Any, device: str, batch: int | None) -> Iterator[Any]:
        if self._fill is not None:
            return self._fill(request, progress, device, batch)
        from pluripaint import pipeline

        return pipeline.fill(request, progress, device, batch)

    def _warm(self, method: str) -> None:
        """A tiny job: loads weights and compiled kernels whatever the method."""
        if self._fill is not None:
            return
        import numpy as np

        from pluripaint import pipeline
        from pluripaint_client.geometry import Region

        pixels = np.full((64, 64, 3), 128, np.uint8)
        selection = np.zeros((64, 64), np.uint8)
        selection[28:36, 28:36] = 255
        part = pipeline.RegionPixels(Region(0, 0, 64, 64), pixels, selection)
        request = pipeline.FillRequest([part], count=1, pool=1, preset="fast", method=method)
        try:
            for _ in pipeline.fill(request, _Quiet(self._line), self._device):
                pass
        except Exception as error:
            LOG.warning("warming up %s: %s", method, logs.error_without_content(error))


class _Quiet:
    """Progress of a warm-up: nobody listens."""

    def __init__(self, line: Line) -> None:
        import numpy as np

        self.cancel_flag = np.zeros(1, np.uint8)
        self._line = line

    def __call__(self, stage: str, fraction: float, preview: Any = None) -> None:
        self._line.sign_of_life()


def _internal(error: Exception) -> dict[str, Any]:
    """A failure for the person; details are in the log."""
    if isinstance(error, MemoryError) or "OutOfMemoryError" in type(error).__name__:
        return {
            "code": "out-of-memory",
            "sentence": "There was not enough memory for this job.",
            "next": "Select a smaller area or close other programs, then try again.",
        }
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return {
            "code": "disk-full",
            "sentence": "There is no space left on the disk.",
            "next": "Make room, then try again.",
        }
    return {
        "code": "internal",
        "sentence": Sentence("Something went wrong inside pluripaint ({kind}).", kind=type(error).__name__),
        "next": "See “pluripaint daemon logs”, and report it.",
    }


if __name__ == "__main__":
    main()
