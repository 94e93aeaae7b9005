"""Where the results go: looked at before the work, filled only once everything is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pluripaint.cli._result import LAYERS, REPORT, SHEET

_HIDDEN = ".pluripaint-"
_VARIATION = re.compile(r"\d\d\.(png|tif)")


class OutputError(Exception):
    """The results cannot go where they should; one sentence."""


@contextmanager
def folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary folder whose files become those of ``out`` if the block succeeds, and vanish if not.

    A new folder is built beside its place and moved there whole. One that is there is filled and stays what it
    is: a link's target, a disk's mount point, the folder a shell stands in, with its owner and rights. What lies
    in it beside an earlier result is left alone.

    Raises:
        OutputError: ``out`` is something else, or holds files and may not be replaced.
        OSError: ``out`` cannot be made or written; before the block wherever that can be known.
    """
    target = Path(os.path.realpath(out))
    earlier = _earlier(out, target, overwrite)
    made: list[Path] = []
    place: Path | None = None
    try:
        new = not target.is_dir()
        if new:
            _make_parents(target.parent, made)
            target.mkdir()  # a name that is too long or a folder that is closed is found now
            target.rmdir()
        place = _temporary(target.parent if new else target)
        yield place
        if new:
            place.chmod(0o777 & ~_umask())
            place.rename(target)
        else:
            _exchange(place, target, earlier)
    except BaseException:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        for one in reversed(made):
            with suppress(OSError):  # somebody else's file came in
                one.rmdir()
        raise


def _earlier(out: Path, target: Path, overwrite: bool) -> list[str]:
    """Names of the earlier result's files that may be replaced."""
    if os.path.lexists(target) and not target.is_dir():
        raise OutputError(f"{out} is no folder; choose one with -o.")
    if not target.is_dir() or not any(target.iterdir()):
        return []
    if not overwrite:
        raise OutputError(f"{out} already holds files; choose another folder with -o or add --overwrite.")
    listed = _listed(target / REPORT)
    if listed is None:
        raise OutputError(f"{out} is not an earlier result; choose another folder with -o.")
    for path in sorted(target.iterdir()):
        if _VARIATION.fullmatch(path.name) and path.name not in listed:
            raise OutputError(
                f"{path} is not of the earlier result; move it elsewhere or choose another folder with -o."
            )
    return [name for name in (REPORT, SHEET, LAYERS, *listed) if (target / name).is_file()]


def _listed(report: Path) -> list[str] | None:
    """The variations of a result, or ``None`` where it is none."""
    try:
        names = [str(one["file"]) for one in json.loads(report.read_text("utf-8"))["variations"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return [name for name in names if _VARIATION.fullmatch(name)]


def _temporary(parent: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=_HIDDEN, dir=parent))
    except OSError as error:  # the person knows the folder, not its temporary guest
        raise OSError(error.errno, error.strerror, str(parent)) from None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _make_parents(parent: Path, made: list[Path]) -> None:
    missing = []
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)


def _exchange(place: Path, target: Path, earlier: Sequence[str]) -> None:
    """Old files out, new files in, the report last; or everything as it was."""
    aside = _temporary(target)
    moves = [(target / name, aside / name) for name in earlier]
    names = sorted((path.name for path in place.iterdir()), key=lambda name: (name == REPORT, name))
    moves += [(place / name, target / name) for name in names]
    done: list[tuple[Path, Path]] = []
    try:
        for source, goal in moves:
            if os.path.lexists(goal):  # it came while we worked
                raise OutputError(f"{goal} is in the way; choose another folder with -o.")
            source.rename(goal)
            done.append((source, goal))
    except BaseException:
        for source, goal in reversed(done):
            goal.rename(source)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
    place.rmdir()
