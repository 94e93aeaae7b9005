"""A second daemon, a stale file, a stranger on the port: a client speaks to its own daemon or says why not."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import time

import pytest
from daemons import DOUBLE, HERE, published, until, works
from raw_zmtp import Server, frame, read_frame, serve_plain

from pluripaint_client import Client, Incompatible, NotOurs, NotRunning, Refused, protocol
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.zmtp import Dealer

TRANSPORTS = pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])


def test_a_second_daemon_finds_the_first_and_ends_with_a_sentence(daemon):
    second = subprocess.run(
        [sys.executable, "-m", "pluripaint.service.program"], capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 0
    assert re.search(rf"running already \(process {daemon.process.pid}\)", second.stdout)
    works(daemon)


def test_many_daemons_started_at_once_leave_one(home):
    command_line = [sys.executable, str(HERE / "run_daemon.py"), json.dumps({"worker_command": DOUBLE})]
    started = [subprocess.Popen(command_line, stdout=subprocess.DEVNULL) for _ in range(4)]
    until(lambda: sum(process.poll() is None for process in started) == 1, 20)
    with Client.connect(start=False, timeout=5) as client:
        assert client.connection.pid in [process.pid for process in started if process.poll() is None]
        client.shutdown()
    codes = [process.wait(10) for process in started]
    assert codes == [0, 0, 0, 0]


@TRANSPORTS
def test_a_stale_file_is_recognised_at_once(home, transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    published(home, port)
    started = time.monotonic()
    with pytest.raises(NotRunning, match="pluripaint daemon start"):
        Client.connect(start=False, transport=transport)
    assert time.monotonic() - started < 1


def test_a_stale_file_is_replaced_by_a_started_daemon(home, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    stale = published(home, port)
    with Client.connect(start=True, timeout=15) as client:
        assert client.connection.token != stale.token
        client.shutdown()


@TRANSPORTS
def test_a_stranger_who_accepts_anyone_learns_neither_token_nor_pixels(home, transport):
    heard = bytearray()

    def script(connection):
        heard.extend(serve_plain(connection))
        while True:
            flags, body = read_frame(connection)
            heard.extend(body)
            if not flags & 5:
                nonce = json.loads(body).get("nonce", "")
                ref = json.loads(body)["ref"]
                guess = hashlib.sha256(nonce.encode()).hexdigest()
                connection.sendall(
                    frame(json.dumps({"v": 1, "type": "ping", "ref": ref, "proof": guess}).encode())
                )

    with Server(script) as server:
        connection = published(home, server.port)
        started = time.monotonic()
        with pytest.raises(NotOurs):
            Client.connect(start=False, transport=transport)
        assert time.monotonic() - started < 1
    assert connection.token.encode() not in heard and bytes.fromhex(connection.token) not in heard
    assert b"submit" not in heard and heard.count(b'"type"') == 1


def test_a_stranger_who_passes_the_question_on_to_the_real_daemon_is_found_out(daemon, home):
    real = daemon.connection

    def script(connection):
        serve_plain(connection)
        _, body = read_frame(connection)
        onward = Dealer("127.0.0.1", real.port, b"client", protocol.password(real.token))
        onward.send([body], 1)
        connection.sendall(frame(onward.receive(2)[0]))
        connection.recv(1)

    with Server(script) as server, pytest.raises(NotOurs):
        Client(real._replace(port=server.port), Dealer)


def test_a_stranger_who_says_nothing(home):
    with Server(lambda connection: connection.recv(1000) and time.sleep(3)) as server:
        published(home, server.port)
        started = time.monotonic()
        with pytest.raises(NotOurs):
            Client.connect(start=False, transport=Dealer)
        assert time.monotonic() - started < 1.2


def test_a_stranger_on_the_port_is_left_alone_and_a_new_daemon_started(home):
    with Server(serve_plain) as server:
        published(home, server.port)
        with Client.connect(start=True, timeout=15) as client:
            assert client.connection.port != server.port
            client.shutdown()


@TRANSPORTS
def test_a_file_with_another_token_is_refused(daemon, transport):
    with pytest.raises(Refused, match="restart"):
        Client(daemon.connection._replace(token="cd" * 32), transport)


def test_a_daemon_of_another_protocol(home):
    published(home, 5, protocol=(7,))
    with pytest.raises(Incompatible, match="installer"):
        Client.connect(start=False)
