"""The workers together: which devices have one, what they report, when they must go."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import zmq

from pluripaint.service import auth
from pluripaint.service.auth import Doorkeeper
from pluripaint.service.limits import Settings
from pluripaint.service.logs import LOG
from pluripaint.service.queue import Job
from pluripaint.service.supervisor import Worker, new_name
from pluripaint_client import protocol
from pluripaint_client.protocol import ProtocolError
from pluripaint_client.texts import Sentence

_MOST_FAILED_STARTS = 2
_PAUSE = 2.0
"""Seconds between two looks at workers from which on the daemon was held up: it looks twice a second and more."""
_LAST_WAIT = 0.5
"""Seconds a killed worker may take when the daemon ends."""


class Listener(Protocol):
    """Who hears what workers say about jobs."""

    def heard(self, worker: Worker, header: dict[str, Any], message: list[bytes]) -> None:
        """A worker said something about the job it has. Raises ``ProtocolError`` where it makes no sense."""

    def lost(self, worker: Worker, job: Job | None, reason: str) -> None:
        """A worker ended; ``reason``: ``hung``, ``cancel``, ``starting``, ``ending`` or a sentence: how it died."""

    def cannot_start(self, reason: str) -> None:
        """No worker can be started; ``reason``: a sentence."""

    def ready(self) -> None:
        """A worker has reported."""


class Crew:
    """At most one worker per device, started when wanted."""

    def __init__(
        self, context: zmq.Context[Any], doorkeeper: Doorkeeper, settings: Settings, listener: Listener
    ):
        self.socket = context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.PLAIN_SERVER, 1)
        self.socket.setsockopt(zmq.ZAP_DOMAIN, auth.WORKERS)
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.socket.setsockopt(zmq.MAXMSGSIZE, settings.limits.frame_bytes)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.LINGER, 0)
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self._endpoint = f"tcp://127.0.0.1:{port}"
        self._doorkeeper, self._settings, self._listener = doorkeeper, settings, listener
        self.workers: dict[str, Worker] = {}
        self.dying: list[Worker] = []
        """Killed and given up, but still a process: nobody waits for it."""
        self.methods: list[dict[str, Any]] | None = None
        self._failed_starts = 0
        self._watched = time.monotonic()

    # ---------------------------------------------------------------------------------------- wanting

    def devices_for(self, method: str) -> list[str]:
        """Devices that may run a method: a network goes to the accelerators, a method without weights to the
        processor."""
        accelerators = [device for device in self._settings.devices if device != "cpu"]
        without_weights = {entry["name"] for entry in self.methods or [] if not entry["needs_weights"]}
        return accelerators if accelerators and method not in without_weights else ["cpu"]

    def want(self, method: str) -> Worker | None:
        """A worker for this method that is idle now; one is started if there is none yet."""
        devices = self.devices_for(method)
        for device in devices:
            worker = self.workers.get(device)
            if worker is not None and worker.state == "idle":
                return worker
        for device in devices:
            if device not in self.workers:
                self._start(device)
                break
        return None

    @property
    def methods_are_current(self) -> bool:
        """Whether a worker keeps :attr:`methods` up to date: weights come and go while none runs."""
        reported = (worker for worker in self.workers.values() if worker.route is not None)
        return self.methods is not None and any(worker.state != "ending" for worker in reported)

    @property
    def getting_ready(self) -> bool:
        """Whether a worker starts or warms up, and none has a job: what waits then waits for that."""
        workers = self.workers.values()
        return any(worker.state != "ending" for worker in workers) and not any(
            worker.job for worker in workers
        )

    def _start(self, device: str) -> None:
        name, secret = new_name(), secrets.token_hex(32)
        self._doorkeeper.admit(auth.WORKERS, name.encode(), secret.encode())
        try:
            worker = Worker(self._settings, device, self._endpoint, name, secret)
        except OSError as error:
            LOG.error("a worker for %s cannot be started: %s", device, error)
            self._doorkeeper.forget(auth.WORKERS, name.encode())
            self._listener.cannot_start(Sentence("The system says “{reason}”.", reason=str(error.strerror)))
            return
        LOG.info("worker %s for %s started", worker.process.pid, device)
        self.workers[device] = worker

    # ---------------------------------------------------------------------------------------- speaking

    def give(self, worker: Worker, job: Job) -> bool:
        """Hand a job over."""
        worker.cancel.set(False)
        worker.job = job
        job.worker = worker
        worker.alive = time.monotonic()
        worker.become("busy")
        return self._say(worker, job.frames)

    def warm(self, method: str) -> None:
        """Have a worker ready for a method; starts it if need be."""
        devices = self.devices_for(method)
        if not any(device in self.workers for device in devices):
            self._start(devices[0])
        for device in devices:
            worker = self.workers.get(device)
            if worker is not None and worker.state in ("starting", "idle"):
                worker.warming, worker.release = method, False
                self._warm_now(worker)
                return

    def _warm_now(self, worker: Worker) -> None:
        if worker.state == "idle" and worker.warming is not None:
            message = [protocol.encode("warm", {"method": worker.warming})]
            worker.warming = None
            worker.become("busy")
            self._say(worker, message)

    def _say(self, worker: Worker, frames: list[Any]) -> bool:
        try:
            self.socket.send_multipart([worker.route, *frames], flags=zmq.NOBLOCK, copy=False)
        except zmq.ZMQError:
            worker.kill()  # cannot be reached any more; its sentinel does the rest
            return False
        return True

    def free(self, worker: Worker, spoiled: bool = False) -> None:
        """A worker is done with what it had. ``spoiled``: it has lost its device; another takes its place."""
        if worker.state == "ending":
            return
        worker.job = None
        if spoiled:
            LOG.warning("worker %s ends: it can no longer use %s", worker.process.pid, worker.device)
            worker.end()
            return
        worker.become("idle")
        self._warm_now(worker)

    # ---------------------------------------------------------------------------------------- listening

    def read(self) -> None:
        """One message from a worker."""
        route, *message = self.socket.recv_multipart(copy=False)
        user = route.get("User-Id")
        worker = next((one for one in self.workers.values() if one.name == user), None)
        if worker is None:
            return  # buried already
        try:
            self._hear(worker, route.bytes, message)
        except ProtocolError as error:
            LOG.error("worker %s is killed, it sent nonsense: %s", worker.process.pid, error)
            worker.kill()
            self._bury(worker, Sentence("The worker sent something that makes no sense."))

    def _hear(self, worker: Worker, route: bytes, message: list[Any]) -> None:
        header = protocol.decode(message[0].buffer)
        worker.alive = time.monotonic()
        kind = header["type"]
        if kind == "ready":
            self._ready(worker, route, header)
        elif kind == "alive":
            worker.held = header
            self.methods = header.get("methods", self.methods)
        elif kind == "warmed":
            self.free(worker)
        else:
            # Copies, so that a large fill's memory is ours and its departure can be watched.
            self._listener.heard(worker, header, [frame.bytes for frame in message])

    def _ready(self, worker: Worker, route: bytes, header: dict[str, Any]) -> None:
        worker.route = route
        worker.cancel.unlink()
        self.methods = header.get("methods")
        self._failed_starts = 0
        self._listener.ready()
        if worker.state == "starting":
            worker.become("idle")
            self._warm_now(worker)

    # ---------------------------------------------------------------------------------------- watching

    def sentinels(self) -> Iterator[int]:
        """Descriptors that become readable when a worker ends."""
        workers = (*self.workers.values(), *self.dying)
        return (worker.sentinel for worker in workers if worker.sentinel is not None)

    def watch(self, now: float) -> None:
        """Bury the dead, kill the hung."""
        for worker in [worker for worker in self.dying if worker.dead]:
            self.dying.remove(worker)
            worker.bury()
        paused, self._watched = now - self._watched, now
        for worker in list(self.workers.values()):
            if paused > _PAUSE:
                # It was this process that stood still: what workers said meanwhile has yet to be read.
                worker.alive, worker.started = now, worker.started + paused
            if worker.dead:
                self._bury(worker, worker.death())
                continue
            overdue = worker.overdue(now)
            if overdue:
                LOG.warning("worker %s is killed: %s", worker.process.pid, overdue)
                worker.kill()
                self._bury(worker, overdue)

    def end_idle(self, now: float) -> None:
        """End workers that were released or idle too long; to be called once whoever waits had its chance of them."""
        for worker in self.workers.values():
            if worker.state == "idle" and (worker.release or now - worker.since > self._settings.idle):
                LOG.info("worker %s ends: %s", worker.process.pid, "released" if worker.release else "idle")
                worker.end()

    def _bury(self, worker: Worker, reason: str) -> None:
        never_ready = worker.route is None and worker.state != "ending"
        del self.workers[worker.device]
        self._doorkeeper.forget(auth.WORKERS, worker.name.encode())
        if worker.dead:
            worker.bury()
        else:
            self.dying.append(worker)
        LOG.info("worker %s for %s is gone: %s", worker.process.pid, worker.device, reason)
        self._listener.lost(worker, worker.job, reason)
        if never_ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS:
                self._failed_starts = 0
                seconds = self._settings.starting
                slow = Sentence("The worker was not ready after {seconds:g} seconds.", seconds=seconds)
                self._listener.cannot_start(slow if reason == "starting" else reason)

    def release(self) -> None:
        """End idle workers now, the others once nothing is left for them to do."""
        for worker in self.workers.values():
            worker.warming, worker.release = None, True

    def close(self, patience: Callable[[], float]) -> None:
        """End every worker, by force when patience is over; one that not even force ends is left behind."""
        for worker in self.workers.values():
            worker.end()
        for worker in (*self.workers.values(), *self.dying):
            try:
                worker.process.wait(max(0.0, patience()))
            except subprocess.TimeoutExpired:
                worker.kill()
        for worker in (*self.workers.values(), *self.dying):
            try:
                worker.process.wait(_LAST_WAIT)
            except subprocess.TimeoutExpired:
                LOG.warning("worker %s does not end; it is left to the system", worker.process.pid)
            worker.bury()
        self.workers.clear()
        self.dying.clear()
        self.socket.close(0)
