"""Jobs: accepted, queued, answered, cancelled; exactly one ending each."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from daemons import DOUBLE, events, job, until, wait_for

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


def busy_with(daemon, name: str) -> int:
    """The worker that has a job, once it has: a word of progress may also come while it starts."""
    workers = until(lambda: [one for one in daemon.status()["workers"] if one["job"] == name], 30, "a worker")
    return workers[0]["pid"]


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


# ------------------------------------------------------------------------------------- workers that misbehave


def test_a_worker_killed_once_is_replaced_and_the_job_done(daemon, tmp_path):
    with daemon.client() as client:
        name = client.submit(job("kill-once", weights=str(tmp_path / "died")))
        assert isinstance(events(client, name)[-1], Done)


def test_a_worker_killed_twice_fails_the_job_within_two_seconds(daemon):
    with daemon.client() as client:
        ending = events(client, client.submit(job("kill")))[-1]
        assert ending.code == "worker-died" and "signal 9" in ending.sentence and ending.next_step
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_a_death_after_a_candidate_fails_at_once_and_the_candidate_stays(daemon):
    with daemon.client() as client:
        name = client.submit(job("kernel"))
        wait_for(client, Progress, name)
        client.cancel(name)
        events(client, name)
        name = client.submit(job("kill-late"))
        wait_for(client, CandidateReady, name)
        started = time.monotonic()
        assert events(client, name)[-1].code == "worker-died"
        assert time.monotonic() - started < 2.2


@pytest.mark.parametrize("how", ["stop", "hang"])
def test_a_hung_worker_is_killed(daemon_with, how):
    daemon = daemon_with(hang=3.0)
    with daemon.client() as client:
        name = client.submit(job(how))
        wait_for(client, Progress, name)
        pid = daemon.workers()[0]
        assert events(client, name, 15)[-1].code == "worker-hung"
        until(lambda: not psutil.pid_exists(pid), 2, "its end")
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_a_worker_that_takes_long_to_die_keeps_nobody_waiting(daemon_with):
    """One that waits for a graphics card's driver inside the kernel is not gone when it is killed."""
    daemon = daemon_with(hang=2.0, seconds_to_die=5.0)
    with daemon.client() as client, daemon.client() as other:
        name = client.submit(job("stop"))
        pid = busy_with(daemon, name)
        slowest, heard, began = 0.0, None, time.monotonic()
        while not isinstance(heard, ENDINGS):
            slowest = max(slowest, other.ping(5.0))
            heard = client.poll(0.01)
            assert time.monotonic() - began < 10
        assert slowest < 0.5 and heard.code == "worker-hung" and psutil.pid_exists(pid)
        assert isinstance(events(client, client.submit(job()))[-1], Done), "by a worker of its own"
        assert psutil.pid_exists(pid) and daemon.workers() != [pid]
        until(lambda: not psutil.pid_exists(pid), what="the end of the old one, and no zombie of it")
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0


def test_a_daemon_does_not_wait_for_ever_for_a_worker_that_takes_long_to_die(daemon_with):
    daemon = daemon_with(seconds_to_die=30.0)
    with daemon.client() as client:
        client.submit(job("stop"))
        [pid] = until(daemon.workers, what="a worker")
        until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, 30, "the worker stopped")
        started = time.monotonic()
        daemon.process.terminate()
        assert daemon.process.wait(10) == 0
        assert time.monotonic() - started < 6
    psutil.Process(pid).kill()


def test_a_daemon_that_was_paused_takes_no_worker_for_hung(daemon_with):
    """A virtual machine that was moved, or a long swap: the workers went on meanwhile, and their words are waiting."""
    daemon = daemon_with(hang=2.0, devices=["cuda:0", "cuda:1", "cpu"])
    with daemon.client() as one, daemon.client() as other:
        names = [client.submit(job("slow", count=16)) for client in (one, other)]
        for name in names:
            busy_with(daemon, name)
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(4.0)  # the pause itself
        daemon.process.send_signal(signal.SIGCONT)
        for client, name in zip((one, other), names):
            assert isinstance(events(client, name)[-1], Done)
    assert daemon.status()["counts"]["failed"] == 0


def test_a_long_kernel_is_not_taken_for_hung(daemon_with):
    daemon = daemon_with(hang=3.0)
    with daemon.client() as client:
        name = client.submit(job("kernel", deadline=6.0))
        assert events(client, name)[-1].code == "deadline"


def test_a_worker_that_cannot_start_fails_the_job(daemon_with):
    daemon = daemon_with(worker_command=[*DOUBLE, "dies"])
    with daemon.client() as client:
        ending = events(client, client.submit(job()))[-1]
        assert ending.code == "no-worker" and "doctor" in ending.next_step
        with pytest.raises(DaemonError, match="No worker could be started"):
            client.methods()


@pytest.mark.parametrize(("fits", "expected"), [(3, "cuda:0 3"), (1, "cuda:0 1"), (0, "cpu None")])
def test_a_full_graphics_card_halves_the_batch_then_the_processor_takes_over(daemon_with, fits, expected):
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        heard = events(client, client.submit(job(f"oom:{fits}", count=4)))
    assert heard[-1].configuration == expected
    notes = [event.note for event in heard if isinstance(event, Progress) and event.note]
    assert notes and all("graphics card" in note for note in notes)
    assert ("processor" in notes[-1]) == (fits == 0)


def test_one_variation_of_a_larger_pool_halves_that_pool(daemon_with):
    """The preset *best* draws three together to show one."""
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        heard = events(client, client.submit(job("oom:1", count=1, preset="best")))
    assert heard[-1].configuration == "cuda:0 1"


def test_memory_that_runs_out_on_the_way_tells_no_candidate_twice(daemon_with):
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        heard = events(client, client.submit(job("oom-late", count=4)))
    assert heard[-1].configuration == "cuda:0 1"
    assert [event.seed for event in heard if isinstance(event, CandidateReady)] == [0, 1, 2, 3]


@pytest.mark.parametrize("trouble", ["build", "driver", "context", "apple", "apple-memory"])
def test_a_device_that_cannot_be_used_leaves_the_job_to_the_processor(daemon_with, trouble):
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        heard = events(client, client.submit(job(f"broken:{trouble}", count=1, preset="fast")))
    assert heard[-1].configuration == "cpu None"
    [note] = [event.note for event in heard if isinstance(event, Progress) and event.note]
    assert "going on with the processor" in note


def test_a_worker_that_has_lost_its_card_makes_way_for_another(daemon_with):
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job("broken:context", count=1)))[-1], Done)
        assert events(client, client.submit(job(count=1)))[-1].configuration.startswith("cuda:0")
    log = (daemon.home / "logs" / "daemon.log").read_text()
    assert "can no longer use cuda:0" in log


# ------------------------------------------------------------------------------------- starting and ending workers


def test_prepare_starts_a_worker_ahead_and_release_ends_it(daemon):
    assert daemon.workers() == []
    with daemon.client() as client:
        client.prepare()
        until(lambda: [w["state"] for w in daemon.status()["workers"]] == ["idle"])
        pid = daemon.workers()[0]
        client.release()
        until(lambda: not psutil.pid_exists(pid), 3)
        until(lambda: daemon.workers() == [])


def test_a_worker_released_while_it_starts_ends_once_it_is_ready(daemon):
    with daemon.client() as client:
        client.prepare()
        assert [w["state"] for w in daemon.status()["workers"]] == ["starting"]
        client.release()
        until(lambda: daemon.workers() == [])


def test_a_busy_worker_that_is_released_finishes_its_job_first(daemon):
    with daemon.client() as client:
        name = client.submit(job("slow"))
        wait_for(client, Progress, name)
        client.release()
        assert isinstance(events(client, name)[-1], Done)
        until(lambda: daemon.workers() == [])


def test_a_worker_that_makes_no_sense_costs_its_job_and_nothing_else(daemon):
    with daemon.client() as client:
        ending = events(client, client.submit(job("nonsense")))[-1]
        assert ending.code == "worker-died" and ending.next_step
        assert isinstance(events(client, client.submit(job()))[-1], Done)


def test_a_worker_program_that_is_not_there_is_said(daemon_with, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    daemon = daemon_with(worker_command=[str(tmp_path / "gone")])
    with daemon.client() as client:
        ending = events(client, client.submit(job()))[-1]
    assert ending.code == "no-worker"
    assert "No such file" in ending.sentence
    assert list(temporary.iterdir()) == [], "the cancel file is gone with the worker"


def test_an_idle_worker_ends(daemon_with):
    daemon = daemon_with(idle=0.5)
    with daemon.client() as client:
        events(client, client.submit(job()))
        until(lambda: client.status()["workers"] == [], 10)


def test_workers_end_with_a_killed_daemon(daemon):
    with daemon.client() as client:
        name = client.submit(job("kernel"))
        wait_for(client, Progress, name)
        pid = daemon.workers()[0]
        os.kill(daemon.process.pid, signal.SIGKILL)
        ending = events(client, name)[-1]
        assert ending.code == "connection-lost" and ending.next_step
        until(lambda: not psutil.pid_exists(pid), 3)


def test_shutdown_tells_running_jobs(daemon):
    with daemon.client() as client, daemon.client() as other:
        name = client.submit(job("kernel"))
        wait_for(client, Progress, name)
        other.shutdown()
        assert events(client, name)[-1].code == "daemon-stopped"
        assert daemon.process.wait(5) == 0
        assert not daemon.file.exists()
