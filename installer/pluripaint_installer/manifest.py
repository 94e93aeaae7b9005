"""What an installation made, written down before it is made, so that --uninstall removes that and nothing
else."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from .trouble import Trouble

KINDS = ("tree", "file", "folder", "login", "kritarc")


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write by rename: a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass
class Manifest:
    """Entries (kind, path) in the order they were made.

    "tree" goes with all that is in it, "file" is a file or link, "folder" goes only when empty, "login" is a
    login start whose path names its unit, desktop or property-list file, "kritarc" is Krita's own settings file,
    out of which our lines go.
    """

    path: Path
    entries: list[tuple[str, str]] = field(default_factory=list)
    version: str = ""

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """The manifest at ``path``, or an empty one; raises Trouble when it can't be understood."""
        if not path.exists():
            return cls(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            entries = [(str(kind), str(entry)) for kind, entry in content["entries"] if kind in KINDS]
            return cls(path, entries, str(content["version"]))
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise Trouble(
                f"The installation's record {path} can't be read.", "Remove that file, then install again."
            ) from error

    def add(self, kind: str, path: Path) -> None:
        if (kind, str(path)) not in self.entries:
            self.entries.append((kind, str(path)))
            self.save()

    def forget(self, path: Path) -> None:
        self.entries = [entry for entry in self.entries if entry[1] != str(path)]
        self.save()

    def add_folder(self, folder: Path) -> None:
        """Make ``folder`` and its parents, noting each one that was not there."""
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            self.entries.append(("folder", str(path)))
            path.mkdir(exist_ok=True)
        if missing:
            self.save()

    def save(self) -> None:
        content = {"format": 1, "version": self.version, "entries": self.entries}
        write_atomically(self.path, json.dumps(content, indent=1) + "\n")

    def trees(self) -> list[Path]:
        return [Path(path) for kind, path in self.entries if kind == "tree"]


def remove(path: Path) -> None:
    """Remove a file, a link (never what it points to) or a folder with all in it; nothing there is fine."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
