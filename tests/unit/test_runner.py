"""One job in a thread of its own: whatever happens, one ending comes out, and a cancelled job's at once."""

from __future__ import annotations

import queue
import threading

import pytest

from pluripaint_client import CancelledJob, Done, Failed, JobRequest
from pluripaint_client.runner import JobRunner


class SlowClient:
    """A daemon that has just been started: it takes its time to say which methods there are."""

    def __init__(self) -> None:
        self.go_on, self.asked, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.submitted: list[JobRequest] = []

    def methods(self) -> list[dict]:
        self.asked.set()
        assert self.go_on.wait(20)
        return []

    def submit(self, request: JobRequest) -> str:
        self.submitted.append(request)
        return "job"

    def poll(self, timeout: float) -> Done:
        return Done("job", [], {})

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize("slow", ["connecting", "asking"])
def test_a_job_that_was_not_sent_yet_is_cancelled_at_once(slow):
    client, connecting = SlowClient(), threading.Event()

    def connect() -> SlowClient:
        if slow == "connecting":
            connecting.set()
            assert client.go_on.wait(20)
        return client

    runner = JobRunner(JobRequest([]), connect, variety=1.5)
    runner.start()
    assert (connecting if slow == "connecting" else client.asked).wait(5)
    runner.cancel()
    assert isinstance(runner.events.get(timeout=0.5), CancelledJob)
    client.go_on.set()
    runner.join(5)
    assert client.closed.is_set() and not client.submitted
    with pytest.raises(queue.Empty):
        runner.events.get_nowait()


def test_a_cancelled_job_whose_daemon_never_comes_ends_once():
    def connect() -> SlowClient:
        assert stopped.wait(20)
        raise OSError("nobody listens there")

    stopped = threading.Event()
    runner = JobRunner(JobRequest([]), connect)
    runner.start()
    runner.cancel()
    stopped.set()
    runner.join(5)
    assert isinstance(runner.events.get_nowait(), CancelledJob) and runner.events.empty()


def test_an_error_nobody_foresaw_is_an_ending():
    runner = JobRunner(JobRequest([]), lambda: 1 / 0)
    runner.start()
    ending = runner.events.get(timeout=5)
    assert isinstance(ending, Failed) and ending.code == "bug" and "ZeroDivisionError" in ending.sentence
