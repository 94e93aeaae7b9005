"""Real daemons with doubles for workers, and how tests listen to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from pluripaint_client import ENDINGS, Client, Done, JobRequest, Region, RegionData
from pluripaint_client import connection as places

HERE = Path(__file__).resolve().parent
DOUBLE = [sys.executable, str(HERE / "double.py")]


def until(condition, seconds: float = 10.0, what: str = ""):
    """Wait for an outside event that nothing announces (a process ending, a file appearing)."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s: {what or condition}")


class Daemon:
    """A daemon process of the test's own."""

    def __init__(self, home: Path, preexec_fn=None, **settings) -> None:
        self.home = home
        settings.setdefault("worker_command", DOUBLE)
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run_daemon.py"), json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PLURIPAINT_HOME": str(home)},
            preexec_fn=preexec_fn,
        )
        self.file = home / places.FILE
        until(lambda: self.file.exists() or self.process.poll() is not None, what="the connection file")
        self.connection = places.read(self.file)

    def client(self, transport=None) -> Client:
        return Client(self.connection, transport, timeout=5.0)

    def status(self) -> dict:
        with self.client() as client:
            return client.status(5.0)

    def workers(self) -> list[int]:
        return [worker["pid"] for worker in self.status()["workers"]]

    def close(self) -> None:
        family = [
            self.process.pid,
            *(p.pid for p in psutil.Process(self.process.pid).children(recursive=True)),
        ]
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            for pid in family:
                try:
                    psutil.Process(pid).kill()
                except psutil.NoSuchProcess:
                    pass


def job(method: str = "plain", side: int = 32, count: int = 2, **fields) -> JobRequest:
    """A small job for the double."""
    selection = bytearray(side * side)
    for row in range(side // 4, side // 2):
        selection[row * side + side // 4 : row * side + side // 2] = b"\xff" * (side // 2 - side // 4)
    part = RegionData(Region(100, 200, side, side), bytes(side * side * 3), bytes(selection))
    return JobRequest([part], method=method, count=count, **fields)


def events(client: Client, name: str, seconds: float = 30.0) -> list:
    """All events of a job up to its ending."""
    heard = []
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        event = client.poll(0.5)
        if event is not None and event.job == name:
            heard.append(event)
            if isinstance(event, ENDINGS):
                return heard
    raise AssertionError(f"no ending within {seconds} s; heard {heard[-3:]}")


def wait_for(client: Client, kind: type, name: str, seconds: float = 30.0):
    """The next event of a kind."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        event = client.poll(0.5)
        if isinstance(event, kind) and event.job == name:
            return event
        assert not isinstance(event, ENDINGS), event
    raise AssertionError(f"no {kind.__name__} within {seconds} s")


def works(daemon) -> None:
    """A job goes through."""
    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def published(home, port: int, **fields) -> places.Connection:
    """A connection file that the test itself writes."""
    connection = places.Connection("127.0.0.1", port, "ab" * 32, 1, (1,), "0.1.0")._replace(**fields)
    places.write(home / places.FILE, connection)
    return connection


def busy_with(daemon, name: str) -> int:
    """The worker that has a job, once it has: a word of progress may also come while it starts."""
    workers = until(lambda: [one for one in daemon.status()["workers"] if one["job"] == name], 30, "a worker")
    return workers[0]["pid"]
