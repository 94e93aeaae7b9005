"""The jobs of all clients: each is accepted once, told of as it goes on, and gets exactly one ending."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from pluripaint.service.crew import Crew
from pluripaint.service.limits import Ledger, Settings
from pluripaint.service.logs import LOG
from pluripaint.service.peers import Peers
from pluripaint.service.queue import FairQueue, Job
from pluripaint_client import protocol
from pluripaint_client.protocol import Header, ProtocolError
from pluripaint_client.texts import Sentence

_AGAIN = "Try again; if it happens again, select a smaller area or see “pluripaint daemon logs”."
_KEEP_ALIVE = 1.0
_REMEMBERED = 4096
ENDINGS = ("done", "cancelled", "failed")


class Jobs:
    """What clients asked for and have not been given yet.

    Attributes:
        counts: how many jobs were accepted, and how many ended in which way.
    """

    def __init__(self, settings: Settings, peers: Peers, job_ended: Callable[[], None]) -> None:
        """``job_ended``: called whenever a job has ended and its frames are let go."""
        self._settings, self._peers, self._job_ended = settings, peers, job_ended
        self._jobs: dict[str, Job] = {}
        self._queue = FairQueue()
        self._ledger = Ledger(settings.limits)
        self._ended: dict[str, bytes] = {}
        self.counts = Counter(dict.fromkeys(("accepted", *ENDINGS), 0))

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def queued(self) -> int:
        """How many wait for a worker."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many a worker has."""
        return sum(job.worker is not None for job in self._jobs.values())

    @property
    def held_bytes(self) -> int:
        """Bytes of all jobs' frames."""
        return self._ledger.total

    @property
    def any_being_cancelled(self) -> bool:
        """Whether a worker has yet to answer that it was told to stop."""
        return any(job.cancelled is not None for job in self._jobs.values())

    # ---------------------------------------------------------------------------------------- clients

    def submit(self, client: bytes, header: Header, frames: list[Any]) -> None:
        """Accept a job, and tell its client.

        Args:
            frames: the header's frame and those of the pixels.

        Raises:
            ProtocolError: it was not accepted.
        """
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
        self.counts["accepted"] += 1
        LOG.info("job %s accepted: %d bytes, %s", job.id, held, submission.method)
        self._tell(job, "accepted", {"job": job.id})

    def cancel(self, client: bytes, name: str) -> None:
        """A client wants no more of a job; nothing happens where it is not its own or has ended."""
        job = self._jobs.get(name)
        if job is not None and job.client == client:
            self._stop(job)

    # ---------------------------------------------------------------------------------------- in the loop

    def watch(self, now: float) -> None:
        """End what took too long, or was cancelled and its worker does not answer."""
        for job in list(self._jobs.values()):
            if job.ended:
                continue  # with another one, whose client turned out to be gone
            if job.cancelled is not None and now - job.cancelled > self._settings.cancel_answer:
                self._end(job, "cancelled", {})
            elif job.deadline is not None and now > job.deadline:
                self._too_late(job)

    def dispatch(self, crew: Crew) -> None:
        """Give idle workers what waits."""
        while len(self._queue):
            job = self._queue.take(lambda job: crew.want(job.submission.method) is not None)
            if job is None:
                return
            worker = crew.want(job.submission.method)
            assert worker is not None
            job.tries += 1
            job.deadline = job.deadline or time.monotonic() + job.submission.deadline
            job.word = {"job": job.id, "stage": "starting", "fraction": 0.0}
            crew.give(worker, job)

    def keep_alive(self, now: float, crew: Crew) -> None:
        """Say something about each job of which its client has not heard for a second."""
        if not any(now - job.spoken >= _KEEP_ALIVE for job in self._jobs.values()):
            return
        # A list: a client that turns out to be gone takes its jobs out of the queue meanwhile.
        for job, place in list(self._queue.places()):
            if not job.ended and now - job.spoken >= _KEEP_ALIVE:
                if place == 1 and crew.getting_ready:
                    self._tell(job, "progress", {"job": job.id, "stage": "starting", "fraction": 0.0})
                else:
                    self._tell(job, "queued", {"job": job.id, "place": place})
        for job in list(self._jobs.values()):
            if job.worker is not None and not job.ended and now - job.spoken >= _KEEP_ALIVE:
                self._tell(job, "progress", job.word)

    # ---------------------------------------------------------------------------------------- workers

    def heard(self, job: Job, header: Header, message: list[bytes]) -> None:
        """A job's worker said something about it.

        Raises:
            ProtocolError: it makes no sense.
        """
        kind = header["type"]
        if kind in ENDINGS:
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

    def lost(self, job: Job, reason: str) -> None:
        """A job's worker is gone; it is tried again once, or fails. ``reason``: as in :class:`crew.Listener`."""
        if job.ended:
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

    def no_worker(self, reason: str, next_step: str) -> None:
        """Whatever waits for a worker waits in vain."""
        for job in [job for job in self._jobs.values() if job.worker is None]:
            self._fail(job, "no-worker", reason, next_step)

    def daemon_stopped(self) -> None:
        """End everything."""
        for job in list(self._jobs.values()):
            self._fail(job, "daemon-stopped", "The pluripaint daemon was stopped.", "Start it and try again.")

    # ---------------------------------------------------------------------------------------- details

    def _stop(self, job: Job) -> None:
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
                self._stop(job)

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
        self.counts[kind] += 1
        self._job_ended()
        LOG.info("job %s %s %s", job.id, kind, fields.get("code", ""))
        self._tell(job, kind, {"job": job.id, **fields})


def _without(header: Header, *names: str) -> Header:
    return {key: value for key, value in header.items() if key not in names}
