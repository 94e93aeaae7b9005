"""Talk to the daemon: find it, start it, submit, hear events, cancel. Never blocks longer than asked.

One thread at a time. Errors are :class:`pluripaint_client.errors.DaemonError` with a sentence and a next
step.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import time
from collections import deque
from typing import Any

from . import connection as places
from . import messages, protocol
from .connection import Connection
from .errors import ConnectionLost, DaemonError, Incompatible, NotOurs, NotRunning, Refused, TimedOut
from .messages import Event, Failed, JobRequest
from .protocol import Header, ProtocolError
from .texts import _
from .zmtp import AuthenticationFailed, Dealer, ZmtpError

VERDICT_SECONDS = 0.9
"""A daemon on this machine that does not prove itself within this time is none."""

REPUBLISHING_SECONDS = 0.5
"""A daemon that refuses us because its file was overwritten writes it again within this time."""

SILENCE_SECONDS = 15.0
"""The daemon speaks each second while it has a job of ours; after this long without a byte it is lost."""

_RESTART = _("Restart it with “pluripaint daemon restart” and try again.")


def best_transport() -> Any:
    """libzmq where pyzmq can be used, else the standard library's sockets."""
    try:
        from .libzmq import LibzmqDealer
    except Exception:  # also one that is damaged, of another Python, or too old to know a handshake
        return Dealer
    return LibzmqDealer


class Client:
    """A connection to a daemon that has proved that it knows the token.

    Example::

        with Client.connect() as client:
            job = client.submit(request)
            while not isinstance(event := client.poll(1.0), ENDINGS): ...
    """

    def __init__(self, found: Connection, transport: Any = None, timeout: float = VERDICT_SECONDS) -> None:
        """Connect to a daemon that is known to be there; most callers want :meth:`connect`.

        Args:
            transport: ``zmtp.Dealer`` or ``libzmq.LibzmqDealer``; ``None``: the better one that is there.
        """
        self.connection = found
        self._inbox: deque[Event] = deque()
        self._replies: dict[str, tuple[Header, Failed | None]] = {}
        self._open: dict[str, JobRequest] = {}
        self._lost: DaemonError | None = None
        self._quiet_since: float | None = None
        if not set(found.protocol) & set(protocol.ACCEPTED_VERSIONS):
            raise Incompatible(
                _("The daemon (version {version}) speaks another protocol than this plug-in.").format(
                    version=found.version
                ),
                protocol.UPDATE,
            )
        deadline = time.monotonic() + timeout
        try:
            self._dealer = (transport or best_transport())(
                found.host,
                found.port,
                user=b"client",
                password=protocol.password(found.token),
                timeout=timeout,
                frame_limit=protocol.LIMITS.frame_bytes,
                message_limit=protocol.LIMITS.job_bytes,
            )
        except AuthenticationFailed:
            raise Refused(_("The daemon refuses this plug-in's password."), _RESTART) from None
        except ZmtpError as error:
            raise NotOurs(
                _("Something else answers at the daemon's port ({error}).").format(error=error), _RESTART
            ) from None
        except OSError:
            raise NotRunning(_("The pluripaint daemon is not running."), places.START_BY_HAND) from None
        try:
            self._prove(max(0.1, deadline - time.monotonic()))
        except BaseException:
            self._dealer.close()
            raise

    # -------------------------------------------------------------------------------------- connecting

    @classmethod
    def connect(cls, start: bool = True, timeout: float = 10.0, transport: Any = None) -> Client:
        """Find the daemon; start it if there is none and ``start`` allows.

        Raises:
            DaemonError: none answers within ``timeout`` seconds, or it may not be started; says why.
        """
        begun = time.monotonic()
        deadline = begun + timeout
        started = None
        tried: Connection | None = None
        problem: DaemonError = NotRunning(_("The pluripaint daemon is not running."), places.START_BY_HAND)
        while True:
            found, reason = places.find()
            if reason:
                problem = NotRunning(reason, _("Delete the file and start the daemon again."))
            # A file that already failed for good is not tried again until another one replaces it.
            if found is not None and found != tried:
                left = max(0.05, deadline - time.monotonic())
                try:
                    return cls(found, transport, min(left, VERDICT_SECONDS))
                except Incompatible:
                    raise
                except DaemonError as error:
                    problem = error
                    if not isinstance(error, NotRunning) or started is None:
                        tried = found
            if isinstance(problem, Refused) and time.monotonic() - begun < REPUBLISHING_SECONDS:
                time.sleep(0.03)
                continue
            if not start:
                raise problem
            if started is None:
                started = places.start_daemon()
            elif started.poll() not in (None, 0):
                # Its log may tell nothing: a full disk is a reason to end.
                raise NotRunning(_("The pluripaint daemon ended at once."), _("Run “pluripaint doctor”."))
            elif started.returncode == 0 and found is not None:
                # Another daemon was there first (it may just have been slow to answer): ask that one again.
                tried = None
            left = deadline - time.monotonic()
            if left <= 0:
                raise problem
            time.sleep(min(0.03, left))

    def _prove(self, timeout: float) -> None:
        """Let the daemon prove that it knows the token, before anything else is said."""
        nonce = secrets.token_hex(32)
        try:
            reply = self._request("ping", {"nonce": nonce}, timeout)
        except TimedOut:
            raise NotOurs(_("What answers at the daemon's port does not prove itself."), _RESTART) from None
        except ConnectionLost:
            raise NotOurs(_("What answers at the daemon's port hung up."), _RESTART) from None
        expected = protocol.proof(self.connection.token, self.connection.port, nonce)
        given = reply.get("proof")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
            raise NotOurs(_("What answers at the daemon's port is not the pluripaint daemon."), _RESTART)

    # -------------------------------------------------------------------------------------- questions

    def ping(self, timeout: float = 2.0) -> float:
        """Seconds for one round trip."""
        start = time.monotonic()
        self._prove(timeout)
        return time.monotonic() - start

    def status(self, timeout: float = 2.0) -> Header:
        """Versions, workers, queue, memory, limits: see ``PROTOCOL.md``."""
        return self._request("status", {}, timeout)

    def methods(self, timeout: float = 30.0) -> list[dict[str, Any]]:
        """The methods the daemon has. The first question starts a worker, so it may take seconds."""
        listed = self._request("methods", {}, timeout).get("methods")
        return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []

    def prepare(self, method: str = "auto", timeout: float = 2.0) -> None:
        """Have a worker started and warmed for ``method``, ahead of the job."""
        self._request("prepare", {"method": method}, timeout)

    def release(self, timeout: float = 2.0) -> None:
        """Give memory and GPU back: idle workers end at once, busy ones after their job."""
        self._request("release", {}, timeout)

    def shutdown(self, timeout: float = 5.0) -> None:
        """End the daemon. Running jobs fail with a sentence."""
        self._request("shutdown", {}, timeout)

    # -------------------------------------------------------------------------------------- jobs

    def submit(self, request: JobRequest, timeout: float = 5.0, job: str = "") -> str:
        """Send a job and return its name; :class:`~messages.Accepted` and the rest come from :meth:`poll`.

        What has not left within ``timeout`` seconds goes out during later calls of :meth:`poll`.

        Raises:
            ProtocolError: the request does not fit the rules; nothing was sent.
            ConnectionLost: the daemon went away.
        """
        job = job or messages.new_job()
        header, frames = request.to_message(job)
        self._send("submit", header, frames, timeout)
        self._open[job] = request
        return job

    def poll(self, timeout: float = 0.0) -> Event | None:
        """The next event, or ``None`` if there is none within ``timeout`` seconds.

        Each job ends with exactly one of ``messages.ENDINGS``, also when the daemon dies.

        Raises:
            ConnectionLost: the daemon went away and every job has been told.
        """
        deadline = time.monotonic() + timeout
        while not self._inbox:
            if self._lost is not None:
                raise self._lost
            left = deadline - time.monotonic()
            if not self._receive(max(0.0, left)) and left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None

    def cancel(self, job: str) -> None:
        """Ask for a job's end; its ending still comes as an event."""
        self._send("cancel", {"job": job}, [], 0.5)

    @property
    def jobs(self) -> list[str]:
        """Jobs whose ending has not come yet."""
        return list(self._open)

    def fileno(self) -> int:
        """A descriptor for an event loop: poll when it is readable."""
        return int(self._dealer.fileno())

    def close(self) -> None:
        """Hang up; the daemon drops this client's jobs."""
        self._dealer.close()
        self._lost = self._lost or ConnectionLost(_("This connection was closed."))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # -------------------------------------------------------------------------------------- plumbing

    def _request(self, kind: str, fields: Header, timeout: float) -> Header:
        reference = secrets.token_hex(8)
        deadline = time.monotonic() + timeout
        self._send(kind, {**fields, "ref": reference}, [], timeout)
        while reference not in self._replies:
            if self._lost is not None:
                raise self._lost
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(
                    _("The daemon did not answer within {seconds:g} seconds.").format(seconds=timeout),
                    _RESTART,
                )
            self._receive(left)
        reply, refusal = self._replies.pop(reference)
        if refusal is not None:
            kind_of_error = Incompatible if refusal.code == "wrong-version" else DaemonError
            raise kind_of_error(refusal.sentence, refusal.next_step, refusal.code)
        return reply

    def _send(self, kind: str, fields: Header, frames: list[bytes], timeout: float) -> None:
        if self._lost is not None:
            raise self._lost
        try:
            self._dealer.send([protocol.encode(kind, fields), *frames], timeout)
        except ZmtpError as error:
            self._lose(_("The connection to the daemon ended ({error}).").format(error=error))
            assert self._lost is not None
            raise self._lost from None

    def _receive(self, timeout: float) -> bool:
        """Take in one message; False if none came."""
        before = self._dealer.bytes_received
        try:
            frames = self._dealer.receive(timeout)
            if frames is not None:
                self._sort(frames)
        except ZmtpError as error:
            self._lose(_("The daemon went away ({error}).").format(error=error))
            return True
        except ProtocolError as error:
            self._lose(f"{_('The daemon said something that makes no sense.')} {_(error.sentence)}")
            self._dealer.close()
            return True
        if frames is not None or self._dealer.bytes_received != before or self._dealer.unsent:
            self._quiet_since = None
        elif self._open:
            self._watch_silence()
        return frames is not None

    def _watch_silence(self) -> None:
        now = time.monotonic()
        if self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since > SILENCE_SECONDS:
            self._lose(
                _("The daemon has been silent for {seconds:.0f} seconds.").format(seconds=SILENCE_SECONDS)
            )
            self._dealer.close()

    def _sort(self, frames: list[bytes]) -> None:
        header = protocol.decode(frames[0])
        reference = header.get("ref")
        if isinstance(reference, str):
            answer = messages.event(header, [], None) if header["type"] == "failed" else None
            refusal = answer if isinstance(answer, Failed) else None
            # One question at a time: an older answer came too late.
            self._replies = {reference: (header, refusal)}
            return
        job = header.get("job")
        request = self._open.get(job) if isinstance(job, str) else None
        event = messages.event(header, frames[1:], request)
        if request is None:
            return  # not ours, or after its ending
        if isinstance(event, messages.ENDINGS):
            del self._open[event.job]
        self._inbox.append(event)

    def _lose(self, sentence: str) -> None:
        """The daemon is lost: every open job gets its one ending."""
        if self._lost is not None:
            return
        self._lost = ConnectionLost(sentence, _RESTART)
        for job in self._open:
            self._inbox.append(Failed(job, "connection-lost", sentence, _RESTART))
        self._open.clear()


def main() -> int:
    """``python -m pluripaint_client.client``: one line that says whether the daemon answers."""
    try:
        with Client.connect(start=False) as client:
            print(_("The daemon answers in {time:.1f} ms.").format(time=client.ping() * 1000))
    except DaemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
