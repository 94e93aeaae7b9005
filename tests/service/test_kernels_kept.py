"""Compiled kernels when the installation may only be read: kept for the user, or compiled anew at each start."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

import pytest
from daemons import Daemon, events, job

import pluripaint
import pluripaint_client
from pluripaint_client import Done

WORKER = [sys.executable, "-m", "pluripaint.service.worker"]
_PR_SET_SECUREBITS, _NOROOT = 28, 1


def obey_file_modes() -> None:
    """For this process and its children a file's mode counts also where the tests run as root."""
    if (
        os.geteuid() == 0
        and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECUREBITS, _NOROOT, 0, 0, 0) != 0
    ):
        raise OSError(ctypes.get_errno(), "prctl")


def close(folder: Path) -> None:
    """Nothing may be written here any more."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            path.chmod(0o555)


@pytest.fixture
def installation(tmp_path, monkeypatch) -> Path:
    """A copy of the packages that may only be read, found before the real one; no other place for numba's files."""
    site, elsewhere = tmp_path / "site-packages", tmp_path / "elsewhere"
    for package in (pluripaint, pluripaint_client):
        source = Path(package.__file__).parent
        ignored = shutil.ignore_patterns("__pycache__", "_bundled")
        shutil.copytree(source, site / source.name, ignore=ignored)
    elsewhere.mkdir()
    close(site)
    close(elsewhere)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("XDG_CACHE_HOME", str(elsewhere))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return site


def draw(home: Path) -> str:
    """One real job; what the worker's log says."""
    daemon = Daemon(home, preexec_fn=obey_file_modes, worker_command=WORKER)
    try:
        with daemon.client() as client:
            heard = events(client, client.submit(job("exemplar", side=64, count=1, preset="fast")), 120)
        assert isinstance(heard[-1], Done), heard[-1]
    finally:
        daemon.close()
    return (home / "logs" / "worker-cpu.log").read_text()


def test_kernels_of_a_read_only_installation_are_kept_for_the_user(installation, home):
    said = draw(home)
    assert list((home / "cache" / "numba").rglob("*.nbi"))
    assert not list(installation.rglob("*.nb*"))
    assert "compiled anew" not in said


def test_a_job_is_done_also_where_kernels_can_be_kept_nowhere(installation, home):
    (home / "cache").mkdir()
    close(home / "cache")
    said = draw(home)
    assert said.count("compiled anew") == 1 and str(home / "cache") in said
    assert not list(home.rglob("*.nb*"))
