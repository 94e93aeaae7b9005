"""ZMTP by hand, for servers and clients that misbehave."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

READY = b"\x05READY" + b"\x0bSocket-Type\x00\x00\x00\x06ROUTER" + b"\x08Identity\x00\x00\x00\x00"


def greeting(mechanism: bytes = b"PLAIN", major: int = 3) -> bytes:
    return b"\xff" + bytes(8) + b"\x7f" + bytes([major, 1]) + mechanism.ljust(20, b"\0") + bytes(32)


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) > 255:
        return struct.pack(">BQ", flags | 2, len(body)) + body
    return struct.pack(">BB", flags, len(body)) + body


def command(body: bytes) -> bytes:
    return frame(body, 4)


def hello(user: bytes, password: bytes) -> bytes:
    return command(b"\x05HELLO" + bytes([len(user)]) + user + bytes([len(password)]) + password)


def read(connection: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = connection.recv(size - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def read_frame(connection: socket.socket) -> tuple[int, bytes]:
    flags = read(connection, 1)[0]
    size = struct.unpack(">Q", read(connection, 8))[0] if flags & 2 else read(connection, 1)[0]
    return flags, read(connection, size)


def serve_plain(connection: socket.socket) -> bytes:
    """The server's side of a PLAIN handshake that accepts anyone; returns what the client said in HELLO."""
    connection.sendall(greeting())
    read(connection, 64)
    said = read_frame(connection)[1]
    connection.sendall(command(b"\x07WELCOME"))
    read_frame(connection)
    connection.sendall(command(READY))
    return said


class Server:
    """Accepts connections and lets ``script`` speak with each; remembers all it received through :attr:`heard`."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.errors: list[BaseException] = []
        self._script = script
        self._open: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        try:
            self._script(connection)
        except (EOFError, OSError):
            pass

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake the thread in accept
        self._listener.close()
        for connection in self._open:
            connection.close()
