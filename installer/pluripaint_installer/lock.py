"""Only one installation at a time: an exclusive lock the system itself drops when the process ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .trouble import Trouble


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[list[Path]]:
    """Hold the lock of ``folder``, which is made where missing; raises Trouble at once when another process
    has it."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".install.lock").open("a+")
    except OSError as error:
        raise Trouble(
            f"{folder} can't be written ({error.strerror}).", "Choose a folder with --prefix."
        ) from error
    with file:
        # The one before removes the file while it holds it: what was opened then is nobody's lock any more.
        if not _try_lock(file.fileno()) or not _is_at(file.fileno(), folder / ".install.lock"):
            raise Trouble(
                "Another installation of pluripaint is running.", "Wait for it to end, then run this again."
            )
        try:
            yield made
        finally:
            (folder / ".install.lock").unlink(missing_ok=True)
            for path in made:
                with contextlib.suppress(OSError):
                    path.rmdir()


def _is_at(descriptor: int, path: Path) -> bool:
    if os.name == "nt":  # there an open file cannot be removed
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
