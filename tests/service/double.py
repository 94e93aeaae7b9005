"""A worker whose pixels are made up and which misbehaves on command: the job's ``method`` says how.

Everything but ``pluripaint.pipeline.fill`` is the real worker.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import later
import numba
import numpy as np

from pluripaint.pipeline.types import Candidate, FillError, Settled
from pluripaint.service import worker
from pluripaint_client.geometry import Region


class OutOfMemoryError(RuntimeError):
    """Looks like PyTorch's."""


BROKEN = {
    "build": AssertionError("Torch not compiled with CUDA enabled"),
    "driver": RuntimeError("Found no NVIDIA driver on your system."),
    "context": RuntimeError("CUDA error: an illegal memory access was encountered"),
    "apple": RuntimeError("PyTorch is not linked with support for mps devices"),
    "apple-memory": RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
}
"""What PyTorch raises for devices that cannot be used."""


@numba.njit(nogil=True, cache=False)
def _long_kernel(rows: int, flag: np.ndarray, sums: np.ndarray) -> None:
    for row in range(rows):
        if flag[0]:
            return
        for column in range(100_000):
            # Stores as real kernels have them: without any, the compiler reads the flag only once.
            sums[column % 4] += (row * column) % 7


def _candidate(request, seed: int) -> Candidate:
    fills, boxes = [], []
    for part in request.regions:
        rows, columns = np.nonzero(part.selection)
        top, left = int(rows.min()), int(columns.min())
        height, width = int(rows.max()) - top + 1, int(columns.max()) - left + 1
        colours = 1 if part.pixels.shape[2] <= 2 else 3
        fills.append(np.full((height, width, colours), seed % 200, part.pixels.dtype))
        boxes.append(Region(part.region.left + left, part.region.top + top, width, height))
    return Candidate(seed, -float(seed), request.method, "", fills, boxes, 0.0)


def fill(request, progress, device="cpu", batch=None):
    """``pipeline.fill`` in all but pixels."""
    how, _, marker = request.method.partition(":")
    progress("starting", 0.0)
    if how == "fail":
        raise FillError("made-up", "This was made up.", "Do nothing.")
    if how == "bug":
        raise ValueError("array([1, 2, 3])" * 100)
    if how == "full":
        with open("/dev/full", "wb") as file:
            file.write(b"a compiled kernel, say")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "kill-once" and not os.path.exists(request.weights):
        with open(request.weights, "w"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if how == "hang":
        time.sleep(3600)
    if how == "nonsense":
        progress._line.send("progress", {"job": progress._job, "stage": 7})
        time.sleep(3600)
    if how == "kernel":
        _long_kernel(10, progress.cancel_flag, np.zeros(4))
        progress("kernel", 0.1, np.zeros((8, 8, 3), np.float32))
        _long_kernel(10**9, progress.cancel_flag, np.zeros(4))
        progress("kernel", 1.0)
    if how == "deaf":
        started = time.process_time()
        while time.process_time() - started < 60:
            pass
    if how == "oom" and device != "cpu" and (batch is None or batch > int(marker)):
        raise OutOfMemoryError("CUDA out of memory")
    if how == "broken" and device != "cpu":
        raise BROKEN[marker]
    for k in range(request.count):
        steps = 20 if how == "slow" else 1
        for step in range(steps):
            progress("drawing", (k + step / steps) / request.count)
            time.sleep(0.02 if how == "slow" else 0)
        yield _candidate(request, (request.seed + k) % 2**31)
        if how == "oom-late" and device != "cpu" and (batch is None or batch > 1) and k == 1:
            raise OutOfMemoryError("CUDA out of memory")
        if how == "kill-late":
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
    seeds = [(request.seed + k) % 2**31 for k in range(request.count)]
    yield Settled(seeds, [request.method] * request.count, f"{device} {batch}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "dies":
        sys.exit(3)
    if len(sys.argv) > 2 and sys.argv[1] == "speaks":
        later.speak(int(sys.argv[2]))
    worker.main(fill)
