"""A stage for real editors: an X server of its own with a window manager, keys, screenshots. No sleeping for luck."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


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


class Stage:
    """One X display."""

    def __init__(self, shots: Path) -> None:
        self.shots = shots
        shots.mkdir(parents=True, exist_ok=True)
        read, write = os.pipe()
        self._server = subprocess.Popen(
            # Without -noreset the end of the first client, before the window manager is in, would reset the server
            # and throw the window manager out.
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(write)
        with os.fdopen(read) as announced:
            self.display = ":" + announced.readline().strip()
        self.environment = {**os.environ, "DISPLAY": self.display}
        self._manager = subprocess.Popen(
            ["openbox"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: self._run("wmctrl", "-m") is not None, 30, "the window manager")
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

    def window(self, title: str, seconds: float = 20.0) -> str:
        """Waits for a window whose title contains ``title``."""

        def found() -> str | None:
            return next((number for number, name in self.windows().items() if title in name), None)

        return str(wait_for(found, seconds, f"a window “{title}” among {list(self.windows().values())}"))

    def gone(self, title: str, seconds: float = 20.0) -> None:
        """Waits until no window's title contains ``title``."""
        wait_for(
            lambda: not any(title in name for name in self.windows().values()),
            seconds,
            f"the end of “{title}”",
        )

    def focus(self, window: str) -> None:
        """Gives a window the keyboard and waits until it has it."""
        self._run("wmctrl", "-ia", window)

        def active() -> bool:
            now = (self._run("xdotool", "getactivewindow") or "0").strip()
            return bool(now) and int(now) == int(window, 16)

        wait_for(active, 5, "the focus")
        time.sleep(0.25)  # GTK takes the focus event a moment after X has it; nothing tells when

    def key(self, *keys: str) -> None:
        """Presses keys in the focused window."""
        self._run("xdotool", "key", "--clearmodifiers", "--delay", "60", *keys)

    def hold(self, key: str, down: bool) -> None:
        """Presses a key without letting go, or lets go."""
        self._run("xdotool", "keydown" if down else "keyup", key)

    def screenshot(self, name: str) -> Path:
        """A picture of the whole screen."""
        path = self.shots / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        return path

    def close(self) -> None:
        """Ends the display and everything on it."""
        end(self._manager)
        end(self._server)
