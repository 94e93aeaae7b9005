"""A worker's line to the broker: a thread that speaks and listens while the other one computes."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import zmq

from pluripaint.service.logs import LOG, error_without_content
from pluripaint_client import protocol

_BEAT = 1.0
_WORKING = 0.01
"""CPU seconds a beat that count as work: a compilation or a long kernel reports nothing but burns time."""


class Line:
    """Sends from any thread, receives into :attr:`orders`; every second a sign of life.

    The sign is withheld while a job is in hand and nothing moves: no progress told and no CPU time used. The
    broker takes a worker for hung that shows none for 30 seconds.
    """

    def __init__(
        self, endpoint: str, name: str, secret: str, methods: Callable[[], list[dict[str, Any]]]
    ) -> None:
        """``methods``: what can be used now; told when the line starts and whenever it has changed."""
        self.orders: queue.SimpleQueue[tuple[dict[str, Any], list[Any]]] = queue.SimpleQueue()
        self._outgoing: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._busy = False
        self._moved = True
        self._methods, self._told = methods, methods()
        self._socket: Any = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.PLAIN_USERNAME, name.encode())
        self._socket.setsockopt(zmq.PLAIN_PASSWORD, secret.encode())
        self._socket.setsockopt(zmq.MAXMSGSIZE, protocol.LIMITS.frame_bytes)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(endpoint)

    def start(self, fields: dict[str, Any]) -> None:
        """Report ready and begin to listen."""
        self.send("ready", {"methods": self._told, **fields})
        threading.Thread(target=self._talk_or_end, daemon=True).start()

    def send(self, kind: str, fields: dict[str, Any], frames: Sequence[bytes] = ()) -> None:
        """Hand a message to the line; never waits."""
        self._outgoing.put([protocol.encode(kind, fields), *frames])
        with contextlib.suppress(BlockingIOError):  # full: it will wake up anyway
            self._wake.send(b"\0")

    def sign_of_life(self) -> None:
        """The computing thread moves."""
        self._moved = True

    def rest(self) -> None:
        """The job in hand is over."""
        self._busy = False

    def _talk_or_end(self) -> None:
        """A worker that nobody can hear is of no use: its end is noticed at once, its silence after half a minute."""
        try:
            self._talk()
        except BaseException as error:
            LOG.critical(
                "the worker ends, its line to the broker is broken: %s", error_without_content(error)
            )
            os._exit(1)

    def _talk(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._woken, zmq.POLLIN)
        beat, used = time.monotonic(), _used_by_others()
        while True:
            poller.poll(int(max(0.0, beat + _BEAT - time.monotonic()) * 1000))
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
            while not self._outgoing.empty():
                self._socket.send_multipart(self._outgoing.get(), copy=False)
            while self._socket.poll(0):
                frames = self._socket.recv_multipart(copy=False)
                header = protocol.decode(frames[0].buffer)
                self._busy = self._moved = True
                self.orders.put((header, [frame.buffer for frame in frames[1:]]))
            if time.monotonic() - beat >= _BEAT:
                beat, before, used = time.monotonic(), used, _used_by_others()
                if not self._busy or self._moved or used - before > _WORKING:
                    self._moved = False
                    self._socket.send(
                        protocol.encode("alive", {"device_bytes": _device_bytes(), **self._news()})
                    )

    def _news(self) -> dict[str, Any]:
        """The methods, where they have changed: weights were imported or taken away."""
        methods = self._methods()
        if methods == self._told:
            return {}
        self._told = methods
        return {"methods": methods}


def _used_by_others() -> float:
    """CPU seconds of all threads but the one that asks: its own signs of life must not count as work."""
    return time.process_time() - time.thread_time()


def _device_bytes() -> int:
    """Memory PyTorch holds on its device, if it was loaded at all."""
    torch = sys.modules.get("torch")
    try:
        if torch is not None and torch.cuda.is_initialized():
            return int(torch.cuda.memory_reserved())
    except (AttributeError, RuntimeError):
        pass
    return 0
