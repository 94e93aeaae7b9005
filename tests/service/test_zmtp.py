"""The client's own ZMTP against real libzmq and against peers that misbehave."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_zmtp import READY, Server, command, frame, greeting, read, serve_plain

from pluripaint.service.auth import Doorkeeper
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.zmtp import (
    AuthenticationFailed,
    Closed,
    Dealer,
    HandshakeTimeout,
    NotZmtp,
    ZmtpError,
)

TRANSPORTS = pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])


class Echo:
    """A real libzmq ROUTER that sends every message back."""

    def __init__(self, plain: bool = True, **options: int) -> None:
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.setsockopt(zmq.LINGER, 0)
        self._door = Doorkeeper(self._context)
        self._door.admit(b"test", b"user", b"right")
        if plain:
            self._router.setsockopt(zmq.PLAIN_SERVER, 1)
            self._router.setsockopt(zmq.ZAP_DOMAIN, b"test")
        for name, value in options.items():
            self._router.setsockopt(getattr(zmq, name), value)
        self.port = self._router.bind_to_random_port("tcp://127.0.0.1")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._door.socket, zmq.POLLIN)
        while not self._stop.is_set():
            ready = dict(poller.poll(50))
            if self._door.socket in ready:
                self._door.answer()
            if self._router in ready:
                self._router.send_multipart(self._router.recv_multipart(copy=False), copy=False)
        self._router.close()
        self._door.socket.close()
        self._context.term()

    def __enter__(self) -> Echo:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def dribbling_proxy(target: int, piece: int):
    """A server that passes everything on in pieces of a few octets."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(4096):
                for at in range(0, len(data), piece):
                    sink.sendall(data[at : at + piece])
        except OSError:
            pass

    def script(connection: socket.socket) -> None:
        onward = socket.create_connection(("127.0.0.1", target))
        for one in (connection, onward):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(connection, onward), daemon=True).start()
        pump(onward, connection)

    return Server(script)


@TRANSPORTS
@pytest.mark.parametrize("sizes", [[0], [1, 255, 256], [0, 0, 70_000], [300] * 64])
def test_messages_come_back_as_they_went(transport, sizes):
    with Echo() as echo:
        dealer = transport("127.0.0.1", echo.port, b"user", b"right")
        message = [bytes([k % 251]) * size for k, size in enumerate(sizes)]
        for _ in range(3):
            assert dealer.send(message, 5)
        assert [dealer.receive(5) for _ in range(3)] == [message] * 3
        dealer.close()


@TRANSPORTS
def test_64_megabyte_frames(transport):
    with Echo() as echo:
        dealer = transport("127.0.0.1", echo.port, b"user", b"right")
        block = bytes(range(256)) * (1 << 18)
        dealer.send([b"head", block, block], 0.01)
        received = dealer.receive(30)
        assert received is not None and received[0] == b"head" and received[1] == block == received[2]
        dealer.close()


def test_null_mechanism():
    with Echo(plain=False) as echo:
        dealer = Dealer("127.0.0.1", echo.port)
        dealer.send([b"a"], 1)
        assert dealer.receive(5) == [b"a"]
        dealer.close()


@pytest.mark.parametrize("piece", [1, 7])
def test_everything_in_small_pieces(piece):
    with Echo() as echo, dribbling_proxy(echo.port, piece) as proxy:
        dealer = Dealer("127.0.0.1", proxy.port, b"user", b"right", timeout=5)
        message = [b"x", bytes(range(256)) * 200, b""]
        dealer.send(message, 5)
        assert dealer.receive(10) == message
        dealer.close()


def test_libzmq_heartbeats_are_answered():
    with Echo(HEARTBEAT_IVL=100, HEARTBEAT_TIMEOUT=300) as echo:
        dealer = Dealer("127.0.0.1", echo.port, b"user", b"right")
        assert dealer.receive(1.2) is None
        dealer.send([b"still here"], 1)
        assert dealer.receive(5) == [b"still here"]
        dealer.close()


@TRANSPORTS
def test_a_wrong_password_is_said_at_once(transport):
    with Echo() as echo:
        started = time.monotonic()
        with pytest.raises(AuthenticationFailed, match="400"):
            transport("127.0.0.1", echo.port, b"user", b"wrong")
        assert time.monotonic() - started < 1


def test_an_error_command_as_the_specification_writes_it():
    def script(connection):
        connection.sendall(greeting())
        read(connection, 64)
        connection.sendall(command(b"\x05ERROR\x03abc"))
        connection.recv(1000)

    with Server(script) as server, pytest.raises(AuthenticationFailed, match="abc"):
        Dealer("127.0.0.1", server.port, b"u", b"p")


def test_another_mechanism_is_refused():
    with Echo(plain=False) as echo, pytest.raises((NotZmtp, Closed)):
        Dealer("127.0.0.1", echo.port, b"user", b"right")


@TRANSPORTS
def test_nobody_listens(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError):
        transport("127.0.0.1", port, b"user", b"right")


@TRANSPORTS
def test_a_server_that_says_nothing_costs_only_the_time_asked(transport):
    with Server(lambda connection: connection.recv(1) and time.sleep(5)) as server:
        started = time.monotonic()
        with pytest.raises(HandshakeTimeout):
            transport("127.0.0.1", server.port, b"user", b"right", timeout=0.4)
        assert time.monotonic() - started < 1.5


def test_a_server_that_speaks_an_octet_at_a_time_costs_only_the_time_asked():
    def script(connection):
        for octet in greeting():
            connection.sendall(bytes([octet]))
            time.sleep(0.1)

    with Server(script) as server:
        started = time.monotonic()
        with pytest.raises(HandshakeTimeout):
            Dealer("127.0.0.1", server.port, b"u", b"p", timeout=0.5)
        assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", greeting(major=2), b"\xff" * 64])
def test_a_server_of_another_kind(answer):
    def script(connection):
        connection.sendall(answer)
        connection.recv(1000)

    with Server(script) as server, pytest.raises(ZmtpError):
        Dealer("127.0.0.1", server.port, b"u", b"p", timeout=1)


def scripted(*pieces: bytes, hang_up: bool = False):
    """A server that accepts anyone and then says these octets."""
    pongs = []

    def script(connection):
        serve_plain(connection)
        for piece in pieces:
            connection.sendall(piece)
        if hang_up:
            connection.close()
        else:
            pongs.append(connection.recv(1000))

    server = Server(script)
    server.pongs = pongs
    return server


def test_a_ping_between_two_frames_of_a_message_is_answered():
    ping = command(b"\x04PING\x00\x0acontext")
    with scripted(frame(b"one", 1), ping, frame(b"two")) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p")
        assert dealer.receive(2) == [b"one", b"two"]
        dealer.receive(0.1)
        assert server.pongs == [command(b"\x04PONGcontext")]


def test_half_a_message_from_a_dying_peer_is_no_message():
    with scripted(
        frame(b"whole"), frame(b"first", 1), frame(bytes(100_000))[:50_000], hang_up=True
    ) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p")
        assert dealer.receive(2) == [b"whole"]
        with pytest.raises(Closed):
            dealer.receive(2)
        with pytest.raises(Closed):
            dealer.send([b"more"], 1)


@pytest.mark.parametrize(
    "octets",
    [
        struct.pack(">BQ", 2, 2**63 + 5),
        struct.pack(">BQ", 2, 2**40),
        struct.pack(">BQ", 6, 2**20),
        b"\x08\x01x",
        command(b"\x04PI")[:1] + b"\x05\x20PIN",
        b"\x05\x02xx",
    ],
)
def test_impossible_frames_end_the_connection(octets):
    with scripted(octets + bytes(64)) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p")
        with pytest.raises(ZmtpError):
            dealer.receive(2)


def test_an_endless_message_is_cut_off():
    with scripted(frame(bytes(60_000), 1) * 40) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p", message_limit=1_000_000)
        with pytest.raises(NotZmtp):
            dealer.receive(2)


def test_sending_to_a_peer_that_does_not_read_costs_only_the_time_asked():
    release = threading.Event()

    def script(connection):
        serve_plain(connection)
        release.wait(10)
        total = 0
        while total < 64 << 20:
            total += len(connection.recv(1 << 20))
        connection.sendall(frame(b"all there"))
        connection.recv(1)

    with Server(script) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p")
        started = time.monotonic()
        assert not dealer.send([bytes(64 << 20)], 0.2)
        assert time.monotonic() - started < 0.6 and dealer.unsent > 0
        release.set()
        assert dealer.receive(10) == [b"all there"]
        assert dealer.unsent == 0
        dealer.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    messages=st.lists(st.lists(st.binary(max_size=400), min_size=1, max_size=4), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 200), max_size=20),
    noise=st.none() | st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=12)),
)
def test_any_stream_gives_its_messages_or_an_error(messages, cuts, noise):
    stream = b"".join(
        frame(body, 1 if k < len(message) - 1 else 0)
        for message in messages
        for k, body in enumerate(message)
    )
    if noise is not None:
        at = int(noise[0] * len(stream))
        stream = stream[:at] + noise[1] + stream[at:]
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(stream[at : at + cut])
        at += cut
    with scripted(*pieces, stream[at:], hang_up=True) as server:
        dealer = Dealer("127.0.0.1", server.port, b"u", b"p")
        received = []
        try:
            while (message := dealer.receive(2)) is not None:
                received.append(message)
        except ZmtpError:
            pass
        if noise is None:
            assert received == messages
        dealer.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200), st.booleans(), st.integers(0, 64))
def test_any_handshake_gives_an_error_or_a_connection(octets, polite, kept):
    def script(connection):
        connection.sendall(
            greeting()[: kept if not polite else 64] + (command(b"\x07WELCOME") if polite else b"")
        )
        connection.sendall(octets if not polite else command(READY[:kept]) + octets)
        connection.close()

    with Server(script) as server:
        try:
            Dealer("127.0.0.1", server.port, b"u", b"p", timeout=1).close()
        except (ZmtpError, OSError):
            pass


def test_the_dealer_module_needs_only_the_standard_library():
    code = (
        "import sys; sys.modules['zmq'] = None; import pluripaint_client; "
        "from pluripaint_client.client import best_transport; "
        "assert best_transport().__name__ == 'Dealer'; "
        "bad = {'numpy', 'torch', 'platformdirs'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)


def test_zmtp_errors_have_one_base():
    assert issubclass(Closed, ZmtpError)
