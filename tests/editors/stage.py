"""A stage for real editors: an X server of its own with a window manager, keys, screenshots. No sleeping for luck."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

PATIENCE = 90.0
"""Seconds that anything may take; a machine at work on other things is no failure."""

Started = TypeVar("Started")


def wait_for(what: Callable[[], Any], seconds: float, describe: str, step: float = 0.05) -> Any:
    """The first true value of ``what``; fails with ``describe`` when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{describe} did not come within {seconds:g} s")
        time.sleep(step)


def last_lines(log: Path, size: int = 4000) -> str:
    """The end of a program's log, of which an editor says nothing unless something went wrong."""
    return log.read_text(errors="replace")[-size:] if log.exists() else ""


def end(process: subprocess.Popen[bytes], seconds: float = 5.0) -> None:
    """Ends a process started in a session of its own, with its children."""
    if process.poll() is None or process.pid:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue


def persistently(start: Callable[[], Started], times: int = 3) -> Started:
    """What ``start`` gives. A program that does not come up is no fault of what is tested: it is started again."""
    while True:
        times -= 1
        try:
            return start()
        except (AssertionError, OSError) as failure:
            if not times:
                raise
            print(f"Started once more: {failure}")


class Stage:
    """One X display, ``size`` in pixels. ``gtk``: for programs whose windows hand the keyboard to one hidden inside."""

    def __init__(self, shots: Path, gtk: bool = False, size: str = "1400x900") -> None:
        self.shots, self._gtk, self._size = shots, gtk, size
        shots.mkdir(parents=True, exist_ok=True)
        persistently(self._open)

    def _open(self) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            # Without -noreset the end of the first client, before the window manager is in, would reset the server
            # and throw the window manager out. Without -r a key whose release comes late on a busy machine repeats,
            # and one press starts several jobs.
            [
                *("Xvfb", "-displayfd", str(write), "-screen", "0", f"{self._size}x24"),
                *("-nolisten", "tcp", "-noreset", "-r"),
            ],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(write)
        with os.fdopen(read) as announced:
            number = announced.readline().strip() if select.select([read], [], [], PATIENCE)[0] else ""
        if not number:
            end(self._server)
            raise AssertionError("The X server did not start")
        self.display = ":" + number
        self.environment = {**os.environ, "DISPLAY": self.display}
        self._manager = subprocess.Popen(
            ["openbox"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: self._run("wmctrl", "-m") is not None, PATIENCE, "the window manager")
        except AssertionError:
            self.close()
            raise

    def _run(self, *command: str) -> str | None:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def windows(self) -> dict[str, str]:
        """Window number → title."""
        lines = (self._run("wmctrl", "-l") or "").splitlines()
        return {line.split(None, 3)[0]: line.split(None, 3)[-1] for line in lines if line.strip()}

    def window(self, title: str, seconds: float = PATIENCE) -> str:
        """Waits for a window whose title contains ``title``."""

        def found() -> str | None:
            return next((number for number, name in self.windows().items() if title in name), None)

        return str(wait_for(found, seconds, f"a window “{title}” among {list(self.windows().values())}"))

    def another(self, than: Iterable[str]) -> str:
        """Waits for a window that is none of these."""
        return str(wait_for(lambda: next(iter(set(self.windows()) - set(than)), None), PATIENCE, "a window"))

    def size(self, window: str) -> tuple[int, int]:
        """A window's width and height."""
        said = self._run("xdotool", "getwindowgeometry", "--shell", str(int(window, 16))) or ""
        words = dict(line.split("=", 1) for line in said.splitlines())
        return int(words.get("WIDTH", 0)), int(words.get("HEIGHT", 0))

    def gone(self, title: str, seconds: float = PATIENCE) -> None:
        """Waits until no window's title contains ``title``."""
        wait_for(
            lambda: not any(title in name for name in self.windows().values()),
            seconds,
            f"the end of “{title}”",
        )

    def focus(self, window: str) -> None:
        """Gives a window the keyboard and waits until it has it."""
        self._run("wmctrl", "-ia", window)

        def has_it() -> bool:
            if self._number("getactivewindow") != int(window, 16):
                return False
            # The toplevel of what has the keyboard, and that itself: GTK takes it inside a moment later.
            top, inner = self._number("getwindowfocus"), self._number("getwindowfocus", "-f")
            return top == int(window, 16) and (inner != top or not self._gtk)

        wait_for(has_it, PATIENCE, "the focus", 0.02)

    def _number(self, *question: str) -> int:
        return int((self._run("xdotool", *question) or "0").strip() or "0")

    def key(self, *keys: str) -> None:
        """Presses keys in the focused window."""
        self._run("xdotool", "key", "--clearmodifiers", "--delay", "60", *keys)

    def repeat(self, key: str) -> None:
        """Presses keys in the focused window as a desktop repeats them while they are held, for three seconds: the X
        server here does not do it itself.
        """
        first, then = ("--delay", "10", key), ("--delay", "10", "--repeat", "60", "--repeat-delay", "40", key)
        self._run(
            "xdotool", "key", "--clearmodifiers", *first, "sleep", "0.6", "key", "--clearmodifiers", *then
        )

    def type(self, text: str) -> None:
        """Types a text into the focused window."""
        self._run("xdotool", "type", "--delay", "40", "--", text)

    def point(self, left: int, top: int) -> None:
        """Moves the pointer there."""
        self._run("xdotool", "mousemove", "--sync", str(left), str(top))

    def click(self) -> None:
        """Presses the pointer's left button and lets go."""
        self._run("xdotool", "click", "1")

    def hold(self, key: str, down: bool) -> None:
        """Presses a key without letting go, or lets go."""
        self._run("xdotool", "keydown" if down else "keyup", key)

    def selected_text(self) -> str:
        """What is selected as text anywhere on the display, as a middle click would paste it."""
        code = (
            "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gdk, Gtk; "
            "print(Gtk.Clipboard.get(Gdk.SELECTION_PRIMARY).wait_for_text() or '')"
        )
        return (self._run("/usr/bin/python3", "-c", code) or "").strip()

    def screenshot(self, name: str, window: str = "") -> Path:
        """A picture of the whole screen, once ``window`` shows the same twice; for people only, so never a failure."""
        path = self.shots / (re.sub(r"[^\w.-]+", "-", name) + ".png")
        before, tries = b"", 20
        while window and tries:
            now = self._look(window)
            if now and now == before:
                break
            before, tries = now, tries - 1
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=False)
        return path

    def _look(self, window: str) -> bytes:
        command = ["import", "-window", window, "-silent", "rgb:-"]
        return subprocess.run(command, env=self.environment, capture_output=True, check=False).stdout

    def close(self) -> None:
        """Ends the display and everything on it."""
        end(self._manager)
        end(self._server)
