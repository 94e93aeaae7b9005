"""Starting the daemon from an editor: never from inside a sandbox."""

from __future__ import annotations

import sys

import pytest

from pluripaint_client import Client, NotRunning
from pluripaint_client import connection as places


@pytest.fixture(autouse=True)
def outside(monkeypatch, tmp_path):
    """A home without a daemon, and no sandbox."""
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path / "home"))
    for name in ("SNAP", "SNAP_NAME"):
        monkeypatch.delenv(name, raising=False)


def installed(tmp_path):
    """As the installer leaves it: a command that starts the daemon."""
    (tmp_path / "home").mkdir()
    file = tmp_path / "home" / places.LAUNCH_FILE
    file.write_text(f'{{"command": ["{sys.executable}", "-c", "pass"]}}')
    file.chmod(0o600)


def test_a_flatpak_is_known_by_its_file(tmp_path):
    assert not places.sandboxed(tmp_path)
    (tmp_path / ".flatpak-info").write_text("[Application]\nname=org.gimp.GIMP\n")
    assert places.sandboxed(tmp_path)


@pytest.mark.parametrize(
    ("names", "inside"),
    [
        ({"SNAP": "/snap/gimp/500", "SNAP_NAME": "gimp"}, True),
        ({"SNAP": "/snap/krita/99", "SNAP_NAME": "krita"}, True),
        ({"SNAP": "/snap/gimp/500"}, True),
        ({"SNAP": "/snap/code/180", "SNAP_NAME": "code"}, False),  # its terminal is no sandbox
        ({}, False),
    ],
)
def test_a_snapped_editor_is_known_by_its_environment(tmp_path, monkeypatch, names, inside):
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert places.sandboxed(tmp_path) == inside


def test_outside_the_daemon_is_started(tmp_path):
    installed(tmp_path)
    assert places.launch_command() == [sys.executable, "-c", "pass"]
    assert places.start_daemon().wait(30) == 0


def test_inside_nothing_is_started_and_the_command_is_said(tmp_path, monkeypatch):
    installed(tmp_path)
    monkeypatch.setenv("SNAP", "/snap/gimp/500")
    monkeypatch.setattr(places.subprocess, "Popen", lambda *_, **__: pytest.fail("something was started"))
    for start in (places.start_daemon, Client.connect):
        with pytest.raises(NotRunning, match="in a sandbox cannot start it") as refusal:
            start()
        assert refusal.value.next_step == "Type “pluripaint daemon start” in a terminal."
