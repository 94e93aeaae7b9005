"""The same connected DEALER as ``zmtp.Dealer``, on libzmq, for Pythons that have pyzmq."""

from __future__ import annotations

import time
from typing import Any, Sequence

import zmq
from zmq.utils.monitor import recv_monitor_message

from .texts import _
from .zmtp import AuthenticationFailed, Buffer, Closed, HandshakeTimeout

_FAILURES = (
    zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CLOSED
    | zmq.EVENT_CONNECT_RETRIED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)

_NEVER = 1 << 29
"""Milliseconds: six days."""


class LibzmqDealer:
    """Arguments, calls and errors as :class:`pluripaint_client.zmtp.Dealer`."""

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
        self._context = zmq.Context()
        self._socket: Any = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, frame_limit)
        # A silent reconnection would hide that the daemon died and took the jobs with it. Forbidding it (-1) would make
        # libzmq tear the pipe down together with what the daemon said last.
        self._socket.setsockopt(zmq.RECONNECT_IVL, _NEVER)
        # Ours is the only clock: libzmq's own, set to the same time, would race it and look like a hang-up.
        self._socket.setsockopt(zmq.HANDSHAKE_IVL, 0)
        if password is not None:
            self._socket.setsockopt(zmq.PLAIN_USERNAME, user)
            self._socket.setsockopt(zmq.PLAIN_PASSWORD, password)
        self._monitor: Any = self._socket.get_monitor_socket(_FAILURES | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._ended = False
        self._trackers: list[Any] = []
        self.bytes_received = 0
        try:
            self._socket.connect(f"tcp://{host}:{port}")
            self._handshake(time.monotonic() + timeout)
        except BaseException:
            self.close()
            raise

    def _handshake(self, deadline: float) -> None:
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not self._monitor.poll(left * 1000):
                raise HandshakeTimeout(_("no answer during the handshake"))
            message = recv_monitor_message(self._monitor)
            kind = message["event"]
            if kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return
            if kind == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                raise AuthenticationFailed(str(message["value"]))
            if kind == zmq.EVENT_CONNECT_RETRIED or (kind == zmq.EVENT_CLOSED and message["value"]):
                raise ConnectionRefusedError(_("nobody listens there"))
            if kind & _FAILURES:
                raise Closed(_("closed during the handshake"))

    def send(self, frames: Sequence[Buffer], timeout: float) -> bool:
        """See ``zmtp.Dealer.send``."""
        if self._ended:
            raise Closed(_("the other side closed the connection"))
        tracker = self._socket.send_multipart(list(frames), copy=False, track=True)
        self._trackers.append(tracker)
        try:
            tracker.wait(timeout)
        except zmq.NotDone:
            return False
        return True

    def receive(self, timeout: float) -> list[bytes] | None:
        """See ``zmtp.Dealer.receive``."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        if not self._ended:
            poller.register(self._monitor, zmq.POLLIN)
        deadline = time.monotonic() + timeout
        while True:
            # After the end only what came before it is still to be had, and nothing is worth waiting for.
            left = 0.0 if self._ended else max(0.0, deadline - time.monotonic())
            ready = dict(poller.poll(int(left * 1000)))
            if self._socket in ready:
                frames: list[bytes] = self._socket.recv_multipart()
                self.bytes_received += sum(len(frame) for frame in frames)
                return frames
            if self._monitor in ready:
                self._ended = self._ended or bool(recv_monitor_message(self._monitor)["event"] & _FAILURES)
                if self._ended:
                    poller.unregister(self._monitor)
                continue
            if self._ended:
                raise Closed(_("the other side closed the connection"))
            if time.monotonic() >= deadline:
                return None

    @property
    def unsent(self) -> int:
        """Messages that have not left yet."""
        self._trackers = [tracker for tracker in self._trackers if not tracker.done]
        return len(self._trackers)

    def fileno(self) -> int:
        """See ``zmtp.Dealer.fileno``; libzmq's descriptor is edge-triggered, so poll after every wake-up."""
        return int(self._socket.getsockopt(zmq.FD))

    def close(self) -> None:
        """Close at once; closing again is nothing."""
        self._ended = True
        if self._context.closed:
            return
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()
