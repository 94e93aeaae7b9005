"""Jobs and whose turn it is."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pluripaint_client.protocol import Submission


@dataclass(eq=False)
class Job:
    """An accepted job until its one ending.

    Attributes:
        version: the protocol its client speaks.
        frames: the submit's frames, header first; empty once they cannot be needed for a second try.
        held: bytes booked for the frames.
        delivered: candidates that went to the client; with any, a second try is out of the question.
        word: the last progress header, repeated as keep-alive.
        spoken: when the client last heard of this job.
        cancelled: when somebody asked for its end.
        silent: the client is gone; no word about this job leaves any more.
    """

    client: bytes
    version: int
    submission: Submission
    frames: list[Any]
    held: int
    worker: Any = None
    tries: int = 0
    delivered: int = 0
    word: dict[str, Any] = field(default_factory=dict)
    spoken: float = 0.0
    deadline: float | None = None
    cancelled: float | None = None
    silent: bool = False
    ended: bool = False

    @property
    def id(self) -> str:
        """The name its client gave it."""
        return self.submission.job


class FairQueue:
    """Clients take turns; each client's own jobs stay in order."""

    def __init__(self) -> None:
        self._clients: OrderedDict[bytes, deque[Job]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(jobs) for jobs in self._clients.values())

    def __contains__(self, job: Job) -> bool:
        return job in self._clients.get(job.client, ())

    def add(self, job: Job) -> None:
        """Last of its client's jobs."""
        self._clients.setdefault(job.client, deque()).append(job)

    def add_first(self, job: Job) -> None:
        """Back at the head of everything: it had its turn and lost it through no fault of its own."""
        self._clients.setdefault(job.client, deque()).appendleft(job)
        self._clients.move_to_end(job.client, last=False)

    def remove(self, job: Job) -> None:
        """Take a waiting job out."""
        jobs = self._clients[job.client]
        jobs.remove(job)
        if not jobs:
            del self._clients[job.client]

    def take(self, fits: Callable[[Job], bool]) -> Job | None:
        """The next job that ``fits``; its client goes to the end of the line."""
        # A list: a worker that cannot be started fails every waiting job, and empties this queue meanwhile.
        for client, jobs in list(self._clients.items()):
            if jobs and fits(jobs[0]):
                job = jobs.popleft()
                if jobs:
                    self._clients.move_to_end(client)
                else:
                    del self._clients[client]
                return job
        return None

    def places(self) -> Iterator[tuple[Job, int]]:
        """All waiting jobs with their place in line, 1 first."""
        place = 0
        depth = max((len(jobs) for jobs in self._clients.values()), default=0)
        for turn in range(depth):
            for jobs in self._clients.values():
                if turn < len(jobs):
                    place += 1
                    yield jobs[turn], place
