"""Whole runs of install.py that something comes between: a failure after the switch, another installation, its daemon,
nobody who reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from machine import Machine

LOGIN = ("enable", "disable")


@pytest.fixture
def machine(tmp_path, wheels):
    """A user whose systemd is a script that writes down what it is told."""
    root = tmp_path / "root"
    root.mkdir()
    fake = tmp_path / "systemctl"
    fake.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\n')
    fake.chmod(0o755)
    machine = Machine(root, wheels, {"PLURIPAINT_SYSTEMCTL": str(fake)})
    yield machine
    machine.stop()


def install(machine: Machine, checkout: Path, *options: str) -> None:
    done = machine.install(checkout, *options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("options", [[], ["--no-autostart"]])
def test_after_a_failed_upgrade_the_old_one_still_starts_at_login(
    machine, versions, tmp_path, options
) -> None:
    install(machine, versions["old"])
    (unit,) = (machine.root / "config" / "systemd" / "user").glob("*.service")
    before, content = machine.files(), unit.read_text()
    assert machine.install(versions["no-final"], *options).returncode == 1
    assert machine.files() == before and unit.read_text() == content
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    last = [call for call in calls if set(call) & set(LOGIN)][-1]
    assert last == ["--user", "enable", unit.name], "switched on is what the user finds at the next login"
    assert machine.daemon()["version"] == "1.0"


def test_where_nobody_reads_any_more_a_failed_run_still_puts_everything_back(machine, versions) -> None:
    machine.environment()
    before = machine.files()
    process = subprocess.Popen(
        machine.command(versions["no-proof"]),
        env=machine.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stderr
    while "[3/7]" not in process.stdout.readline():
        pass
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait() == 1 and "can't fill anything" in said and "Traceback" not in said
    assert machine.files() == before


def test_a_second_place_is_refused_and_the_first_is_found_without_being_named(machine, versions) -> None:
    first, second = machine.root / "first", machine.root / "second"
    install(machine, versions["old"], "--prefix", str(first))
    done = machine.install(versions["new"], "--prefix", str(second))
    assert done.returncode == 1 and f"installed in {first}" in done.stderr and not second.exists()
    install(machine, versions["new"])
    assert len(list(first.glob("env-*"))) == 1 and not list(machine.home.glob("env-*"))
    stop = [str(first / "current" / "bin" / "pluripaint"), "daemon", "stop"]
    subprocess.run(stop, env=machine.environment(), check=True, stdout=subprocess.DEVNULL)


def test_the_daemon_of_another_installation_makes_way(machine, versions, wheels, tmp_path) -> None:
    """One that clients find, but that no installer knows: of a ``pip install``, for example."""
    other = Machine(tmp_path / "other", wheels)
    other.root.mkdir()
    install(other, versions["old"], "--no-autostart")
    other.stop()
    machine.home.mkdir(parents=True)
    program = other.home / "current" / "bin" / "pluripaint-daemon"
    stranger = subprocess.Popen([str(program)], env=machine.environment())
    subprocess.run(
        [str(program.with_name("pluripaint")), "daemon", "wait"], env=machine.environment(), check=True
    )
    install(machine, versions["new"])
    assert stranger.wait(30) == 0
    assert machine.daemon()["version"] == "1.1"
