"""The installed programs at work: the daemon stopped and started, a real job through it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from .manifest import write_atomically
from .programs import Programs, still_at_work
from .trouble import Trouble

JOB_LIMIT = 1800.0  # seconds; the first job compiles the kernels, on a slow machine for minutes
COUNT, SEED = 4, 7


def launch_file(command: Sequence[str], prefix: Path) -> str:
    """Content of launch.json: how a client starts the daemon, and where --uninstall finds the manifest."""
    return json.dumps({"command": list(command), "prefix": str(prefix)}, indent=1) + "\n"


def job_command(program: Path, photo: Path, mask: Path, out: Path) -> list[str]:
    return [
        str(program),
        "generate",
        str(photo),
        str(mask),
        "-n",
        str(COUNT),
        "--seed",
        str(SEED),
        "-o",
        str(out),
    ]


def run_job(programs: Programs, program: Path, sample: tuple[Path, Path], out: Path, **more: str) -> Path:
    """Fill the sample photograph through the daemon and give the contact sheet's path."""
    with still_at_work("the job runs (the first one compiles)"):
        programs.run(
            job_command(program, *sample, out), "The job on the sample photograph", limit=JOB_LIMIT, **more
        )
    sheets = sorted(out.glob("*contact*.png")) or sorted(out.glob("*sheet*.png"))
    if not sheets or not sheets[0].read_bytes().startswith(b"\x89PNG"):
        raise Trouble(
            "The job on the sample photograph ended without a contact sheet.", f"See {programs.log}."
        )
    return sheets[0]


def prove(
    programs: Programs, program: Path, daemon: Path, sample: tuple[Path, Path], home: Path, cache: Path
) -> None:
    """Run a job through a daemon of the new environment in a home of its own, so that nothing in use is
    touched.

    The compiled kernels are kept: ``home``/cache is a link to the user's own ``cache`` folder.
    """
    home.mkdir(mode=0o700)
    if os.name == "posix":
        (home / "cache").symlink_to(cache)
    write_atomically(home / "launch.json", launch_file([str(daemon)], home))
    try:
        run_job(programs, program, sample, home / "sample", PLURIPAINT_HOME=str(home))
    finally:
        stop(programs, program, PLURIPAINT_HOME=str(home))


def runs(programs: Programs, program: Path) -> bool:
    """Whether a daemon answers to this program."""
    try:
        command = [str(program), "daemon", "status"]
        return programs.run(command, "Looking for the daemon", limit=60, check=False)[0] == 0
    except Trouble:
        return False


def stop(programs: Programs, program: Path, **more: str) -> bool:
    """Stop the daemon where one runs; False when one would not, or nothing is there to ask."""
    if not program.exists():
        return False
    try:
        return (
            programs.run(
                [str(program), "daemon", "stop"], "Stopping the daemon", limit=60, check=False, **more
            )[0]
            == 0
        )
    except Trouble:
        return False


def start(programs: Programs, program: Path) -> None:
    programs.run([str(program), "daemon", "start"], "Starting the daemon", limit=120)
