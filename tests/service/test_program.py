"""The daemon as a program: what its surroundings hold, signals, and what its worker has loaded."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from daemons import Daemon, events, job, until

from pluripaint_client import Client, Done, Refused
from pluripaint_client import connection as places

WORKER = [sys.executable, "-m", "pluripaint.service.worker"]
PROGRAM = [sys.executable, "-m", "pluripaint.service.program"]


@pytest.mark.parametrize("value", ["ten", "", "-1", "nan", "inf"])
def test_a_time_that_makes_no_sense_is_said(home, monkeypatch, value):
    monkeypatch.setenv("PLURIPAINT_IDLE_SECONDS", value)
    ended = subprocess.run(PROGRAM, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert "PLURIPAINT_IDLE_SECONDS" in ended.stderr and "unset it" in ended.stderr


def test_a_stale_address_of_systemd_is_no_reason_to_end(home, monkeypatch, daemon_with):
    monkeypatch.setenv("NOTIFY_SOCKET", str(home / "nobody listens"))
    with daemon_with().client() as client:
        assert isinstance(events(client, client.submit(job()))[-1], Done)
    assert "nobody could be told" in (home / "logs" / "daemon.log").read_text()


def test_a_snapped_editors_folder_that_cannot_be_written_is_no_reason_to_end(home, tmp_path):
    blocker = tmp_path / "a file"
    blocker.write_text("")
    copy = blocker / "pluripaint" / places.FILE
    code = (
        "import sys; from pathlib import Path; from pluripaint.service import limits, program;"
        f"program.places.snap_copies = lambda: [Path({str(copy)!r})];"
        "sys.exit(program.run(limits.Settings()))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        until(lambda: (home / places.FILE).exists() or process.poll() is not None, what="the connection file")
        with Client(places.read(home / places.FILE), timeout=5.0) as client:
            assert client.status()["jobs"]["running"] == 0
        assert f"{copy} cannot be written" in (home / "logs" / "daemon.log").read_text()
    finally:
        process.terminate()
        process.wait(10)


def test_an_editor_that_is_snapped_in_later_finds_the_daemon_too(home, tmp_path):
    """``snap install krita`` while the daemon, started at login, runs on."""
    code = (
        "import sys; from pathlib import Path; from pluripaint.service import limits, program;"
        "found = program.places.snap_copies;"
        f"program.places.snap_copies = lambda: found(Path({str(tmp_path)!r}));"
        "sys.exit(program.run(limits.Settings()))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    copy = tmp_path / "snap/krita/common/pluripaint" / places.FILE
    try:
        until(lambda: (home / places.FILE).exists() or process.poll() is not None, what="the connection file")
        copy.parents[2].mkdir(parents=True)
        until(copy.exists, what="the snap's copy")
        assert places.read(copy) == places.read(home / places.FILE)
    finally:
        process.terminate()
        process.wait(10)
    assert not copy.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
def test_a_closed_terminal_ends_the_daemon_without_a_trace(home):
    # Whoever runs the tests may have told everything to outlive the terminal.
    daemon = Daemon(home, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    try:
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.process.wait(10) == 0
        assert not daemon.file.exists()
    finally:
        if daemon.process.poll() is None:
            daemon.close()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
def test_a_closed_terminal_does_not_end_what_was_told_to_outlive_it(home):
    daemon = Daemon(home, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    try:
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.status()["jobs"]["running"] == 0
    finally:
        daemon.close()


def test_a_file_with_a_wrong_token_is_written_again_while_the_client_waits(daemon):
    places.write(daemon.file, daemon.connection._replace(token="cd" * 32))
    started = time.monotonic()
    with Client.connect(start=False) as client:
        assert client.status()["pid"] == daemon.process.pid
    assert time.monotonic() - started < 1
    assert places.read(daemon.file) == daemon.connection
    assert "did not lead here" in (daemon.home / "logs" / "daemon.log").read_text()


def test_restart_also_helps_where_the_file_leads_to_somebody_elses_daemon(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "somebody else"))
    other = Daemon(tmp_path / "somebody else")
    monkeypatch.setenv("PLURIPAINT_HOME", str(home))
    try:
        places.write(home / places.FILE, other.connection._replace(token="cd" * 32))
        with pytest.raises(Refused, match="pluripaint daemon restart"):
            Client.connect(start=False)
        done = subprocess.run(
            [sys.executable, "-m", "pluripaint.cli", "daemon", "restart"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        with Client.connect(start=False) as client:
            assert client.connection.pid != other.process.pid
            client.shutdown()
        assert other.status()["pid"] == other.process.pid, "left alone"
    finally:
        other.close()


@pytest.mark.parametrize("content", [None, "{"], ids=["deleted", "damaged"])
def test_a_file_that_is_gone_or_damaged_comes_back(daemon, content):
    daemon.file.unlink() if content is None else daemon.file.write_text(content)
    with Client.connect(start=True) as client:
        assert client.status()["pid"] == daemon.process.pid


def test_a_daemon_whose_folder_was_replaced_leaves_the_next_ones_file_alone(daemon, home):
    home.rename(home.with_name("moved away"))
    next_one = Daemon(home)
    try:
        for _ in range(3):  # each knock is a reason to look
            with pytest.raises(Refused):
                Client(daemon.connection._replace(token="ef" * 32))
        assert daemon.status()["pid"] == daemon.process.pid
        assert places.read(next_one.file) == next_one.connection
    finally:
        next_one.close()


def trained(client: Client) -> dict[str, bool]:
    return {method["name"]: method["trained"] for method in client.methods()}


def test_weights_that_come_and_go_show_without_a_restart(home, daemon):
    file = home / "weights" / "put_fdm.safetensors"
    with daemon.client() as client:
        assert trained(client) == {"exemplar": True, "put_fdm": False}
        file.parent.mkdir()
        file.write_bytes(b"")
        until(lambda: trained(client)["put_fdm"], what="the running worker's news")
        client.release()
        until(lambda: not daemon.workers(), what="the worker's end")
        file.unlink()
        assert trained(client)["put_fdm"] is False


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what a process has loaded is told by /proc")
def test_a_job_of_patches_loads_no_pytorch(home):
    daemon = Daemon(home, worker_command=WORKER)
    try:
        with daemon.client() as client:
            request = job("exemplar", side=64, count=1, preset="fast")
            assert isinstance(events(client, client.submit(request), 120)[-1], Done)
        (worker,) = daemon.workers()
        loaded = Path(f"/proc/{worker}/maps").read_text()
    finally:
        daemon.close()
    assert "numba" in loaded and "torch" not in loaded
