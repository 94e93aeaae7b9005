"""The connection file: where the daemon listens and its secret token; and how to start a daemon.

The folder is the same for daemon, client and installer. ``PLURIPAINT_HOME``, where set, replaces it. On
Linux it is literally ``~/.local/share/pluripaint`` with the home folder from the password database, because
sandboxed editors change ``HOME`` and ``XDG_DATA_HOME``."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .errors import NotRunning
from .texts import _

FILE = "connection.json"
LAUNCH_FILE = "launch.json"
SNAPPED_EDITORS = ("gimp", "krita")
START_BY_HAND = _("Start it with “pluripaint daemon start”, or run the installer again.")

SCRUBBED = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH", "GI_TYPELIB_PATH", "VIRTUAL_ENV")
"""Set by AppImages and editors for themselves; they would break the daemon's own Python."""

_LARGEST_FILE = 64 << 10


class Connection(NamedTuple):
    """What the daemon publishes once it listens."""

    host: str
    port: int
    token: str
    pid: int
    protocol: tuple[int, ...]
    version: str


class BadFileError(Exception):
    """The connection file is there but cannot be trusted or understood; the text says why."""


# ------------------------------------------------------------------------------------------ places


def real_home() -> Path:
    """The user's home folder as the system knows it, whatever ``HOME`` says."""
    try:
        import pwd
    except ImportError:
        return Path("~").expanduser()
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("~").expanduser()


def folder(platform: str = sys.platform) -> Path:
    """Folder of the connection file."""
    override = os.environ.get("PLURIPAINT_HOME")
    if override:
        return Path(override)
    if platform == "darwin":
        return real_home() / "Library" / "Application Support" / "pluripaint"
    if platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else real_home() / "AppData" / "Local") / "pluripaint"
    return real_home() / ".local" / "share" / "pluripaint"


def snap_copies(home: Path | None = None) -> list[Path]:
    """Connection files for snapped editors, which see no dot folders; one for each snap the user has."""
    if home is None:
        if os.environ.get("PLURIPAINT_HOME") or not sys.platform.startswith("linux"):
            return []
        home = real_home()
    present = [home / "snap" / name for name in SNAPPED_EDITORS]
    return [snap / "common" / "pluripaint" / FILE for snap in present if snap.is_dir()]


def candidates() -> list[Path]:
    """Where a client looks for the connection file, in order."""
    paths = [folder() / FILE]
    common = os.environ.get("SNAP_USER_COMMON")
    if common and not os.environ.get("PLURIPAINT_HOME"):
        paths.insert(0, Path(common) / "pluripaint" / FILE)
    return paths


# ------------------------------------------------------------------------------------------ reading and
# writing


def write(path: Path, connection: Connection) -> None:
    """Publish a connection: readable by its owner only, by rename, so that nobody ever reads half a file."""
    fields: dict[str, Any] = dict(connection._asdict(), protocol=list(connection.protocol))
    write_private(path, json.dumps(fields, indent=1).encode())


def write_private(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(str(partial), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink()
        raise


def read(path: Path) -> Connection:
    """The connection a file tells.

    Raises:
        FileNotFoundError: there is none.
        BadFileError: somebody else could have written or read it, or it makes no sense.
    """
    content = _read_private(path)
    try:
        fields = json.loads(content.decode())
        connection = Connection(
            host=str(fields["host"]),
            port=int(fields["port"]),
            token=str(fields["token"]),
            pid=int(fields["pid"]),
            protocol=tuple(int(v) for v in fields["protocol"]),
            version=str(fields["version"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadFileError(_("{path} is damaged.").format(path=path)) from None
    if connection.host != "127.0.0.1" or not 0 < connection.port < 65536 or len(connection.token) < 32:
        raise BadFileError(_("{path} does not name a daemon on this machine.").format(path=path))
    return connection


def _read_private(path: Path) -> bytes:
    try:
        descriptor = os.open(
            str(path), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadFileError(
            _("{path} cannot be read ({reason}).").format(path=path, reason=error.strerror)
        ) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
        os.close(descriptor)
        raise BadFileError(_("{path} is not a connection file.").format(path=path))
    with os.fdopen(descriptor, "rb") as file:
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
            raise BadFileError(_("{path} can be read or written by other users.").format(path=path))
        return file.read(_LARGEST_FILE)


def find() -> tuple[Connection | None, str]:
    """The published connection and why there is none (a sentence, or empty)."""
    reason = ""
    for path in candidates():
        try:
            return read(path), ""
        except FileNotFoundError:
            continue
        except BadFileError as bad:
            reason = str(bad)
    return None, reason


def remove(path: Path, connection: Connection) -> None:
    """Take a published connection away, unless another daemon has replaced it."""
    try:
        if read(path).token == connection.token:
            path.unlink()
    except (OSError, BadFileError):
        pass


# ------------------------------------------------------------------------------------------ starting the
# daemon


def sandboxed(root: Path = Path(os.sep)) -> bool:
    """Whether this process is a flatpak's or a snapped editor's: what it starts would be in there, too.

    ``SNAP`` alone says little: the terminal of an unconfined snap sets it for all that is typed there.
    """
    if (root / ".flatpak-info").exists():
        return True
    return bool(os.environ.get("SNAP")) and os.environ.get("SNAP_NAME", "gimp") in SNAPPED_EDITORS


def launch_command() -> list[str]:
    """How to start the daemon: what the installer wrote, else the program beside this Python, else on PATH.

    Raises:
        NotRunning: none of them is there, or this is a sandbox, which a daemon must be outside of.
    """
    if sandboxed():
        raise NotRunning(
            _("The pluripaint daemon is not running, and an editor in a sandbox cannot start it."),
            _("Type “pluripaint daemon start” in a terminal."),
        )
    try:
        recorded = json.loads(_read_launch().decode())["command"]
        words = isinstance(recorded, list) and all(isinstance(part, str) for part in recorded)
        if words and recorded and Path(recorded[0]).exists():
            return list(recorded)
    except (OSError, BadFileError, ValueError, KeyError, TypeError):
        pass
    name = "pluripaint-daemon.exe" if sys.platform == "win32" else "pluripaint-daemon"
    beside = Path(sys.executable or "python").with_name(name)
    found = str(beside) if beside.exists() else shutil.which("pluripaint-daemon")
    if not found:
        raise NotRunning(_("The pluripaint daemon is not running and was not found here."), START_BY_HAND)
    return [found]


def _read_launch() -> bytes:
    path = folder() / LAUNCH_FILE
    status = path.stat()
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise BadFileError(f"{path} can be written by other users.")
    if status.st_size > _LARGEST_FILE:
        raise BadFileError(f"{path} is too large.")
    return path.read_bytes()


def daemon_environment() -> dict[str, str]:
    """This process's environment without what an editor sets for its own libraries."""
    environment = dict(os.environ)
    for name in SCRUBBED:
        environment.pop(name, None)
    return environment


def start_daemon() -> subprocess.Popen[bytes]:
    """Start the daemon in a session of its own, so that it outlives the editor; does not wait for it.

    Raises:
        NotRunning: it is not there or the system refuses.
    """
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": 0x00000008 | 0x00000200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
    try:
        return subprocess.Popen(
            launch_command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=os.sep if os.sep == "/" else None,
            env=daemon_environment(),
            close_fds=True,
            **options,
        )
    except OSError as error:
        raise NotRunning(
            _("The pluripaint daemon could not be started ({reason}).").format(reason=error.strerror),
            START_BY_HAND,
        ) from None
