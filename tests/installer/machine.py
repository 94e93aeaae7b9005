"""A user's folders on this machine, apart from anybody's own, and the installer run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Machine:
    """A user's folders, and the installer run there. Editors are left alone where no option names them."""

    root: Path
    wheels: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "pluripaint home"

    @property
    def user(self) -> Path:
        return self.root / "user"

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        self.user.mkdir(exist_ok=True)
        kept.update(
            HOME=str(self.user), PLURIPAINT_HOME=str(self.home), PLURIPAINT_SYSTEMCTL="/nonexistent/systemctl"
        )
        kept.update(XDG_CONFIG_HOME=str(self.root / "config"), TMPDIR=str(self.root))
        kept["PATH"] = "/usr/bin:/bin"  # pip asks compilers for their versions, and some write into HOME then
        return {**kept, **self.extra}

    def command(self, checkout: Path, *options: str) -> list[str]:
        return [
            sys.executable,
            str(checkout / "installer" / "install.py"),
            "--wheels",
            str(self.wheels),
            "--editors=none",
            *options,
        ]

    def install(self, checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(checkout, *options), env=self.environment(), cwd=self.root, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def daemon(self) -> dict[str, object]:
        """What the running daemon says of itself."""
        return json.loads(self.run("daemon", "status"))

    def run(self, *arguments: str) -> str:
        program = [str(self.home / "current" / "bin" / "pluripaint"), *arguments]
        environment = self.environment()
        return subprocess.run(
            program, env=environment, stdout=subprocess.PIPE, text=True, timeout=60, check=True
        ).stdout

    def stop(self) -> None:
        program = self.home / "current" / "bin" / "pluripaint"
        if program.exists():
            subprocess.run(
                [str(program), "daemon", "stop"], env=self.environment(), capture_output=True, timeout=60
            )

    def files(self) -> dict[str, object]:
        """Every path in use with its time of change or link target; logs of failed runs apart."""
        found: dict[str, object] = {}
        for folder, folders, names in os.walk(self.root):
            for name in [*folders, *names]:
                path = Path(folder) / name
                if path.suffix != ".log" and "__pycache__" not in path.parts:
                    found[str(path)] = os.readlink(path) if path.is_symlink() else path.is_dir()
        return found
