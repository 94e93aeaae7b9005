"""A real daemon with a home of its own; compiled kernels are kept from run to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
from stage import PATIENCE, end, wait_for

from pluripaint.methods import registry

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pluripaint-tests"


def workers(daemon: psutil.Process) -> list[psutil.Process]:
    """A daemon's processes that do the work."""
    family = daemon.children(recursive=True)
    return [one for one in family if "resource_tracker" not in " ".join(one.cmdline())]


def recorded_weights(method: str) -> str:
    """SHA-256 that the record beside a method's default weights tells; empty for a method without any."""
    return str(registry.weights_file(method)[1]["sha256"]) if registry.info(method).needs_weights else ""


class Daemon:
    """``pluripaint-daemon`` as the editor would start it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Starts it and waits until its connection file is there."""
        file = self.home / "connection.json"
        file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("pluripaint-daemon"))],
            env={
                **os.environ,
                "PLURIPAINT_HOME": str(self.home),
                "NUMBA_CACHE_DIR": str(CACHE / "kernels"),
                "OMP_NUM_THREADS": "2",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(
            lambda: file.exists() or self.process.poll() is not None, PATIENCE, "the daemon's connection file"
        )
        assert self.process.poll() is None, "the daemon ended at once"

    def workers(self) -> list[psutil.Process]:
        """The daemon's processes that do the work."""
        return workers(psutil.Process(self.process.pid))

    def close(self) -> None:
        """Ends it with everything it started."""
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        end(self.process)
        for one in family:
            if one.is_running():
                one.kill()
