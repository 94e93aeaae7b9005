"""A small ZMTP 3.x DEALER over TCP: NULL and PLAIN, nothing more. Standard library only.

Written after zeromq/rfc 23/ZMTP, 24/ZMTP-PLAIN and 37/ZMTP and checked against libzmq, whose departures
from them are named where they matter. One thread at a time. The socket never blocks: every call works in
both directions until it has what it wants or its time is over, and goes on where it stopped at the next
call."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections import deque
from typing import Any, Sequence, Union

from .texts import _

MORE, LONG, COMMAND = 1, 2, 4
_GREETING_BYTES = 64
_LARGEST_COMMAND = 64 << 10
_CHUNK = 64 << 10
_DIRECT = 32 << 10
"""Bodies from this size on are received straight into their own memory."""
_MOST_WAITING = 1024
"""Pieces waiting to leave from which on a PING goes unanswered: who never reads must not fill our memory."""

Buffer = Union[bytes, bytearray, memoryview]


class ZmtpError(Exception):
    """The connection is of no use any more."""


class NotZmtp(ZmtpError):
    """The other side does not speak ZMTP 3, or another mechanism."""


class AuthenticationFailed(ZmtpError):
    """The other side refused with an ERROR command (wrong password); trying again is of no use."""


class Closed(ZmtpError):
    """The other side closed the connection."""


class HandshakeTimeout(ZmtpError):
    """The other side accepted the connection and then said too little."""


class Dealer:
    """A connected DEALER.

    Args:
        host, port: where to connect.
        user, password: for PLAIN, at most 255 octets each; ``password=None`` means NULL.
        timeout: seconds for connecting and the whole handshake.
        frame_limit, message_limit: bytes; a larger frame or message ends the connection before it is stored.

    Raises:
        ConnectionRefusedError, OSError: nobody listens there.
        ZmtpError: the handshake failed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: bytes = b"",
        password: bytes | None = None,
        timeout: float = 2.0,
        frame_limit: int = 256 << 20,
        message_limit: int = 1 << 30,
    ) -> None:
        self._limits = (frame_limit, message_limit)
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self._body: bytearray | None = None
        self._body_filled = 0
        self._flags = 0
        self._frames: list[bytes] = []
        self._frames_bytes = 0
        self._messages: deque[list[bytes]] = deque()
        self._ready = False
        self._error: ZmtpError | None = None
        self.bytes_received = 0
        deadline = time.monotonic() + timeout
        self._socket = socket.create_connection((host, port), timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
            self._handshake(user, password, deadline)
        except BaseException:
            self._socket.close()
            raise

    # -------------------------------------------------------------------------------------- public

    def send(self, frames: Sequence[Buffer], timeout: float) -> bool:
        """Send one message of one or more frames. True once all of it has left; otherwise the rest goes out
        during later calls, and the frames must not change until :attr:`unsent` is zero."""
        self._queue(frames)
        self._work(time.monotonic() + timeout, lambda: not self._outgoing)
        return not self._outgoing

    def receive(self, timeout: float) -> list[bytes] | None:
        """The next whole message, or ``None`` if there is none within ``timeout`` seconds.

        Raises:
            ZmtpError: the connection ended; whole messages that came before are handed out first.
        """
        if not self._messages:
            self._work(time.monotonic() + timeout, lambda: bool(self._messages))
        return self._messages.popleft() if self._messages else None

    @property
    def unsent(self) -> int:
        """Bytes that :meth:`send` took and that have not left yet."""
        return sum(len(view) for view in self._outgoing)

    def fileno(self) -> int:
        """For an editor's own event loop: readable when :meth:`receive` may have something."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close at once."""
        self._socket.close()
        self._error = self._error or Closed(_("closed here"))

    # -------------------------------------------------------------------------------------- handshake

    def _handshake(self, user: bytes, password: bytes | None, deadline: float) -> None:
        mechanism = b"NULL" if password is None else b"PLAIN"
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)
        self._outgoing.append(memoryview(greeting))
        peer = self._read_greeting(deadline)
        if bytes(peer[12:32]).rstrip(b"\0") != mechanism:
            raise NotZmtp(_("the other side uses another security mechanism"))
        ready = _property(b"Socket-Type", b"DEALER") + _property(b"Identity", b"")
        if password is None:
            self._command(b"READY", ready)
        else:
            if len(user) > 255 or len(password) > 255:
                raise ValueError("user and password are limited to 255 octets")
            self._command(b"HELLO", bytes([len(user)]) + user + bytes([len(password)]) + password)
            self._expect(b"WELCOME", deadline)
            self._command(b"INITIATE", ready)
        metadata = _metadata(self._expect(b"READY", deadline))
        kind = metadata.get(b"socket-type", b"ROUTER")
        if kind not in (b"ROUTER", b"DEALER", b"REP"):
            raise NotZmtp(_("the other side is not a ROUTER"))
        self._ready = True
        self._parse()  # messages may have come in one piece with READY, and the end right behind them

    def _read_greeting(self, deadline: float) -> bytes:
        """All 64 octets, judged as they come: libzmq itself sends 10, then 1, then 53."""
        while len(self._incoming) < _GREETING_BYTES:
            so_far = self._incoming
            if (so_far and so_far[0] != 0xFF) or (len(so_far) > 9 and so_far[9] != 0x7F):
                raise NotZmtp(_("the other side does not speak ZMTP"))
            if len(so_far) > 10 and so_far[10] < 3:
                raise NotZmtp(_("the other side speaks an older ZMTP"))
            self._step(deadline)
        greeting = bytes(self._incoming[:_GREETING_BYTES])
        if greeting[0] != 0xFF or greeting[9] != 0x7F or greeting[10] < 3:
            raise NotZmtp(_("the other side does not speak ZMTP 3"))
        del self._incoming[:_GREETING_BYTES]
        return greeting

    def _expect(self, name: bytes, deadline: float) -> bytes:
        """The data of the next command, which must be ``name``. Nothing but commands may come before
        READY."""
        while True:
            parsed = self._frame_header()
            if parsed is not None:
                flags, size, start = parsed
                if not flags & COMMAND or size > _LARGEST_COMMAND:
                    raise NotZmtp(_("the other side broke the handshake"))
                if len(self._incoming) >= start + size:
                    body = bytes(self._incoming[start : start + size])
                    del self._incoming[: start + size]
                    got, data = _split_command(body)
                    if got == b"ERROR":
                        raise AuthenticationFailed(_reason(data))
                    if got != name:
                        raise NotZmtp(_("the other side broke the handshake"))
                    return data
            self._step(deadline)

    def _step(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise HandshakeTimeout(_("no answer during the handshake"))
        self._wait(left)
        self._write()
        before = len(self._incoming)
        self._fill()
        if self._error is not None and len(self._incoming) == before:
            raise Closed(_("closed during the handshake"))

    # -------------------------------------------------------------------------------------- sending

    def _queue(self, frames: Sequence[Buffer]) -> None:
        if self._error is not None:
            raise self._error
        for index, frame in enumerate(frames):
            view = memoryview(frame).cast("B")
            more = MORE if index < len(frames) - 1 else 0
            if len(view) > 255:
                head = struct.pack(">BQ", more | LONG, len(view))
            else:
                head = struct.pack(">BB", more, len(view))
            if len(view) < _CHUNK:
                self._outgoing.append(memoryview(head + bytes(view)))
            else:
                self._outgoing.append(memoryview(head))
                self._outgoing.append(view)

    def _command(self, name: bytes, data: bytes) -> None:
        body = bytes([len(name)]) + name + data
        if len(body) > 255:
            head = struct.pack(">BQ", COMMAND | LONG, len(body))
        else:
            head = struct.pack(">BB", COMMAND, len(body))
        self._outgoing.append(memoryview(head + body))

    def _write(self) -> None:
        try:
            while self._outgoing:
                sent = self._socket.send(self._outgoing[0])
                if sent < len(self._outgoing[0]):
                    self._outgoing[0] = self._outgoing[0][sent:]
                else:
                    self._outgoing.popleft()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            # What the peer said before it left may still be in the receive buffer: reading finds the end
            # itself.
            self._outgoing.clear()
            if self._error is None and not self._ready:
                self._error = Closed(error.strerror or _("closed"))

    # -------------------------------------------------------------------------------------- receiving

    def _work(self, deadline: float, satisfied: Any) -> None:
        """Send and receive until satisfied or out of time."""
        while True:
            if self._error is None:
                self._write()
                self._fill()
                self._parse()
            if satisfied():
                return
            if self._error is not None:
                raise self._error
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._wait(left)

    def _wait(self, seconds: float) -> None:
        if hasattr(select, "poll"):
            poller = select.poll()
            poller.register(self._socket, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
            poller.poll(max(0.0, seconds) * 1000)
        else:
            select.select([self._socket], [self._socket] if self._outgoing else [], [], max(0.0, seconds))

    def _fill(self) -> None:
        """Take what the system has for us, at most a few megabytes a call so that sending is not starved."""
        try:
            for _turn in range(64):
                if self._body is not None:
                    got = self._socket.recv_into(memoryview(self._body)[self._body_filled :])
                    self._body_filled += got
                else:
                    part = self._socket.recv(_CHUNK)
                    got = len(part)
                    self._incoming += part
                self.bytes_received += got
                if got == 0:
                    self._error = Closed(_("the other side closed the connection"))
                    return
                if self._body is not None and self._body_filled == len(self._body):
                    return
                if self._body is None and self._ready:
                    self._parse()
                    if self._error is not None:
                        return
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._error = Closed(error.strerror or _("closed"))

    def _frame_header(self) -> tuple[int, int, int] | None:
        """Flags, size and header length of the frame at the head of the buffer, once they are there."""
        buffer = self._incoming
        if len(buffer) < 2:
            return None
        flags = buffer[0]
        if flags & 0xF8 or (flags & COMMAND and flags & MORE):
            raise NotZmtp(_("the other side sent a frame with impossible flags"))
        if not flags & LONG:
            return flags, buffer[1], 2
        if len(buffer) < 9:
            return None
        return flags, struct.unpack_from(">Q", buffer, 1)[0], 9

    def _parse(self) -> None:
        if isinstance(self._error, (NotZmtp, AuthenticationFailed)):
            return  # what follows a broken frame means nothing
        try:
            while self._parse_one():
                pass
        except ZmtpError as error:
            self._error = error

    def _parse_one(self) -> bool:
        if self._body is not None:
            if self._body_filled < len(self._body):
                return False
            body, self._body = bytes(self._body), None
            self._finish(self._flags, body)
            return True
        parsed = self._frame_header()
        if parsed is None:
            return False
        flags, size, start = parsed
        limit = _LARGEST_COMMAND if flags & COMMAND else self._limits[0]
        if size > limit or (not flags & COMMAND and self._frames_bytes + size > self._limits[1]):
            raise NotZmtp(_("the other side sent more than the limit"))
        if len(self._incoming) >= start + size:
            body = bytes(memoryview(self._incoming)[start : start + size])
            del self._incoming[: start + size]
            self._finish(flags, body)
            return True
        if size >= _DIRECT:
            self._flags, self._body = flags, bytearray(size)
            self._body_filled = len(self._incoming) - start
            self._body[: self._body_filled] = self._incoming[start:]
            self._incoming.clear()
        return False

    def _finish(self, flags: int, body: bytes) -> None:
        """One whole frame: commands are obeyed wherever they come, message frames gather until the last is
        in."""
        if flags & COMMAND:
            name, data = _split_command(body)
            if name == b"PING" and len(self._outgoing) < _MOST_WAITING:
                self._command(b"PONG", data[2:18])
            elif name == b"ERROR":
                raise AuthenticationFailed(_reason(data))
            return
        self._frames.append(body)
        self._frames_bytes += len(body)
        if len(self._frames) > 1024:
            raise NotZmtp(_("the other side sent more than the limit"))
        if not flags & MORE:
            self._messages.append(self._frames)
            self._frames, self._frames_bytes = [], 0


def _split_command(body: bytes) -> tuple[bytes, bytes]:
    """Name and data of a command. libzmq's PLAIN server sends its ERROR as ``^RROR`` (an escape in its source
    swallowed the length octet and the E): both are understood."""
    if body.startswith(b"\x5eRROR"):
        return b"ERROR", body[5:]
    if not body or len(body) < 1 + body[0]:
        raise NotZmtp(_("the other side sent a damaged command"))
    return body[1 : 1 + body[0]], body[1 + body[0] :]


def _reason(data: bytes) -> str:
    return data[1 : 1 + data[0]].decode("ascii", "replace") if data else ""


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def _metadata(data: bytes) -> dict[bytes, bytes]:
    """Properties of a READY, names in lower case."""
    properties = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        if name_end + 4 > len(data):
            raise NotZmtp(_("the other side sent damaged metadata"))
        value_end = name_end + 4 + struct.unpack_from(">I", data, name_end)[0]
        if value_end > len(data):
            raise NotZmtp(_("the other side sent damaged metadata"))
        properties[data[at + 1 : name_end].lower()] = data[name_end + 4 : value_end]
        at = value_end
    return properties
