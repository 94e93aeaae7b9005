"""Strangers and floods at the daemon's door: each ends in a clear refusal and a daemon that still works."""

from __future__ import annotations

import json
import resource
import socket
import struct
import time

import psutil
import pytest
from daemons import events, job, until, works
from raw_zmtp import command, frame, greeting, hello, read, read_frame

from pluripaint_client import Done, JobRequest, Region, RegionData, protocol
from pluripaint_client.zmtp import AuthenticationFailed, Dealer


def hung_up(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side closes within a time."""
    connection.settimeout(seconds)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def dial(daemon) -> socket.socket:
    return socket.create_connection(("127.0.0.1", daemon.connection.port))


def speak(daemon) -> socket.socket:
    """An authenticated client by hand."""
    connection = dial(daemon)
    connection.sendall(greeting())
    read(connection, 64)
    connection.sendall(hello(b"client", protocol.password(daemon.connection.token)))
    assert read_frame(connection)[1] == b"\x07WELCOME"
    connection.sendall(
        command(b"\x08INITIATE\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x00")
    )
    assert read_frame(connection)[1].startswith(b"\x05READY")
    return connection


@pytest.mark.parametrize("password", [b"", b"wrong", b"x" * 255])
def test_a_wrong_password(daemon, password):
    with dial(daemon) as connection:
        connection.sendall(greeting())
        read(connection, 64)
        connection.sendall(hello(b"client", password))
        assert b"400" in read_frame(connection)[1]
    assert daemon.status()["counts"]["wrong_passwords"] == 1
    works(daemon)


def test_the_token_itself_is_no_password(daemon):
    with pytest.raises(AuthenticationFailed):
        Dealer("127.0.0.1", daemon.connection.port, b"client", daemon.connection.token.encode())


@pytest.mark.parametrize("user", [b"", b"admin", b"worker"])
def test_another_user(daemon, user):
    with pytest.raises(AuthenticationFailed):
        Dealer("127.0.0.1", daemon.connection.port, user, protocol.password(daemon.connection.token))


@pytest.mark.parametrize("mechanism", [b"NULL", b"CURVE", b"XYZ"])
def test_another_mechanism(daemon, mechanism):
    with dial(daemon) as connection:
        connection.sendall(greeting(mechanism) + command(b"\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"))
        assert hung_up(connection, 3)
    works(daemon)


def test_no_token_at_all(daemon):
    with dial(daemon) as connection:
        connection.sendall(greeting() + frame(b'{"v":1,"type":"shutdown"}'))
        assert hung_up(connection, 4)
    assert daemon.process.poll() is None
    works(daemon)


def test_an_oversized_frame_closes_the_connection(daemon):
    with speak(daemon) as connection:
        connection.sendall(struct.pack(">BQ", 2, protocol.LIMITS.frame_bytes + 1) + bytes(1000))
        assert hung_up(connection, 3)
    assert daemon.status()["resident_bytes"] < 40e6
    works(daemon)


def test_slow_loris_clients_do_not_keep_others_out(daemon):
    silent = [dial(daemon) for _ in range(200)]
    for connection in silent[::2]:
        connection.sendall(greeting()[:11])
    works(daemon)
    assert all(hung_up(connection, 4) for connection in silent[:4])
    for connection in silent:
        connection.close()


def test_half_a_frame_that_never_ends_holds_nobody_up(daemon):
    with speak(daemon) as connection:
        connection.sendall(struct.pack(">BQ", 2, 1 << 20) + b"abc")
        works(daemon)


def test_too_many_frames(daemon):
    dealer = Dealer(
        "127.0.0.1", daemon.connection.port, b"client", protocol.password(daemon.connection.token)
    )
    try:
        dealer.send([protocol.encode("ping", {"ref": "r"})] + [b""] * (protocol.LIMITS.frames + 2), 1)
        answer = protocol.decode(dealer.receive(5)[0])
    finally:
        dealer.close()
    assert answer["type"] == "failed" and "frames" in answer["sentence"]
    works(daemon)


def resident(daemon) -> int:
    return psutil.Process(daemon.process.pid).memory_info().rss


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux bounds a process so")
def test_a_message_that_never_ends_costs_its_sender_the_connection(daemon_with):
    """A thousand megabytes, each frame with more to come, for a daemon that may hold 400."""
    daemon = daemon_with(limits={"daemon_bytes": 400 << 20})
    idle = resident(daemon)
    connection = speak(daemon)
    part = frame(bytes(1 << 20), flags=1)
    sent = 0
    with pytest.raises(OSError):
        while sent < 1000:
            connection.sendall(part)
            sent += 1
    assert 100 < sent < 500, "as much as it may hold, and no more"
    until(
        lambda: resident(daemon) < idle + (40 << 20), what="the memory of the unfinished message given back"
    )
    works(daemon)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux bounds a process so")
def test_workers_are_not_bound_with_the_daemon(daemon_with):
    daemon = daemon_with(limits={"daemon_bytes": 400 << 20})
    works(daemon)
    [worker] = daemon.workers()
    assert resource.prlimit(worker, resource.RLIMIT_DATA) == resource.getrlimit(resource.RLIMIT_DATA)
    assert resource.prlimit(daemon.process.pid, resource.RLIMIT_DATA)[0] == 400 << 20


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, True])
def test_another_protocol_version_is_refused_with_a_sentence(daemon, version):
    with daemon.client(Dealer) as client:
        client._dealer.send([json.dumps({"v": version, "type": "ping", "ref": "mine"}).encode()], 1)
        reply = protocol_reply(client)
        assert reply["code"] == "wrong-version" and reply["ref"] == "mine" and "installer" in reply["next"]


def protocol_reply(client) -> dict:
    frames = client._dealer.receive(3)
    assert frames is not None
    return json.loads(frames[0])


def test_unknown_types_and_nonsense_are_refused(daemon):
    with daemon.client(Dealer) as client:
        for message in (
            [b"{"],
            [b"[1]"],
            [b""],
            [protocol.encode("open", {"path": "/etc/passwd"})],
            [b"\xff" * 10],
        ):
            client._dealer.send(message, 1)
            assert protocol_reply(client)["type"] == "failed"
    works(daemon)


def test_more_bytes_than_the_limit_are_refused_and_given_back(daemon_with):
    daemon = daemon_with(limits={"client_bytes": 100_000, "total_bytes": 150_000})
    with daemon.client() as one, daemon.client() as two:
        blocker = one.submit(job("kernel", side=128))
        assert events(one, one.submit(job(side=128)))[-1].code == "busy"
        second = two.submit(job("kernel", side=96))
        assert events(two, two.submit(job(side=128)))[-1].code == "busy"
        status = one.status()
        assert 90_000 < status["bytes_in_flight"]["jobs"] <= 150_000
        assert status["limits"]["client_bytes"] == 100_000
        one.cancel(blocker)
        two.cancel(second)
        events(one, blocker)
        events(two, second)
        until(lambda: one.status()["bytes_in_flight"]["jobs"] == 0)
        assert isinstance(events(one, one.submit(job(side=128)))[-1], Done)


def test_too_many_jobs_are_refused(daemon_with):
    daemon = daemon_with(limits={"jobs_per_client": 3})
    with daemon.client() as client:
        names = [client.submit(job("kernel")) for _ in range(3)]
        assert events(client, client.submit(job()))[-1].code == "busy"
        for name in reversed(names):
            client.cancel(name)
            events(client, name)


def test_a_client_that_does_not_read_its_fills_is_given_up(daemon_with):
    daemon = daemon_with(limits={"client_bytes": 20_000_000})
    side = 1024  # 4 MB go in; sixteen fills of 3 MB come out
    part = RegionData(Region(0, 0, side, side), bytes(side * side * 3), b"\xff" * (side * side))
    with daemon.client(Dealer) as lazy, daemon.client() as other:
        lazy.submit(JobRequest([part], method="plain", count=16), timeout=10)
        until(lambda: other.status()["counts"].get("cancelled", 0) >= 1, 20, "giving up")
        started = time.monotonic()
        assert isinstance(events(other, other.submit(job()))[-1], Done)
        assert time.monotonic() - started < 10
        assert other.ping() < 1
