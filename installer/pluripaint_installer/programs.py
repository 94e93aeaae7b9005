"""Running other programs: in a clean environment, watched, logged, and with a sentence when they fail."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from .trouble import Trouble

QUIET_SECONDS = 10.0  # a step longer than this says that it is still at work


def say(line: str, end: str = "\n") -> None:
    """One line to the user, at once; where nobody reads any more the work goes on all the same."""
    try:
        print(line, end=end, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor a closed terminal ends what must be finished; the programs it runs are as deaf."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.SIG_IGN) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


@contextlib.contextmanager
def still_at_work(what: str) -> Iterator[None]:
    """Say every few seconds that ``what`` goes on, with the time it took so far."""
    done = threading.Event()
    began = time.monotonic()

    def remind() -> None:
        while not done.wait(QUIET_SECONDS):
            say(f"    … {what}, {time.monotonic() - began:.0f} s")

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Programs:
    """Runs programs with one environment; what they print goes to ``log``."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment = dict(environment)
        self.log = log

    def run(
        self,
        command: Sequence[str],
        what: str,
        *,
        line: Callable[[str], None] | None = None,
        limit: float = 3600.0,
        check: bool = True,
        **more: str,
    ) -> tuple[int, str]:
        """Run ``command`` and give its exit status and output; each line also goes to ``line`` as it comes.

        Raises Trouble when it can't be started, runs over ``limit`` seconds or (with ``check``) fails.
        """
        output: list[str] = []
        try:
            process = subprocess.Popen(
                list(command),
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/" if os.name == "posix" else None,  # never a folder whose modules could be imported
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise Trouble(f"{what} failed: {command[0]} can't be run ({error.strerror}).") from error
        assert process.stdout
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            for text in process.stdout:
                output.append(text)
                if line:
                    line(text.rstrip())
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            over = not timer.is_alive() and process.returncode not in (0, None)
            timer.cancel()
            process.stdout.close()
        self._note(command, status, output)
        if over:
            raise Trouble(
                f"{what} was ended after {limit:.0f} s without a result.", "Run the installer again."
            )
        if check and status:
            raise Trouble(f"{what} failed: {reason(output)}")
        return status, "".join(output)

    def _note(self, command: Sequence[str], status: int, output: list[str]) -> None:
        with contextlib.suppress(OSError), self.log.open("a", encoding="utf-8") as file:
            shown = [text for text in output if not text.startswith("Progress ")]
            file.write(f"$ {shlex.join(command)}\n{''.join(shown)}→ {status}\n")


def reason(output: Sequence[str]) -> str:
    """The line of a failed program's output that says why."""
    lines = [text.strip() for text in output if text.strip() and not text.startswith("Progress ")]
    for mark in ("No space left", "ERROR:", "Error:", "error:"):
        for text in reversed(lines):
            if mark in text:
                return text.removeprefix("ERROR: ")
    return lines[-1] if lines else "it said nothing."


class Download:
    """Turns pip's raw progress lines into one line a file, with a moving figure on a terminal."""

    def __init__(self, total: int) -> None:
        self.total, self.before, self.now = total, 0, 0
        self.terminal = sys.stdout.isatty()
        self.shown = time.monotonic()

    def __call__(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word == "Progress":
            self._advance(rest)
        elif word == "Downloading":
            self.before += self.now
            self.now = 0
            name = rest.split("/")[-1].split("-")[0] if "/" in rest else rest.split("-")[0]
            size = f" ({rest.rsplit('(', 1)[1]}" if "(" in rest else ""
            say(f"    {name}{size}")
        elif line.startswith("Installing collected"):
            say("    unpacking (torch takes a while)")

    def _advance(self, rest: str) -> None:
        done = rest.partition(" of ")[0]
        if not done.isdigit():
            return
        self.now = int(done)
        interval = 0.5 if self.terminal else QUIET_SECONDS
        if time.monotonic() - self.shown >= interval and self.total:
            self.shown = time.monotonic()
            share = min(100, 100 * (self.before + self.now) // self.total)
            text = f"    {megabytes(self.before + self.now)} of {megabytes(self.total)} ({share} %)"
            say(text, end="\r" if self.terminal else "\n")


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
