"""A job that runs: a bar on the terminal, and Ctrl-C that ends it at the next step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pluripaint.methods.base import Cancelled


class Running:
    """What a method tells; see :class:`pluripaint.methods.base.Progress`."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=1.0)
        self._flag = np.zeros(1, np.uint8)

    @property
    def cancel_flag(self) -> np.ndarray:
        """``uint8 [1]``, set by Ctrl-C."""
        return self._flag

    def __call__(self, stage: str, fraction: float, preview: np.ndarray | None = None) -> None:
        if self._flag[0]:
            raise Cancelled
        self._bar.update(self._task, description=stage, completed=fraction)

    def note(self, sentence: str) -> None:
        """Something the person should see."""
        self._bar.console.print(sentence)

    def cancel(self) -> None:
        """Ask for the job's end."""
        self._flag[0] = 1


@contextmanager
def interruptible(console: Console) -> Iterator[Running]:
    """Show a bar while a job runs; the first Ctrl-C cancels it, a second one ends the program at once.

    Being told to end (SIGTERM) and the terminal's end (SIGHUP) count as Ctrl-C: nothing half written stays.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        running = Running(bar)
        if threading.current_thread() is not threading.main_thread():
            yield running
            return

        def stop(number: int, frame: FrameType | None) -> None:
            signal.signal(number, signal.default_int_handler)
            running.cancel()

        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield running
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
