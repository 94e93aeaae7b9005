"""What can go wrong between a client and the daemon: each with one sentence and the next step, for people."""

from __future__ import annotations


class DaemonError(Exception):
    """Base of all. ``code`` is stable; ``sentence`` and ``next_step`` are shown through ``texts._``."""

    code = "daemon-error"

    def __init__(self, sentence: str, next_step: str = "", code: str = "") -> None:
        super().__init__(f"{sentence} {next_step}".strip())
        self.sentence = sentence
        self.next_step = next_step
        if code:
            self.code = code


class NotRunning(DaemonError):
    """No daemon answers and none could be started."""

    code = "not-running"


class NotOurs(DaemonError):
    """Somebody answers at the daemon's port who does not know its token."""

    code = "not-ours"


class Refused(DaemonError):
    """The daemon refuses this client's password."""

    code = "refused"


class Incompatible(DaemonError):
    """The daemon speaks another protocol version."""

    code = "wrong-version"


class ConnectionLost(DaemonError):
    """The daemon went away."""

    code = "connection-lost"


class TimedOut(DaemonError):
    """No answer within the time asked for; the connection stays usable."""

    code = "timed-out"
