"""Workers: killed, hung, without a card or memory; started ahead and ended. The job of each has one ending."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest
from daemons import DOUBLE, busy_with, events, job, until, wait_for

from pluripaint_client import (
    ENDINGS,
    CandidateReady,
    DaemonError,
    Done,
    Progress,
)


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
