"""The broker: answers clients in milliseconds whatever the workers do. No torch, no numpy.

One thread, one loop, nothing in it waits for anybody. A message is judged once all its frames are in: until then
libzmq bounds one frame, and the system all of them together (:func:`pluripaint.service.memory.bound`). Open
:class:`Broker` and read :meth:`Broker.serve`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import zmq

from pluripaint import __version__
from pluripaint.service import auth, limits, logs, memory
from pluripaint.service.auth import Doorkeeper
from pluripaint.service.crew import Crew
from pluripaint.service.limits import Ledger, Settings
from pluripaint.service.logs import LOG
from pluripaint.service.peers import Peers
from pluripaint.service.queue import FairQueue, Job
from pluripaint.service.supervisor import Worker
from pluripaint_client import protocol
from pluripaint_client.connection import Connection
from pluripaint_client.protocol import Header, ProtocolError
from pluripaint_client.texts import Sentence

_KEEP_ALIVE = 1.0
_HANDSHAKE_MS = 2000
_LOOK, _LOOK_AFTER_KNOCK = 4.0, 0.1
_REMEMBERED = 4096
_COUNTED = ("accepted", "done", "cancelled", "failed", "refused")


class Broker:
    """Jobs from clients to workers and events back; every accepted job gets exactly one ending."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = zmq.Context()
        self._doorkeeper = Doorkeeper(self._context)
        self._token = secrets.token_hex(32)
        self._doorkeeper.admit(auth.CLIENTS, b"client", protocol.password(self._token))
        self._front: Any = self._context.socket(zmq.ROUTER)
        self._front.setsockopt(zmq.PLAIN_SERVER, 1)
        self._front.setsockopt(zmq.ZAP_DOMAIN, auth.CLIENTS)
        self._front.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._front.setsockopt(zmq.MAXMSGSIZE, settings.limits.frame_bytes)
        self._front.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
        self._front.setsockopt(zmq.RCVHWM, 4)
        self._front.setsockopt(zmq.LINGER, 500)
        port = self._front.bind_to_random_port("tcp://127.0.0.1")
        self.connection = Connection(
            "127.0.0.1", port, self._token, os.getpid(), protocol.ACCEPTED_VERSIONS, __version__
        )
        self._peers = Peers(self._front, settings.limits.client_bytes)
        self._crew = Crew(self._context, self._doorkeeper, settings, self)
        self._queue = FairQueue()
        self._ledger = Ledger(settings.limits)
        self._jobs: dict[str, Job] = {}
        self._ended: dict[str, bytes] = {}
        self._asking: list[tuple[bytes, Any]] = []
        self._counts = Counter(dict.fromkeys(_COUNTED, 0))
        self._started = self._looked = time.monotonic()
        self._knocks = 0
        self._trim_at: float | None = None
        self._stopping = False
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._answers: dict[str, Callable[[bytes, Header, list[Any]], None]] = {
            "ping": self._ping,
            "status": self._status,
            "methods": self._methods,
            "prepare": self._prepare,
            "submit": self._submit,
            "cancel": self._cancel,
            "release": self._release,
            "shutdown": self._shutdown,
        }

    # ---------------------------------------------------------------------------------------- the loop

    def serve(self, still_found: Callable[[], None] = lambda: None) -> None:
        """Run until told to stop.

        Args:
            still_found: called every few seconds, and at once when somebody knocks with a wrong password: makes sure
                that clients find this daemon.
        """
        poller = zmq.Poller()
        for readable in (self._front, self._crew.socket, self._doorkeeper.socket, self._woken):
            poller.register(readable, zmq.POLLIN)
        watched: set[int] = set()
        while not self._stopping:
            sentinels = set(self._crew.sentinels())
            for gone in watched - sentinels:
                poller.unregister(gone)
            for new in sentinels - watched:
                poller.register(new, zmq.POLLIN)
            watched = sentinels
            ready = dict(poller.poll(int(self._patience() * 1000)))
            if self._doorkeeper.socket in ready:
                self._doorkeeper.answer()
            if self._crew.socket in ready:
                self._crew.read()
            if self._front in ready:
                self._read()
            now = time.monotonic()
            if now - self._looked > (_LOOK_AFTER_KNOCK if self._knocked else _LOOK):
                self._looked, self._knocks = now, self._doorkeeper.refused
                still_found()
            self._tick(now)

    def stop(self, *_: object) -> None:
        """Leave the loop at its next turn; safe in a signal handler."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")

    @property
    def wake_descriptor(self) -> int:
        """A byte written here ends the wait of the loop: for ``signal.set_wakeup_fd``."""
        return self._wake.fileno()

    def close(self) -> None:
        """Tell every job, end every worker."""
        for job in list(self._jobs.values()):
            self._fail(job, "daemon-stopped", "The pluripaint daemon was stopped.", "Start it and try again.")
        limit = time.monotonic() + 2.0
        self._crew.close(lambda: limit - time.monotonic())
        self._front.close()
        self._doorkeeper.socket.close(0)
        self._context.term()

    @property
    def _knocked(self) -> bool:
        """Whether a wrong password came since the last look at where clients find this daemon."""
        return self._doorkeeper.refused > self._knocks

    def _patience(self) -> float:
        """Seconds until something has to be looked at without anybody asking."""
        if any(job.cancelled is not None for job in self._jobs.values()) or self._trim_at is not None:
            return 0.05
        if self._knocked:
            return _LOOK_AFTER_KNOCK
        if (
            self._jobs
            or self._crew.dying
            or any(worker.state in ("starting", "ending") for worker in self._crew.workers.values())
        ):
            return 0.2
        return 0.5 if self._crew.workers else _LOOK

    def _tick(self, now: float) -> None:
        self._crew.watch(now)
        for job in list(self._jobs.values()):
            if job.ended:
                continue  # with another one, whose client turned out to be gone
            if job.cancelled is not None and now - job.cancelled > self._settings.cancel_answer:
                self._end(job, "cancelled", {})
            elif job.deadline is not None and now > job.deadline:
                self._too_late(job)
        self._dispatch()
        self._crew.end_idle(now)
        if self._asking and not self._crew.workers:
            self._crew.want("")
        self._keep_alive(now)
        if self._trim_at is not None and now > self._trim_at:
            self._trim_at = None
            self._peers.forget_delivered()
            memory.trim()

    def _dispatch(self) -> None:
        while len(self._queue):
            job = self._queue.take(lambda job: self._crew.want(job.submission.method) is not None)
            if job is None:
                return
            worker = self._crew.want(job.submission.method)
            assert worker is not None
            job.tries += 1
            job.deadline = job.deadline or time.monotonic() + job.submission.deadline
            job.word = {"job": job.id, "stage": "starting", "fraction": 0.0}
            self._crew.give(worker, job)

    def _keep_alive(self, now: float) -> None:
        if not self._jobs:
            return
        if any(now - job.spoken >= _KEEP_ALIVE for job in self._jobs.values()):
            # A list: a client that turns out to be gone takes its jobs out of the queue meanwhile.
            for job, place in list(self._queue.places()):
                if not job.ended and now - job.spoken >= _KEEP_ALIVE:
                    if place == 1 and self._crew.getting_ready:
                        self._tell(job, "progress", {"job": job.id, "stage": "starting", "fraction": 0.0})
                    else:
                        self._tell(job, "queued", {"job": job.id, "place": place})
            for job in list(self._jobs.values()):
                if job.worker is not None and not job.ended and now - job.spoken >= _KEEP_ALIVE:
                    self._tell(job, "progress", job.word)

    # ---------------------------------------------------------------------------------------- clients

    def _read(self) -> None:
        frames = self._front.recv_multipart(copy=False)
        client = frames[0].bytes
        header: Header = {}
        try:
            if len(frames) < 2 or len(frames) > self._settings.limits.frames + 2:
                raise ProtocolError("bad-message", "The message has too few or too many frames.")
            header = protocol.decode(frames[1].buffer, self._settings.limits)
            answer = self._answers.get(header["type"])
            if answer is None:
                raise ProtocolError(
                    "unknown-type",
                    Sentence("The daemon knows no message “{kind}”.", kind=header["type"][:40]),
                )
            answer(client, header, frames[1:])
        except ProtocolError as error:
            self._counts["refused"] += 1
            LOG.info("refused: %s", error.code)
            fields = {"code": error.code, "sentence": error.sentence, "next": error.next_step}
            self._refuse(client, header or error.header, fields)
        if len(frames) > 2:
            self._trim_at = time.monotonic() + 0.3

    def _reply(self, client: bytes, header: Header, fields: Header) -> None:
        self._peers.send(client, header["type"], {**_reference(header), **fields}, _version(header))

    def _refuse(self, client: bytes, header: Header, fields: Header) -> None:
        self._peers.send(client, "failed", {**_reference(header), **fields}, _version(header))

    def _ping(self, client: bytes, header: Header, frames: list[Any]) -> None:
        nonce = protocol.text(header, "nonce", "", 200)
        given = protocol.proof(self._token, self.connection.port, nonce) if nonce else ""
        self._reply(client, header, {"proof": given})

    def _status(self, client: bytes, header: Header, frames: list[Any]) -> None:
        running = sum(job.worker is not None for job in self._jobs.values())
        fields = {
            "version": __version__,
            "protocol": list(protocol.ACCEPTED_VERSIONS),
            "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "resident_bytes": memory.resident_bytes(),
            "devices": list(self._settings.devices),
            "threads": limits.compute_threads(),
            "workers": [worker.describe() for worker in self._crew.workers.values()],
            "jobs": {"running": running, "queued": len(self._queue)},
            "bytes_in_flight": {"jobs": self._ledger.total, "fills": self._peers.unread_by_all()},
            "counts": {**self._counts, "wrong_passwords": self._doorkeeper.refused},
            "limits": self._settings.limits._asdict(),
            "idle_seconds": self._settings.idle,
            "log": str(logs.file("daemon")),
        }
        self._reply(client, header, fields)

    def _methods(self, client: bytes, header: Header, frames: list[Any]) -> None:
        if self._crew.methods_are_current:
            self._reply(client, header, {"methods": self._crew.methods})
            return
        if len(self._asking) >= 64:
            raise ProtocolError("busy", "Too many questions are waiting.", "Try again in a moment.")
        self._asking.append((client, header))
        self._crew.want("")

    def _prepare(self, client: bytes, header: Header, frames: list[Any]) -> None:
        self._crew.warm(protocol.text(header, "method", "auto"))
        self._reply(client, header, {})

    def _release(self, client: bytes, header: Header, frames: list[Any]) -> None:
        self._crew.release()
        self._reply(client, header, {})

    def _shutdown(self, client: bytes, header: Header, frames: list[Any]) -> None:
        LOG.info("told to shut down")
        self._reply(client, header, {})
        self.stop()

    def _submit(self, client: bytes, header: Header, frames: list[Any]) -> None:
        sizes = [len(frame) for frame in frames[1:]]
        submission = protocol.parse_submit(header, sizes, self._settings.limits)
        known = self._jobs.get(submission.job)
        if known is not None or submission.job in self._ended:
            owner = known.client if known is not None else self._ended[submission.job]
            if owner != client:
                raise ProtocolError("bad-field", "Another client's job has this name.")
            self._peers.send(client, "accepted", {"job": submission.job}, header["v"])
            return
        bounds = self._settings.limits
        mine = sum(job.client == client for job in self._jobs.values())
        if mine >= bounds.jobs_per_client or len(self._jobs) >= bounds.jobs:
            raise ProtocolError(
                "busy", "Too many jobs are waiting already.", "Wait until earlier ones are done."
            )
        held = sum(sizes) + len(frames[0])
        self._ledger.take(client, held)
        job = Job(client, header["v"], submission, frames, held)
        self._jobs[job.id] = job
        self._queue.add(job)
        self._counts["accepted"] += 1
        LOG.info("job %s accepted: %d bytes, %s", job.id, held, submission.method)
        self._tell(job, "accepted", {"job": job.id})
        self._dispatch()

    def _cancel(self, client: bytes, header: Header, frames: list[Any]) -> None:
        job = self._jobs.get(protocol.job_id(header))
        if job is not None and job.client == client:
            self._stop_job(job)

    # ---------------------------------------------------------------------------------------- jobs

    def _stop_job(self, job: Job) -> None:
        """A waiting job ends now; a running one is told through the shared byte."""
        if job.worker is None:
            self._queue.remove(job)
            self._end(job, "cancelled", {})
        elif job.cancelled is None:
            job.cancelled = time.monotonic()
            job.worker.cancel.set(True)

    def _too_late(self, job: Job) -> None:
        if job.worker is None:
            self._queue.remove(job)
        else:
            job.cancelled = time.monotonic()
            job.worker.cancel.set(True)
        sentence = Sentence("The job was stopped after {seconds:g} seconds.", seconds=job.submission.deadline)
        self._fail(job, "deadline", sentence, "Select a smaller area, or ask for fewer variations.")

    def _tell(self, job: Job, kind: str, fields: Header) -> None:
        self._forward(job, [protocol.encode(kind, fields, job.version)])

    def _forward(self, job: Job, message: list[bytes]) -> None:
        job.spoken = time.monotonic()
        if not job.silent and not self._peers.forward(job.client, message):
            self._vanished(job.client)

    def _vanished(self, client: bytes) -> None:
        """A client is gone or does not read: none of its jobs is worth going on with."""
        LOG.info("a client is gone")
        for job in [job for job in self._jobs.values() if job.client == client]:
            job.silent = True
            if not job.ended:
                self._stop_job(job)

    def _fail(self, job: Job, code: str, sentence: str, next_step: str) -> None:
        self._end(job, "failed", {"code": code, "sentence": sentence, "next": next_step})

    def _end(self, job: Job, kind: str, fields: Header) -> None:
        """The one place where a job ends."""
        if job.ended:
            return
        job.ended = True
        del self._jobs[job.id]
        if job in self._queue:
            self._queue.remove(job)
        self._ended[job.id] = job.client
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        job.frames = []
        self._ledger.give_back(job.client, job.held)
        self._counts[kind] += 1
        self._trim_at = time.monotonic() + 0.3
        LOG.info("job %s %s %s", job.id, kind, fields.get("code", ""))
        self._tell(job, kind, {"job": job.id, **fields})

    # ---------------------------------------------------------------------------------------- workers

    def heard(self, worker: Worker, header: Header, message: list[bytes]) -> None:
        """A worker said something about its job."""
        job = worker.job
        if job is None or header.get("job") != job.id:
            return
        kind = header["type"]
        if kind in ("done", "cancelled", "failed"):
            self._crew.free(worker, header.get("spoiled") is True)
            self._trim_at = time.monotonic() + 0.3
            if not job.ended:
                over = "cancelled" if job.cancelled is not None else kind
                self._end(
                    job, over, {} if over == "cancelled" else _without(header, "v", "type", "job", "spoiled")
                )
        elif kind not in ("candidate", "progress"):
            raise ProtocolError("unknown-type", Sentence("A worker says “{kind}”.", kind=kind[:40]))
        elif not job.ended and job.cancelled is None:
            if kind == "candidate":
                job.delivered += 1
                job.frames = []  # a second try is out of the question now
            else:
                job.word = {
                    "job": job.id,
                    "stage": protocol.text(header, "stage"),
                    "fraction": protocol.number(header, "fraction", 0.0, 1.0),
                }
            if job.version != header["v"]:
                message[0] = protocol.encode(kind, _without(header, "v", "type"), job.version)
            self._forward(job, message)

    def lost(self, worker: Worker, job: Job | None, reason: str) -> None:
        """A worker is gone; its job is tried again once, or fails."""
        if job is None or job.ended:
            return
        job.worker = None
        if job.cancelled is not None:
            self._end(job, "cancelled", {})
        elif reason in ("hung", "starting"):
            self._fail(job, "worker-hung", "The worker stopped responding and was ended.", _AGAIN)
        elif job.tries < 2 and not job.delivered:
            LOG.info("job %s is tried again", job.id)
            self._queue.add_first(job)
        else:
            self._fail(job, "worker-died", reason, _AGAIN)

    def cannot_start(self, reason: str) -> None:
        """Whoever waits for a worker waits in vain."""
        for job in [job for job in self._jobs.values() if job.worker is None]:
            self._fail(job, "no-worker", reason, _DOCTOR)
        for client, header in self._asking:
            self._refuse(client, header, {"code": "no-worker", "sentence": reason, "next": _DOCTOR})
        self._asking.clear()

    def ready(self) -> None:
        """A worker has reported: questions about methods can be answered."""
        for client, header in self._asking:
            self._reply(client, header, {"methods": self._crew.methods})
        self._asking.clear()


_DOCTOR = "No worker could be started; run “pluripaint doctor”."
_AGAIN = "Try again; if it happens again, select a smaller area or see “pluripaint daemon logs”."


def _reference(header: Header) -> Header:
    """What lets a client recognise to which of its messages an answer belongs."""
    found = {}
    for name in ("ref", "job"):
        value = header.get(name)
        if isinstance(value, str) and len(value) <= 64:
            found[name] = value
    return found


def _version(header: Header) -> int:
    """The version to answer in: the one that was spoken, where it is understood."""
    spoken = header.get("v")
    return spoken if type(spoken) is int and spoken in protocol.ACCEPTED_VERSIONS else protocol.VERSION


def _without(header: Header, *names: str) -> Header:
    return {key: value for key, value in header.items() if key not in names}
