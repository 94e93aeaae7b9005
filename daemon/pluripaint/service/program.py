"""The daemon as a program: one per user, published once it listens, gone without a trace when it ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

from pluripaint.service import limits, logs, memory
from pluripaint.service.auth import Lock
from pluripaint.service.broker import Broker
from pluripaint.service.limits import Settings
from pluripaint.service.logs import LOG
from pluripaint_client import connection as places


def main() -> int:
    """``pluripaint-daemon``."""
    if len(sys.argv) > 1:
        print("pluripaint-daemon takes no arguments; see “pluripaint daemon --help”.")
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    try:
        settings = limits.from_environment()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return run(settings)


def run(settings: Settings) -> int:
    """Be the daemon, unless there is one already. Returns the program's exit status."""
    memory.give_blocks_back()
    memory.bound(settings.limits.daemon_bytes)
    folder = places.folder()
    lock = Lock(folder / "daemon.lock")
    try:
        free = lock.acquire()
        logs.configure("daemon")
    except OSError as error:
        print(f"{folder} cannot be written ({error.strerror}); make room or set its rights.", file=sys.stderr)
        return 1
    if not free:
        return _already_running()
    _more_descriptors()
    broker = Broker(settings)
    _stop_by_signal(broker)
    # A signal that falls between Python's last look and the wait of the loop would be heard only after that wait.
    signal.set_wakeup_fd(broker.wake_descriptor, warn_on_full_buffer=False)
    try:
        _publish(_files(), broker)
        LOG.info("listening on port %d", broker.connection.port)
        _notify_system(b"READY=1")
        broker.serve(lambda: _publish_again(_files(), broker, lock))
    except _CannotPublishError as error:
        print(error, file=sys.stderr)
        LOG.critical("%s", error)
        return 1
    except Exception as error:
        # Started at login nobody sees standard error: the log is where to find why it ended.
        LOG.critical("the daemon ends: %s", logs.error_without_content(error))
        raise
    finally:
        for path in _files():
            places.remove(path, broker.connection)
        broker.close()
        LOG.info("stopped")
        lock.release()
    return 0


class _CannotPublishError(Exception):
    """The connection file cannot be written; the text says so."""


def _files() -> list[Path]:
    """Where clients look for the connection file now: a snapped editor may come while the daemon runs."""
    return [places.folder() / places.FILE, *places.snap_copies()]


def _publish(files: list[Path], broker: Broker) -> None:
    """Write the connection file; a copy for a snapped editor that cannot be written keeps nobody else from painting."""
    for path in files:
        try:
            places.write(path, broker.connection)
        except OSError as error:
            sentence = f"{path} cannot be written ({error.strerror}); make room or set its folder's rights."
            if path == files[0]:
                raise _CannotPublishError(sentence) from None
            LOG.warning("%s Until then that editor does not find the daemon.", sentence)


def _publish_again(files: list[Path], broker: Broker, lock: Lock) -> None:
    """A connection file that is missing, damaged or overwritten leads nobody here: it is written once more.

    Not where the whole folder was replaced: whoever holds the lock there is the daemon now.
    """
    for path in files:
        try:
            if places.read(path) == broker.connection:
                continue
        except (OSError, places.BadFileError):
            pass
        if not lock.in_place:
            return
        try:
            places.write(path, broker.connection)
            LOG.warning("%s did not lead here and was written", path)
        except OSError:
            pass  # said when the daemon started, or the disk is full now; the next look tries again


def _stop_by_signal(broker: Broker) -> None:
    signal.signal(signal.SIGTERM, broker.stop)
    signal.signal(signal.SIGINT, broker.stop)
    if (
        hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    ):  # as nohup leaves it
        signal.signal(signal.SIGHUP, broker.stop)


def _already_running() -> int:
    """Another daemon holds the lock; it may be about to publish its connection."""
    from pluripaint_client import Client, DaemonError

    try:
        with Client.connect(start=False, timeout=2.0) as client:
            print(f"The pluripaint daemon is running already (process {client.connection.pid}).")
    except DaemonError:
        print("Another pluripaint daemon is starting or stopping; this one is not needed.")
    return 0


def _more_descriptors() -> None:
    """As many connections as the system allows: silent strangers must not use them up."""
    try:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536) if most > 0 else 65_536, most))
    except (ImportError, OSError, ValueError):
        pass


def _notify_system(state: bytes) -> None:
    """systemd's readiness protocol, where the daemon was started by it; whoever else left an address is not there."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.connect("\0" + address[1:] if address.startswith("@") else address)
            notify.send(state)
    except (OSError, ValueError) as error:
        LOG.warning("nobody could be told that the daemon is ready: %s", error)


if __name__ == "__main__":
    sys.exit(main())
