"""Small programs and folders that stand in for editors and Pythons."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


def program(file: Path, text: str = "#!/bin/sh\necho started\nread line\n") -> Path:
    """A small program; without a text of its own it says that it started and lives until its input ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def folders(*made: Path) -> None:
    for folder in made:
        folder.mkdir(parents=True)


def python(file: Path, gi: int, gtk: int, virtual: int = 0, minor: int = 11) -> str:
    """A program that answers what the question for ``gi`` and Gtk prints."""
    lines = [file, 3, minor, virtual, gi, gtk]
    return str(program(file, "#!/bin/sh\n" + "".join(f'echo "{line}"\n' for line in lines)))


def tree(folder: Path) -> dict[str, object]:
    """Every path below a folder: a file's bytes, a link's target; what Python compiled apart."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts:
            content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
            found[str(path.relative_to(folder))] = content
    return found


@contextlib.contextmanager
def running(editor: Path, environ: dict[str, str]) -> Iterator[None]:
    """The program runs, as the named user's."""
    process = subprocess.Popen([str(editor)], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    # Popen returns before the kernel shows the new program's name and environment in /proc.
    process.stdout.readline()
    try:
        yield
    finally:
        process.communicate()
