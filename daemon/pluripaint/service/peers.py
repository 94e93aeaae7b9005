"""Sending to clients without ever waiting for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import zmq

from pluripaint_client import protocol
from pluripaint_client.protocol import Header

_SMALL = 4096


class Peers:
    """The clients' socket, and the bytes each of them has not taken yet.

    A client that has gone, or that has not read a thousand messages or ``client_bytes`` of fills, is given
    up: :meth:`send` returns False and the broker drops its jobs.
    """

    def __init__(self, socket: zmq.Socket[Any], most_unread: int) -> None:
        self._socket = socket
        self._most_unread = most_unread
        self._unread: defaultdict[bytes, list[tuple[Any, int]]] = defaultdict(list)

    def send(self, client: bytes, kind: str, fields: Header, version: int) -> bool:
        """Hand a message over to the system in the client's protocol version; False if it cannot be reached."""
        return self.forward(client, [protocol.encode(kind, fields, version)])

    def forward(self, client: bytes, message: Sequence[bytes]) -> bool:
        """As :meth:`send` for a message that is encoded already."""
        size = sum(len(frame) for frame in message)
        large = size > _SMALL
        if large and self.unread(client) + size > self._most_unread:
            return False
        try:
            tracker = self._socket.send_multipart(
                [client, *message], flags=zmq.NOBLOCK, copy=not large, track=large
            )
        except zmq.ZMQError:  # EHOSTUNREACH: gone; EAGAIN: does not read
            return False
        if large:
            self._unread[client].append((tracker, size))
        return True

    def unread(self, client: bytes) -> int:
        """Bytes of large messages that have not left for this client."""
        if client not in self._unread:
            return 0
        waiting = [(tracker, size) for tracker, size in self._unread[client] if not tracker.done]
        if waiting:
            self._unread[client] = waiting
        else:
            del self._unread[client]
        return sum(size for _, size in waiting)

    def forget_delivered(self) -> None:
        """Keep nothing about messages that have left: most clients hang up after theirs."""
        for client in list(self._unread):
            self.unread(client)

    def unread_by_all(self) -> int:
        """Bytes of large messages that have not left at all."""
        return sum(self.unread(client) for client in list(self._unread))
