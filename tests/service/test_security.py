"""Strangers, liars and floods: each ends in a clear refusal and a daemon that still works."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import time

import psutil
import pytest
from daemons import DOUBLE, HERE, events, job, until
from raw_zmtp import Server, command, frame, greeting, hello, read, read_frame, serve_plain

from pluripaint_client import (
    Client,
    Done,
    Incompatible,
    JobRequest,
    NotOurs,
    NotRunning,
    Refused,
    Region,
    RegionData,
    protocol,
)
from pluripaint_client import connection as places
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.zmtp import AuthenticationFailed, Closed, Dealer, ZmtpError

TRANSPORTS = pytest.mark.parametrize("transport", [Dealer, LibzmqDealer])


def works(daemon) -> None:
    with daemon.client() as client:
        assert isinstance(events(client, client.submit(job()))[-1], Done)


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


# ------------------------------------------------------------------------------------- at the daemon's door


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
        dealer.send([protocol.encode("ping", {"ref": "r"})] + [b""] * 100, 1)
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


# ------------------------------------------------------------------------------------- who is the daemon?


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


def published(home, port: int, **fields) -> places.Connection:
    connection = places.Connection("127.0.0.1", port, "ab" * 32, 1, (1,), "0.1.0")._replace(**fields)
    places.write(home / places.FILE, connection)
    return connection


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


# ------------------------------------------------------------------------------------- the connection file


def test_the_file_is_private_and_gone_after_the_daemon(daemon):
    assert daemon.file.stat().st_mode & 0o777 == 0o600
    assert daemon.connection.pid == daemon.process.pid
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0
    assert not daemon.file.exists()
    assert [path.name for path in daemon.home.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_file_that_others_can_read_is_not_trusted(home, mode):
    published(home, 5)
    (home / places.FILE).chmod(mode)
    with pytest.raises(NotRunning, match="other users"):
        Client.connect(start=False)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"host": "example.org", "port": 1}', b"[" * 9999]
)
def test_a_damaged_file_is_said(home, content):
    places.write_private(home / places.FILE, content)
    with pytest.raises(NotRunning, match=r"damaged|does not name"):
        Client.connect(start=False)


def test_links_and_folders_are_not_followed(home, tmp_path):
    published(home, 5)
    (home / places.FILE).rename(tmp_path / "elsewhere")
    (home / places.FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotRunning, match="cannot be read"):
        Client.connect(start=False)
    (home / places.FILE).unlink()
    (home / places.FILE).mkdir()
    with pytest.raises(NotRunning, match=r"not a connection file|cannot be read"):
        Client.connect(start=False)


def test_without_an_override_the_real_home_counts_not_what_a_sandbox_says(monkeypatch):
    monkeypatch.delenv("PLURIPAINT_HOME", raising=False)
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "/somewhere/else")
    import pwd

    home = pwd.getpwuid(os.getuid()).pw_dir
    assert str(places.folder("linux")) == f"{home}/.local/share/pluripaint"
    assert str(places.folder("darwin")) == f"{home}/Library/Application Support/pluripaint"


def test_snapped_editors_get_a_copy(tmp_path):
    (tmp_path / "snap" / "gimp").mkdir(parents=True)
    assert places.snap_copies(tmp_path) == [tmp_path / "snap/gimp/common/pluripaint/connection.json"]
    connection = places.Connection("127.0.0.1", 5, "ab" * 32, 1, (1,), "0")
    places.write(places.snap_copies(tmp_path)[0], connection)
    assert places.read(places.snap_copies(tmp_path)[0]) == connection


def test_a_snapped_client_finds_the_copy(tmp_path, monkeypatch):
    monkeypatch.delenv("PLURIPAINT_HOME", raising=False)
    monkeypatch.setenv("SNAP_USER_COMMON", str(tmp_path))
    connection = places.Connection("127.0.0.1", 5, "ab" * 32, 1, (1,), "0")
    places.write(tmp_path / "pluripaint" / places.FILE, connection)
    assert places.find() == (connection, "")


def test_a_full_disk_or_missing_right_is_said_and_leaves_nothing(home):
    if os.getuid() == 0:
        blocker = home / "logs"
        blocker.write_text("a file where the folder should be")
    else:
        home.chmod(0o500)
    ended = subprocess.run(
        [sys.executable, "-m", "pluripaint.service.program"], capture_output=True, text=True, timeout=20
    )
    home.chmod(0o700)
    assert ended.returncode == 1 and "cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr and not (home / places.FILE).exists()


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
