"""Jobs: accepted, queued, answered, cancelled; exactly one ending each."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from daemons import DOUBLE, busy_with, events, job, until, wait_for

from pluripaint_client import (
    ENDINGS,
    Accepted,
    CancelledJob,
    CandidateReady,
    DaemonError,
    Done,
    Failed,
    Progress,
    Queued,
    protocol,
)
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.zmtp import Dealer


@pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])
def test_a_job_is_accepted_and_answered(daemon, transport):
    with daemon.client(transport) as client:
        name = client.submit(job(count=3, seed=2**31 - 1))
        heard = events(client, name)
    assert isinstance(heard[0], Accepted)
    candidates = [event for event in heard if isinstance(event, CandidateReady)]
    assert [event.seed for event in candidates] == [2**31 - 1, 0, 1]
    assert candidates[1].boxes[0] == (108, 208, 8, 8)
    assert candidates[2].fills == [bytes([1]) * 8 * 8 * 3]
    assert isinstance(heard[-1], Done)
    assert heard[-1].order == [("plain", 2**31 - 1), ("plain", 0), ("plain", 1)]


@pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])
def test_a_job_of_as_many_regions_as_the_protocol_allows_is_answered(daemon, transport):
    one = job(count=1)
    part = one.regions[0]
    mask = b"\xff" * part.region.area
    many = [
        replace(part, region=part.region.moved(40 * k, 0), valid=mask, exclude=bytes(len(mask)))
        for k in range(protocol.LIMITS.regions)
    ]
    with daemon.client(transport) as client:
        heard = events(client, client.submit(replace(one, regions=many)))
        candidate = next(event for event in heard if isinstance(event, CandidateReady))
        assert len(candidate.fills) == protocol.LIMITS.regions and isinstance(heard[-1], Done)
        with pytest.raises(protocol.ProtocolError, match="regions"):
            client.submit(replace(one, regions=[part] * (protocol.LIMITS.regions + 1)))


def test_what_the_pipeline_refuses_fails_with_its_sentence(daemon):
    with daemon.client() as client:
        ending = events(client, client.submit(job("fail")))[-1]
        assert ending == Failed(ending.job, "made-up", "This was made up.", "Do nothing.")
        ending = events(client, client.submit(job("bug")))[-1]
        assert ending.code == "internal" and "ValueError" in ending.sentence
        assert isinstance(events(client, client.submit(job()))[-1], Done)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk at hand")
def test_a_full_disk_is_said(daemon):
    with daemon.client() as client:
        ending = events(client, client.submit(job("full")))[-1]
        assert (
            ending.code == "disk-full"
            and "no space left" in ending.sentence
            and "Make room" in ending.next_step
        )
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_errors_in_the_log_are_cut_short(daemon):
    with daemon.client() as client:
        events(client, client.submit(job("bug")))
    log = (daemon.home / "logs" / "worker-cpu.log").read_text()
    assert "ValueError" in log and len(log) < 4000
    assert (daemon.home / "logs" / "daemon.log").stat().st_mode & 0o077 == 0


def test_waiting_jobs_hear_their_place_each_second(daemon):
    with daemon.client() as first, daemon.client() as second:
        running = first.submit(job("kernel"))
        wait_for(first, Progress, running)
        waiting = second.submit(job())
        started = time.monotonic()
        places = [wait_for(second, Queued, waiting).place for _ in range(3)]
        assert places == [1, 1, 1]
        assert 1.8 < time.monotonic() - started < 6
        first.cancel(running)
        assert isinstance(events(second, waiting)[-1], Done)


def test_clients_take_turns(daemon):
    with daemon.client() as greedy, daemon.client() as modest:
        blocker = greedy.submit(job("kernel"))
        wait_for(greedy, Progress, blocker)
        many = [greedy.submit(job("slow", count=1)) for _ in range(5)]
        one = modest.submit(job(count=1))
        wait_for(modest, Accepted, one)
        greedy.cancel(blocker)
        assert isinstance(events(modest, one)[-1], Done)
        ended = set()
        while (event := greedy.poll(0)) is not None:
            if isinstance(event, ENDINGS):
                ended.add(event.job)
        assert len(ended & set(many)) <= 1


def test_cancel_ends_a_long_kernel_within_half_a_second(daemon):
    with daemon.client() as client:
        name = client.submit(job("kernel"))
        while wait_for(client, Progress, name).stage != "kernel":
            pass
        started = time.monotonic()
        client.cancel(name)
        assert isinstance(events(client, name)[-1], CancelledJob)
        until(lambda: daemon.status()["workers"][0]["state"] == "idle", 1.0)
        assert time.monotonic() - started < 1.0
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_a_worker_deaf_to_cancel_is_killed_and_the_person_does_not_wait(daemon_with):
    daemon = daemon_with(cancel_grace=3.0)
    with daemon.client() as client:
        name = client.submit(job("deaf"))
        pid = busy_with(daemon, name)
        client.cancel(name)
        assert isinstance(events(client, name)[-1], CancelledJob)
        assert daemon.workers() == [pid], "the answer came only when the worker was killed"
        assert isinstance(events(client, client.submit(job()))[-1], Done)
        assert daemon.workers() != [pid]


def test_a_waiting_job_can_be_cancelled(daemon):
    with daemon.client() as client:
        running = client.submit(job("kernel"))
        waiting = client.submit(job())
        client.cancel(waiting)
        endings = {}
        client.cancel(running)
        while len(endings) < 2:
            event = client.poll(5)
            if isinstance(event, ENDINGS):
                endings[event.job] = event
        assert all(isinstance(ending, CancelledJob) for ending in endings.values())


def test_a_job_past_its_deadline_fails(daemon):
    with daemon.client() as client:
        name = client.submit(job("kernel", deadline=1.0))
        ending = events(client, name)[-1]
        assert ending.code == "deadline" and "1 seconds" in ending.sentence
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_a_client_that_vanishes_frees_its_job(daemon):
    gone = daemon.client(Dealer)
    name = gone.submit(job("kernel"))
    wait_for(gone, Progress, name)
    gone.submit(job("kernel"))
    gone.close()
    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job()), 15)[-1], Done)
    assert daemon.status()["counts"]["cancelled"] == 2
    assert daemon.status()["bytes_in_flight"] == {"jobs": 0, "fills": 0}


def test_a_repeated_submit_is_the_same_job(daemon):
    with daemon.client(Dealer) as client, daemon.client(Dealer) as thief:
        name = client.submit(job("slow"))
        wait_for(client, Accepted, name)
        client.submit(job("slow"), job=name)
        wait_for(client, Accepted, name)
        thief.submit(job(), job=name)
        assert events(thief, name)[-1].code == "bad-field"
        thief.cancel(name)
        assert isinstance(events(client, name)[-1], Done)
        assert daemon.status()["counts"]["accepted"] == 1


@pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])
def test_a_client_of_the_previous_protocol_version_is_answered_in_its_own(daemon_with, transport):
    later = protocol.VERSION + 1
    daemon = daemon_with(protocol_version=later, worker_command=[*DOUBLE, "speaks", str(later)])
    spoken = set()

    class Noting(transport):
        def receive(self, timeout):
            frames = super().receive(timeout)
            if frames is not None:
                spoken.add((json.loads(frames[0])["type"], json.loads(frames[0])["v"]))
            return frames

    with daemon.client(Noting) as client:
        assert client.status()["protocol"] == [later, protocol.VERSION]
        running = client.submit(job("kernel"))
        assert wait_for(client, Progress, running).stage
        waiting = client.submit(job())
        wait_for(client, Queued, waiting)
        client.cancel(running)
        assert isinstance(events(client, waiting)[-1], Done)
        assert events(client, client.submit(job("fail")))[-1].code == "made-up"
        assert client.methods()
        with pytest.raises(DaemonError, match="no message"):
            client._request("open", {}, 5.0)
    assert {version for _, version in spoken} == {protocol.VERSION}
    kinds = {kind for kind, _ in spoken}
    assert kinds >= {
        "ping",
        "status",
        "methods",
        "accepted",
        "queued",
        "progress",
        "candidate",
        "done",
        "failed",
    }
