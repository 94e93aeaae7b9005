"""Real processes and sockets; each test has a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from daemons import Daemon


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with a space, an umlaut and a quote in its name."""
    folder = tmp_path / "pluri päint's"
    folder.mkdir()
    monkeypatch.setenv("PLURIPAINT_HOME", str(folder))
    return folder


@pytest.fixture
def daemon_with(home):
    """Starts daemons with settings; ends them."""
    daemons = []

    def start(**settings) -> Daemon:
        daemons.append(Daemon(home, **settings))
        return daemons[-1]

    yield start
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.close()


@pytest.fixture
def daemon(daemon_with) -> Daemon:
    """A daemon whose workers are doubles."""
    return daemon_with()
