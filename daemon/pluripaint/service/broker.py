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
from collections.abc import Callable
from typing import Any

import zmq

from pluripaint import __version__
from pluripaint.service import auth, limits, logs, memory
from pluripaint.service.auth import Doorkeeper
from pluripaint.service.crew import Crew
from pluripaint.service.jobs import ENDINGS, Jobs
from pluripaint.service.limits import Settings
from pluripaint.service.logs import LOG
from pluripaint.service.peers import Peers
from pluripaint.service.queue import Job
from pluripaint.service.supervisor import Worker
from pluripaint_client import protocol
from pluripaint_client.connection import Connection
from pluripaint_client.protocol import Header, ProtocolError
from pluripaint_client.texts import Sentence

_HANDSHAKE_MS = 2000
_LOOK, _LOOK_AFTER_KNOCK = 4.0, 0.1
_TRIM_AFTER = 0.3


class Broker:
    """Jobs from clients to workers and events back."""

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
        self._jobs = Jobs(settings, self._peers, self._trim_soon)
        self._asking: list[tuple[bytes, Any]] = []
        self._refused = 0
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
        self._jobs.daemon_stopped()
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
        if self._jobs.any_being_cancelled or self._trim_at is not None:
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
        self._jobs.watch(now)
        self._jobs.dispatch(self._crew)
        self._crew.end_idle(now)
        if self._asking and not self._crew.workers:
            self._crew.want("")
        self._jobs.keep_alive(now, self._crew)
        if self._trim_at is not None and now > self._trim_at:
            self._trim_at = None
            self._peers.forget_delivered()
            memory.trim()

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
            self._refused += 1
            LOG.info("refused: %s", error.code)
            fields = {"code": error.code, "sentence": error.sentence, "next": error.next_step}
            self._refuse(client, header or error.header, fields)
        if len(frames) > 2:
            self._trim_soon()

    def _reply(self, client: bytes, header: Header, fields: Header) -> None:
        self._peers.send(client, header["type"], {**_reference(header), **fields}, _version(header))

    def _refuse(self, client: bytes, header: Header, fields: Header) -> None:
        self._peers.send(client, "failed", {**_reference(header), **fields}, _version(header))

    def _ping(self, client: bytes, header: Header, frames: list[Any]) -> None:
        nonce = protocol.text(header, "nonce", "", 200)
        given = protocol.proof(self._token, self.connection.port, nonce) if nonce else ""
        self._reply(client, header, {"proof": given})

    def _status(self, client: bytes, header: Header, frames: list[Any]) -> None:
        fields = {
            "version": __version__,
            "protocol": list(protocol.ACCEPTED_VERSIONS),
            "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "resident_bytes": memory.resident_bytes(),
            "devices": list(self._settings.devices),
            "threads": limits.compute_threads(),
            "workers": [worker.describe() for worker in self._crew.workers.values()],
            "jobs": {"running": self._jobs.running, "queued": self._jobs.queued},
            "bytes_in_flight": {"jobs": self._jobs.held_bytes, "fills": self._peers.unread_by_all()},
            "counts": {
                **self._jobs.counts,
                "refused": self._refused,
                "wrong_passwords": self._doorkeeper.refused,
            },
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
        self._jobs.submit(client, header, frames)
        self._jobs.dispatch(self._crew)

    def _cancel(self, client: bytes, header: Header, frames: list[Any]) -> None:
        self._jobs.cancel(client, protocol.job_id(header))

    def _trim_soon(self) -> None:
        """Give memory back to the system once large frames are gone."""
        self._trim_at = time.monotonic() + _TRIM_AFTER

    # ---------------------------------------------------------------------------------------- workers

    def heard(self, worker: Worker, header: Header, message: list[bytes]) -> None:
        """A worker said something about its job."""
        job = worker.job
        if job is None or header.get("job") != job.id:
            return
        if header["type"] in ENDINGS:
            self._crew.free(worker, header.get("spoiled") is True)
            self._trim_soon()
        self._jobs.heard(job, header, message)

    def lost(self, worker: Worker, job: Job | None, reason: str) -> None:
        """A worker is gone."""
        if job is not None:
            self._jobs.lost(job, reason)

    def cannot_start(self, reason: str) -> None:
        """Whoever waits for a worker waits in vain."""
        self._jobs.no_worker(reason, _DOCTOR)
        for client, header in self._asking:
            self._refuse(client, header, {"code": "no-worker", "sentence": reason, "next": _DOCTOR})
        self._asking.clear()

    def ready(self) -> None:
        """A worker has reported: questions about methods can be answered."""
        for client, header in self._asking:
            self._reply(client, header, {"methods": self._crew.methods})
        self._asking.clear()


_DOCTOR = "No worker could be started; run “pluripaint doctor”."


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
