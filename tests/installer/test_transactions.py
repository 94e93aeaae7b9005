"""Whole runs of install.py with a small set of wheels: real environments, real pip, a real daemon process."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from machine import Machine

ODD = 'Bäume & "Stühle" it\'s $HOME'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, str]:
    """What a user's shell may have set and must not redirect anything."""
    away = tmp_path_factory.mktemp("away")
    (away / "pip.py").write_text("raise SystemExit('the wrong pip')")
    (away / "pip.conf").write_text(f"[install]\ntarget = {away}\nuser = true\n")
    return {
        "PYTHONPATH": str(away),
        "PYTHONHOME": "",
        "VIRTUAL_ENV": str(away),
        "PIP_TARGET": str(away / "target"),
        "PIP_PREFIX": str(away / "prefix"),
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_CONFIG_FILE": str(away / "pip.conf"),
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheels, versions, hostile):
    """Version 1.0, installed once into a folder with an odd name under a hostile environment."""
    root = tmp_path_factory.mktemp("machine") / ODD
    root.mkdir()
    machine = Machine(root, wheels, hostile)
    done = machine.install(versions["old"])
    assert done.returncode == 0, done.stdout + done.stderr
    machine.first_output = done.stdout
    yield machine
    machine.stop()


def test_the_last_line_says_where_the_contact_sheet_lies(installed) -> None:
    sheet = Path(installed.first_output.splitlines()[-1].split(": ", 1)[1])
    assert sheet.read_bytes() == b"\x89PNG1.0" and sheet.is_relative_to(installed.home)


def test_the_daemon_of_the_new_environment_runs_and_clients_find_it(installed) -> None:
    assert installed.daemon()["version"] == "1.0"
    launch = json.loads((installed.home / "launch.json").read_text())
    assert launch["command"] == [str(installed.home / "current" / "bin" / "pluripaint-daemon")]
    assert (installed.home / "launch.json").stat().st_mode & 0o777 == 0o600


def test_nothing_was_redirected(installed, hostile) -> None:
    away = Path(hostile["PYTHONPATH"])
    assert sorted(path.name for path in away.iterdir()) == ["pip.conf", "pip.py"]
    assert not list((installed.root / "user").iterdir())


def test_compiled_kernels_of_the_proof_are_kept(installed) -> None:
    assert (installed.home / "cache" / "compiled").exists()
    assert not list(installed.home.glob("work-*"))


def test_the_desktop_login_start_is_run_for_real(installed) -> None:
    """The Exec line, undone by the rules of the desktop entry specification, starts the daemon."""
    (entry,) = (installed.root / "config" / "autostart").iterdir()
    line = next(text for text in entry.read_text().splitlines() if text.startswith("Exec="))[5:]
    line = line.replace("\\\\", "\\").replace(
        "%%", "%"
    )  # what is left is quoted as a shell quotes, by the rules
    installed.stop()
    environment = {
        **installed.environment(),
        "PLURIPAINT_HOME": "/nonexistent",
    }  # the line itself must name it
    process = subprocess.Popen(["sh", "-c", f"exec {line}"], env=environment, start_new_session=True)
    try:
        installed.run("daemon", "wait")
        assert installed.daemon()["pid"] == process.pid
    finally:
        installed.stop()
        process.wait(30)
        installed.run("daemon", "start")


def test_dry_run_names_the_files_and_makes_none(installed, versions, tmp_path, wheels) -> None:
    elsewhere = Machine(tmp_path / "else", wheels)
    elsewhere.root.mkdir()
    done = elsewhere.install(versions["old"], "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not elsewhere.home.exists()
    for path in installed.home.iterdir():
        name = path.name.rsplit("-", 1)[0] if path.name.startswith("env-") else path.name
        assert str(elsewhere.home / name) in done.stdout, name


@pytest.mark.parametrize("which", ["no-proof", "no-final"])
def test_a_failed_upgrade_leaves_the_old_one_running(installed, versions, which) -> None:
    before, pid = installed.files(), installed.daemon()["pid"]
    done = installed.install(versions[which])
    assert done.returncode == 1
    assert "can't fill anything" in done.stderr and "Traceback" not in done.stderr
    assert installed.files() == before
    assert installed.daemon()["version"] == "1.0"
    if which == "no-proof":
        assert installed.daemon()["pid"] == pid, "the old daemon was not even touched"


def test_two_runs_at_once_are_refused(installed, versions) -> None:
    with (installed.home / ".install.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = installed.install(versions["new"])
    assert done.returncode == 1 and "Another installation" in done.stderr
    assert installed.daemon()["version"] == "1.0"


def test_an_upgrade_switches_over_and_removes_the_replaced_environment(installed, versions) -> None:
    (old,) = installed.home.glob("env-*")
    done = installed.install(versions["new"], "--no-autostart")
    assert done.returncode == 0, done.stdout + done.stderr
    (new,) = installed.home.glob("env-*")
    assert new != old and os.readlink(installed.home / "current") == new.name
    assert installed.daemon()["version"] == "1.1"
    assert not (installed.root / "config" / "autostart").exists() or not list(
        (installed.root / "config" / "autostart").iterdir()
    ), "a start at login that is no longer wanted goes"


def test_a_killed_run_blocks_nothing_and_uninstalling_leaves_nothing(tmp_path, wheels, versions) -> None:
    machine = Machine(tmp_path, wheels)
    fake = tmp_path / "systemctl"
    fake.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/systemctl.log"\n')
    fake.chmod(0o755)
    machine.extra = {"PLURIPAINT_SYSTEMCTL": str(fake)}
    machine.environment()
    before = machine.files()
    process = subprocess.Popen(
        machine.command(versions["old"]), env=machine.environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    while "[3/7]" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert list(machine.home.glob("env-*")), "the killed run had got that far"

    done = machine.install(versions["old"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(machine.home.glob("env-*"))) == 1
    (unit,) = (tmp_path / "config" / "systemd" / "user").glob("*.service")
    assert f"--user restart {unit.name}" in (tmp_path / "systemctl.log").read_text()

    (machine.home / "weights").mkdir()
    (machine.home / "weights" / "mine.safetensors").write_text("weights")
    done = machine.install(versions["old"], "--uninstall")
    assert done.returncode == 0, done.stderr
    assert (machine.home / "weights" / "mine.safetensors").exists(), "nobody could be asked, so they stay"
    (machine.home / "weights" / "mine.safetensors").unlink()
    (machine.home / "weights").rmdir()
    machine.home.rmdir()
    (tmp_path / "systemctl.log").rename(tmp_path / "calls.log")
    assert machine.files() == before
    assert f"--user disable --now {unit.name}" in (tmp_path / "calls.log").read_text()


def test_without_network_one_sentence_and_nothing_done(tmp_path, versions) -> None:
    machine = Machine(tmp_path, tmp_path, {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"})
    command = [sys.executable, str(versions["old"] / "installer" / "install.py")]
    done = subprocess.run(command, env=machine.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "no connection to the package index 127.0.0.1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not machine.home.exists()
