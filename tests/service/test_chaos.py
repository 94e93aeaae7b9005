"""Clients and workers that do everything wrong at once: every accepted job still has exactly one ending.

``PLURIPAINT_CHAOS_SECONDS`` sets how long (20), ``PLURIPAINT_CHAOS_SEED`` repeats the choices of a run.
"""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from daemons import Daemon, events, job, until

from pluripaint_client import Client, Done, protocol
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.messages import new_job
from pluripaint_client.zmtp import Dealer

SECONDS = float(os.environ.get("PLURIPAINT_CHAOS_SECONDS", "20"))
CLIENTS = 5
ENDINGS = ("done", "cancelled", "failed")
METHODS = ["plain"] * 12 + [
    "slow", "slow", "fail", "bug", "kernel", "kill", "kill-once", "kill-late", "hang", "stop", "deaf", "oom:1",
]  # fmt: skip


@dataclass
class Heard:
    """What came over the wire on one connection, before the client library could hide a second ending."""

    submitted: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    endings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    hung_up: bool = False

    def transport(self, base: type) -> type:
        """A transport that notes every message about a job."""
        heard = self

        class Noting(base):
            def receive(self, timeout):
                frames = super().receive(timeout)
                if frames is not None:
                    heard.note(protocol.decode(frames[0]))
                return frames

        return Noting

    def note(self, header: dict) -> None:
        name = header.get("job")
        if name is None or "ref" in header:
            return
        if header["type"] == "accepted":
            self.accepted.add(name)
        elif header["type"] in ENDINGS:
            self.endings[name].append(header["type"])


class Person:
    """A client that acts at random, through one connection after the other."""

    def __init__(self, daemon: Daemon, choices: random.Random, folder) -> None:
        self._daemon, self._choices, self._folder = daemon, choices, folder
        self.connections: list[Heard] = []
        self._call()

    def _call(self) -> None:
        self.connections.append(Heard())
        base = self._choices.choice([Dealer, LibzmqDealer])
        self._client = Client(self._daemon.connection, self.connections[-1].transport(base), timeout=10.0)

    def _submit(self) -> None:
        method = self._choices.choice(METHODS)
        name = new_job()
        request = job(
            method,
            side=self._choices.choice([16, 32, 200]),
            count=self._choices.randint(1, 4),
            seed=self._choices.randrange(2**31),
            deadline=self._choices.choice([0.3, 1.5, 3.0]),
            weights=str(self._folder / name),
        )
        self._client.submit(request, job=name)
        self.connections[-1].submitted.add(name)

    def _repeat(self) -> None:
        """An accepted job once more, running or over: the daemon must know it again."""
        if known := sorted(self.connections[-1].accepted):
            header, frames = job().to_message(self._choices.choice(known))
            self._client._send("submit", header, frames, 10.0)

    def _flood(self) -> None:
        for _ in range(12):
            self._submit()

    def _listen(self) -> None:
        limit = time.monotonic() + self._choices.uniform(0.0, 0.6)
        while time.monotonic() < limit:
            self._client.poll(max(0.0, limit - time.monotonic()))

    def _cancel(self) -> None:
        for name in self._choices.sample(self._client.jobs, min(1, len(self._client.jobs))):
            self._client.cancel(name)

    def _ask(self) -> None:
        ask = self._choices.choice([self._client.ping, self._client.status, self._client.prepare])
        ask(timeout=10.0)

    def _release(self) -> None:
        self._client.release(10.0)

    def _hang_up(self) -> None:
        self.connections[-1].hung_up = True
        self._client.close()
        self._call()

    def act_until(self, limit: float) -> None:
        """Do one thing after the other; at the end cancel what is open and hear every ending."""
        acts = [
            (self._submit, 8), (self._listen, 12), (self._cancel, 2), (self._ask, 2), (self._flood, 1),
            (self._hang_up, 1), (self._release, 1), (self._repeat, 1),
        ]  # fmt: skip
        names, weights = zip(*acts)
        while time.monotonic() < limit:
            self._choices.choices(names, weights)[0]()
        for name in self._client.jobs:
            self._client.cancel(name)
        last = time.monotonic() + 60
        while self._client.jobs and time.monotonic() < last:
            self._client.poll(0.5)
        # What came twice would come now.
        self._client.status(10.0)
        self._client.close()


def harass_workers(daemon: Daemon, choices: random.Random, over: threading.Event) -> Counter:
    """Kill or stop a worker now and then, whatever it is doing."""
    hit: Counter = Counter()
    with daemon.client() as client:
        while not over.wait(choices.uniform(0.5, 3.0)):
            workers = client.status(10.0)["workers"]
            if workers:
                blow = choices.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
                try:
                    os.kill(choices.choice(workers)["pid"], blow)
                except ProcessLookupError:
                    continue
                hit[blow.name] += 1
    return hit


def endings_in_log(daemon: Daemon) -> tuple[set[str], Counter]:
    """Names of accepted jobs and how often each ended, by the daemon's own log."""
    told = "".join(
        path.read_text() for path in (daemon.home / "logs").iterdir() if path.name.startswith("daemon.log")
    )
    assert "the daemon ends" not in told, told[-3000:]
    accepted = re.findall(r"job ([0-9a-f]{32}) accepted", told)
    assert len(accepted) == len(set(accepted))
    return set(accepted), Counter(re.findall(r"job ([0-9a-f]{32}) (?:done|cancelled|failed)", told))


def test_whatever_happens_every_accepted_job_ends_exactly_once(daemon_with, tmp_path):
    seed = int(os.environ.get("PLURIPAINT_CHAOS_SEED") or random.randrange(2**31))
    print(f"PLURIPAINT_CHAOS_SEED={seed} PLURIPAINT_CHAOS_SECONDS={SECONDS:g}")
    daemon = daemon_with(
        hang=3.0, starting=15.0, cancel_grace=1.0, idle=3.0, devices=["cuda:0", "cuda:1", "cpu"],
        limits={"jobs_per_client": 10, "jobs": 30, "client_bytes": 1_000_000, "total_bytes": 2_000_000},
    )  # fmt: skip
    people = [Person(daemon, random.Random(f"{seed} person {k}"), tmp_path) for k in range(CLIENTS)]
    over = threading.Event()
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        harassed = threads.submit(harass_workers, daemon, random.Random(f"{seed} workers"), over)
        acting = [threads.submit(person.act_until, time.monotonic() + SECONDS) for person in people]
        wait(acting)
        over.set()
    endings_in_log(daemon)
    for one in acting:
        one.result()
    hit = harassed.result()

    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job()), 90)[-1], Done)
        until(lambda: client.status()["jobs"] == {"running": 0, "queued": 0}, 20, "all jobs ended")
        until(lambda: client.status()["bytes_in_flight"] == {"jobs": 0, "fills": 0}, 20, "bytes given back")
        counts = client.status()["counts"]
    print(f"workers hit: {dict(hit)}; the daemon counts {counts}")
    assert counts["accepted"] == counts["done"] + counts["cancelled"] + counts["failed"]
    assert min(hit["SIGKILL"], counts["cancelled"], counts["failed"], counts["refused"]) > 0

    accepted, ended = endings_in_log(daemon)
    assert len(accepted) == counts["accepted"]
    assert ended == Counter(accepted), "by the log"
    for heard in (heard for person in people for heard in person.connections):
        told = {name: kinds for name, kinds in heard.endings.items() if len(kinds) != 1}
        assert not told, f"more than one ending: {told}"
        if not heard.hung_up:
            silent = heard.submitted - heard.endings.keys()
            assert not silent, f"no ending: {silent & heard.accepted} of the accepted, {silent} in all"
        assert heard.accepted <= accepted
