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
        if not _try_lock(file.fileno()):
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
