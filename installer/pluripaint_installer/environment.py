"""One private environment: a virtual environment of its own folder, with pip, the package and its pinned
versions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import pip_source, torch_build
from .checkout import Checkout
from .programs import Download, Programs, still_at_work
from .trouble import Trouble

# Finds its Python beside itself, whatever signs its path has (pip's own first line breaks on some), and lets
# no
# PYTHON* variable of the caller in. Both a shell script and, for Python, a string that means nothing.
LAUNCHER = """#!/bin/sh
'''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" -E "$0" "$@"
' '''
"""
PROGRAMS = ("pluripaint", "pluripaint-daemon")


class Environment:
    """The environment in ``folder``; ``work`` is a scratch folder that goes when the installation ends."""

    def __init__(self, folder: Path, work: Path, programs: Programs, wheels: Path | None) -> None:
        self.folder, self.work, self.programs, self.wheels = folder, work, programs, wheels
        self.minor = sys.version_info[1]

    @property
    def binaries(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def program(self, name: str) -> Path:
        return self.binaries / (f"{name}.exe" if os.name == "nt" else name)

    @property
    def python(self) -> str:
        return str(self.program("python"))

    def source_arguments(self) -> list[str]:
        return ["--no-index", "--find-links", str(self.wheels)] if self.wheels else []

    # Commands, built apart from being run so that --dry-run shows the very same ones.

    def create_command(self) -> list[str]:
        base = getattr(sys, "_base_executable", None) or sys.executable
        return [base, "-I", "-m", "venv", "--without-pip", str(self.folder)]

    def pip(self, *arguments: str) -> list[str]:
        return [self.python, "-m", "pip", *arguments]

    def ensurepip_command(self) -> list[str]:
        return [self.python, "-I", "-m", "ensurepip"]

    def pip_upgrade_command(self, checkout: Checkout) -> list[str]:
        pins = str(checkout.constraints(self.minor))
        return self.pip(
            "install", "--quiet", *self.source_arguments(), "--constraint", pins, "--upgrade", "pip"
        )

    def backend_command(self, checkout: Checkout) -> list[str]:
        pins, target = str(checkout.constraints(self.minor)), str(self.work / "backend")
        return self.pip(
            "install",
            "--quiet",
            *self.source_arguments(),
            "--constraint",
            pins,
            "--target",
            target,
            "hatchling",
        )

    def wheel_command(self, checkout: Checkout) -> list[str]:
        options = ["--quiet", "--no-deps", "--no-build-isolation", *self.source_arguments()]
        return self.pip("wheel", *options, "--wheel-dir", str(self.work / "wheel"), str(checkout.root))

    def resolve_command(self, checkout: Checkout, arguments: Sequence[str]) -> list[str]:
        more = ["--dry-run", "--quiet", "--ignore-installed", "--report", str(self.report)]
        return self._pip_install(checkout, arguments, *more)

    def install_command(self, checkout: Checkout, arguments: Sequence[str]) -> list[str]:
        return self._pip_install(checkout, arguments, "--progress-bar", "raw")

    @property
    def report(self) -> Path:
        return self.work / "report.json"

    def _pip_install(self, checkout: Checkout, arguments: Sequence[str], *more: str) -> list[str]:
        pins = str(checkout.constraints(self.minor))
        wheel = str(self.wheel() or self.work / "wheel" / "pluripaint-VERSION.whl")
        return self.pip("install", *more, *self.source_arguments(), "--constraint", pins, wheel, *arguments)

    def wheel(self) -> Path | None:
        return next((self.work / "wheel").glob("pluripaint-*.whl"), None)

    # Steps.

    def create(self, index: pip_source.Index, checkout: Checkout) -> None:
        """Make the folder and give it the pinned pip, from the folder of wheels, from ensurepip or from the
        index."""
        self.programs.run(self.create_command(), "Making the private environment")
        local = pip_source.local_wheel([self.wheels]) if self.wheels else None
        if local is None and self._has_ensurepip():
            self.programs.run(self.ensurepip_command(), "Putting pip in")
        else:
            if local is None and self.wheels:
                raise Trouble(
                    f"This Python has no pip, and {self.wheels} has no pip-*.whl.", "Put one there."
                )
            pinned = checkout.pinned("pip", self.minor)
            wanted = pip_source.version_of(f"pip-{pinned}-py3-none-any.whl") if pinned else None
            zip_file = local or index.fetch_pip(self.work, wanted)
            command = [self.python, str(zip_file / "pip"), "install", "--quiet", "--no-index", str(zip_file)]
            self.programs.run(command, "Putting pip in")
        self.programs.run(self.pip_upgrade_command(checkout), "Putting the pinned pip in")

    def _has_ensurepip(self) -> bool:
        probe = (
            "import ensurepip, sys; sys.exit(not hasattr(ensurepip, 'version') or not ensurepip.version())"
        )
        return (
            self.programs.run([self.python, "-I", "-c", probe], "Looking for ensurepip", check=False)[0] == 0
        )

    def build_wheel(self, checkout: Checkout) -> None:
        """Build the package's wheel with the pinned build backend, which stays out of the environment."""
        self.programs.run(self.backend_command(checkout), "Fetching the build backend")
        backend = str(self.work / "backend")
        self.programs.run(self.wheel_command(checkout), "Building the package", PYTHONPATH=backend)

    def resolve(self, checkout: Checkout, arguments: Sequence[str]) -> torch_build.Plan:
        """What pip would install, without installing it."""
        with still_at_work("choosing versions"):
            self.programs.run(self.resolve_command(checkout, arguments), "Choosing the versions")
        return torch_build.read_report(json.loads(self.report.read_text(encoding="utf-8")), arguments)

    def install(self, checkout: Checkout, plan: torch_build.Plan, size: int) -> None:
        command = self.install_command(checkout, plan.arguments)
        with still_at_work("installing"):
            self.programs.run(command, "Installing", line=Download(size))
        if os.name == "posix":
            for name in PROGRAMS:
                self._own_first_line(self.program(name))

    @staticmethod
    def _own_first_line(script: Path) -> None:
        text = script.read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        # pip wrote either one line with the path, or two lines of shell where the path is long or has a
        # space.
        lines = lines[3:] if lines[0].startswith("#!/bin/sh") else lines[1:]
        script.write_text(LAUNCHER + "".join(lines), encoding="utf-8")
