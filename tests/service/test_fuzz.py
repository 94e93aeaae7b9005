"""The protocol against made-up and mutilated messages, on both sides and on real sockets.

Nothing crashes, nothing but the documented errors leaves the parsers, and what was fuzzed still works afterwards.
"""

from __future__ import annotations

import json
import struct
import time
from contextlib import suppress

import pytest
from daemons import Daemon, events, job, until
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from raw_zmtp import Server, command, frame, greeting, hello, read_frame, serve_plain

from pluripaint_client import ENDINGS, Client, DaemonError, Done, messages, protocol
from pluripaint_client import connection as places
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.protocol import ProtocolError
from pluripaint_client.zmtp import Dealer

NAME = "0123456789abcdef" * 2
TOKEN = "ab" * 32
FUZZ = settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIVE = settings(FUZZ, max_examples=300)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, -0.0])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", NAME, "x" * 300, "\ud800", "a\udfff", "\n\x00"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def submission() -> tuple[dict, list[bytes]]:
    header, frames = job(count=1).to_message(NAME)
    return {"v": 1, "type": "submit", **header}, frames


QUESTIONS: list[tuple[dict, list[bytes]]] = [
    submission(),
    ({"v": 1, "type": "ping", "nonce": "n", "ref": "r"}, []),
    ({"v": 1, "type": "status", "ref": "r"}, []),
    ({"v": 1, "type": "prepare", "method": "plain", "ref": "r"}, []),
    ({"v": 1, "type": "methods", "ref": "r"}, []),
    ({"v": 1, "type": "cancel", "job": NAME}, []),
]
BOX = [108, 208, 8, 8]
TOLD: list[tuple[dict, list[bytes]]] = [
    ({"v": 1, "type": "accepted", "job": NAME}, []),
    ({"v": 1, "type": "queued", "job": NAME, "place": 1}, []),
    ({"v": 1, "type": "progress", "job": NAME, "stage": "s", "fraction": 0.5, "preview": [2, 1]}, [bytes(6)]),
    (
        {"v": 1, "type": "candidate", "job": NAME, "seed": 1, "method": "m", "score": 0.1, "boxes": [BOX]},
        [bytes(8 * 8 * 3)],
    ),
    ({"v": 1, "type": "done", "job": NAME, "order": [["m", 1]], "weights": {"m": ""}, "seconds": 1}, []),
    ({"v": 1, "type": "failed", "job": NAME, "code": "c", "sentence": "S.", "next": "N."}, []),
    ({"v": 1, "type": "failed", "ref": "r", "code": "c", "sentence": "S.", "next": "N."}, []),
    ({"v": 1, "type": "cancelled", "job": NAME}, []),
]


def _mutilate(draw, value):
    """Another value somewhere inside, or a part left out, or one more."""
    if isinstance(value, (dict, list)) and value and draw(st.integers(0, 3)):
        copy = value.copy()
        key = draw(st.sampled_from(sorted(value))) if isinstance(value, dict) else draw(
            st.integers(0, len(value) - 1)
        )  # fmt: skip
        if draw(st.integers(0, 4)):
            copy[key] = _mutilate(draw, value[key])
        else:
            del copy[key]
        return copy
    return draw(VALUES)


@st.composite
def messages_like(draw, models) -> list[bytes]:
    """Header frame and raw frames of a message with something wrong in it, or of none at all."""
    header, frames = draw(st.sampled_from(models))
    for _ in range(draw(st.integers(0, 2))):
        header = _mutilate(draw, header)
        if not isinstance(header, dict):
            break
    frames = [draw(st.sampled_from([one, one[:-1], one + b"\0", b""])) for one in frames]
    if draw(st.integers(0, 5)) == 0:
        frames = frames[1:] if draw(st.booleans()) else [*frames, *([b"x"] * draw(st.sampled_from([1, 70])))]
    encoded = json.dumps(header).encode()
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(encoded)))
        encoded = encoded[:at] + draw(st.binary(max_size=12)) + encoded[at + draw(st.integers(0, 5)) :]
    assume(b"shutdown" not in encoded)
    return [encoded, *frames]


@st.composite
def streams(draw, stream: bytes) -> bytes:
    """A stream of octets cut off, with some of them changed, doubled or left out."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(stream)))
        stream = stream[:at] + draw(st.binary(max_size=10)) + stream[at + draw(st.integers(0, 10)) :]
    return stream[: draw(st.integers(0, len(stream)))] if draw(st.booleans()) else stream


# What the parsers make of it


@FUZZ
@given(st.binary(max_size=300) | messages_like(QUESTIONS + TOLD).map(lambda frames: frames[0]))
def test_a_header_is_understood_or_refused(octets):
    try:
        header = protocol.decode(octets)
    except ProtocolError as error:
        assert error.code in ("bad-message", "wrong-version") and error.sentence.endswith(".")
        return
    json.dumps(header, ensure_ascii=False).encode()
    assert isinstance(header["type"], str) and header["v"] == 1


@FUZZ
@given(messages_like(QUESTIONS[:1]))
def test_a_submission_that_passes_fits_its_frames(frames):
    with suppress(ProtocolError):
        parsed = protocol.parse_submit(protocol.decode(frames[0]), [len(one) for one in frames[1:]])
        for part in parsed.parts:
            assert len(frames[1 + part.selection]) == part.box.area <= protocol.LIMITS.job_bytes
        assert 1 <= parsed.count <= 16 and 0 <= parsed.seed < 2**31 and 0.1 <= parsed.deadline <= 7200


@FUZZ
@given(messages_like(TOLD))
def test_an_event_that_passes_fits_its_job(frames):
    with suppress(ProtocolError):
        event = messages.event(protocol.decode(frames[0]), frames[1:], job(count=1))
        if isinstance(event, messages.CandidateReady):
            assert [len(fill) for fill in event.fills] == [box.area * 3 for box in event.boxes]


# The daemon, live


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """One daemon for all examples; what they broke would show in the next ones and at the end."""
    daemon = Daemon(tmp_path_factory.mktemp("fuzzed"))
    yield daemon
    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job()))[-1], Done)
        until(lambda: client.status()["bytes_in_flight"] == {"jobs": 0, "fills": 0}, 20, "bytes given back")
        until(lambda: client.status()["resident_bytes"] < 40e6, 20, "memory given back")
    daemon.close()


def answers(dealer: Dealer) -> list[dict]:
    """All that came before the answer to a ping."""
    dealer.send([protocol.encode("ping", {"ref": "the end", "nonce": "n"})], 5)
    heard = []
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        frames = dealer.receive(1)
        if frames is not None:
            header = protocol.decode(frames[0])
            if header.get("ref") == "the end":
                return heard
            heard.append(header)
    raise AssertionError(f"no answer to a ping; heard {heard[-3:]}")


@LIVE
@given(
    st.lists(messages_like(QUESTIONS) | st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=6)
)
@example([[b'{"v":1,"type":"ping","nonce":"\\ud800"}']])
def test_the_daemon_answers_whatever_it_is_told(fuzzed, said):
    token = protocol.password(fuzzed.connection.token)
    dealer = Dealer("127.0.0.1", fuzzed.connection.port, b"client", token, timeout=10)
    try:
        for frames in said:
            dealer.send(frames, 5)
        for header in answers(dealer):
            if header["type"] == "failed":
                assert header["code"] and header["sentence"].endswith((".", "!"))
    finally:
        dealer.close()


def whole_stream(daemon: Daemon) -> bytes:
    """All that a well-behaved client says, without waiting for answers."""
    ready = b"\x08INITIATE\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x00"
    said = greeting() + hello(b"client", protocol.password(daemon.connection.token)) + command(ready)
    said += frame(protocol.encode("ping", {"nonce": "n"}))
    header, frames = submission()
    parts = [json.dumps(header).encode(), *frames]
    return said + b"".join(frame(part, int(k < len(parts) - 1)) for k, part in enumerate(parts))


@LIVE
@given(st.data())
def test_the_daemon_survives_any_octets_on_its_port(fuzzed, data):
    import socket

    said = data.draw(streams(whole_stream(fuzzed)))
    with socket.create_connection(("127.0.0.1", fuzzed.connection.port)) as connection:
        with suppress(OSError):
            connection.sendall(said)
        with fuzzed.client(Dealer) as client:
            assert client.ping(10) >= 0


# The client, live


def prove(connection, port: int, token: str = TOKEN) -> None:
    """What a daemon says first."""
    serve_plain(connection)
    asked = json.loads(read_frame(connection)[1])
    proof = protocol.proof(token, port, asked["nonce"])
    connection.sendall(frame(protocol.encode("ping", {"ref": asked["ref"], "proof": proof})))


def octets(message: list[bytes]) -> bytes:
    return b"".join(frame(part, int(k < len(message) - 1)) for k, part in enumerate(message))


def found(port: int) -> places.Connection:
    return places.Connection("127.0.0.1", port, TOKEN, 1, (1,), "0")


@pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])
@LIVE
@given(said=st.lists(messages_like(TOLD), max_size=5), noise=st.binary(max_size=20))
def test_the_client_tells_one_ending_whatever_the_daemon_says(transport, said, noise):
    def script(connection):
        prove(connection, server.port)
        while read_frame(connection)[0] & 1:
            pass
        connection.sendall(b"".join(map(octets, said)) + noise)
        connection.close()

    with Server(script) as server, Client(found(server.port), transport, timeout=10) as client:
        endings = []
        try:
            client.submit(job(count=1), job=NAME)
            while True:
                event = client.poll(10)
                assert event is not None, "the connection ended, and nothing came of it"
                if isinstance(event, ENDINGS):
                    endings.append(event)
        except DaemonError as error:
            assert error.code == "connection-lost" and error.next_step
        assert len(endings) == 1 and endings[0].job == NAME


@pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])
@LIVE
@given(reply=st.dictionaries(st.sampled_from(["type", "proof", "code", "sentence", "next", "job", "v"]), VALUES),
       kind=st.sampled_from(["ping", "failed", "done"]))  # fmt: skip
def test_a_client_believes_no_made_up_proof(transport, reply, kind):
    def script(connection):
        serve_plain(connection)
        asked = json.loads(read_frame(connection)[1])
        connection.sendall(frame(json.dumps({"v": 1, "type": kind, "ref": asked["ref"], **reply}).encode()))
        connection.close()

    with Server(script) as server, pytest.raises(DaemonError) as refused:
        Client(found(server.port), transport, timeout=10)
    assert str(refused.value)


def test_pings_to_a_client_that_cannot_answer_do_not_fill_its_memory():
    """The peer asks on and on and never reads."""
    ping = command(b"\x04PING\x00\x00" + b"c" * 16)

    def script(connection):
        serve_plain(connection)
        for _ in range(100):
            connection.sendall(ping * 5000)
        connection.sendall(frame(b"over"))
        connection.recv(1)

    with Server(script) as server:
        dealer = Dealer("127.0.0.1", server.port, b"client", b"x", timeout=10)
        assert dealer.receive(60) == [b"over"]
        assert dealer.unsent < 1 << 20
        dealer.close()


def test_an_announced_giant_is_refused_before_it_is_stored():
    def script(connection):
        prove(connection, server.port)
        connection.sendall(struct.pack(">BQ", 2, protocol.LIMITS.frame_bytes + 1) + bytes(100))
        connection.recv(1000)

    with Server(script) as server, Client(found(server.port), Dealer, timeout=10) as client:
        name = client.submit(job())
        assert events(client, name)[-1].code == "connection-lost"
