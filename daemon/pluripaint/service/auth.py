"""Who may speak: the ZAP handler (zeromq/rfc 27) for PLAIN, and the lock against a second daemon."""

from __future__ import annotations

import hmac
import os
import sys
from pathlib import Path
from typing import IO, Any

import zmq

CLIENTS, WORKERS = b"pluripaint-clients", b"pluripaint-workers"
"""ZAP domains of the two sockets; a worker's password opens nothing on the clients' side and vice versa."""


class Doorkeeper:
    """Answers libzmq's questions about passwords, in constant time; nothing of them is logged."""

    def __init__(self, context: zmq.Context[Any]) -> None:
        self.socket = context.socket(zmq.REP)
        self.socket.bind("inproc://zeromq.zap.01")
        self._passwords: dict[tuple[bytes, bytes], bytes] = {}
        self.refused = 0

    def admit(self, domain: bytes, user: bytes, password: bytes) -> None:
        """From now on, this password opens this domain for this user."""
        self._passwords[domain, user] = password

    def forget(self, domain: bytes, user: bytes) -> None:
        """From now on, it does not."""
        self._passwords.pop((domain, user), None)

    def answer(self) -> None:
        """Answer one question."""
        frames = self.socket.recv_multipart()
        request = frames[1] if len(frames) > 1 else b""
        user = self._user(frames)
        if user is None:
            self.refused += 1
            self.socket.send_multipart([b"1.0", request, b"400", b"refused", b"", b""])
        else:
            self.socket.send_multipart([b"1.0", request, b"200", b"OK", user, b""])

    def _user(self, frames: list[bytes]) -> bytes | None:
        if len(frames) != 8 or frames[0] != b"1.0" or frames[5] != b"PLAIN":
            return None
        domain, address, user, password = frames[2], frames[3], frames[6], frames[7]
        expected = self._passwords.get((domain, user))
        right = hmac.compare_digest(password, expected or b"\0")
        return user if right and expected and address == b"127.0.0.1" else None


class Lock:
    """Held by the one running daemon of a user; the system lets go of it whatever way the daemon ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """True if no other daemon holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._path.open("ab")
        self._path.chmod(0o600)
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    @property
    def in_place(self) -> bool:
        """Whether the file that is locked still lies where the next daemon looks for it."""
        try:
            return self._file is not None and os.path.samestat(
                os.fstat(self._file.fileno()), self._path.stat()
            )
        except OSError:
            return False

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None
