"""The file by which clients find the daemon: private, whole, and where a sandboxed editor can read it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from daemons import published

from pluripaint_client import Client, NotRunning
from pluripaint_client import connection as places


def test_the_file_is_private_and_gone_after_the_daemon(daemon):
    assert daemon.file.stat().st_mode & 0o777 == 0o600
    assert daemon.connection.pid == daemon.process.pid
    daemon.process.terminate()
    assert daemon.process.wait(10) == 0
    assert not daemon.file.exists()
    assert [path.name for path in daemon.home.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_file_that_others_can_read_is_not_trusted(home, mode):
    published(home, 5)
    (home / places.FILE).chmod(mode)
    with pytest.raises(NotRunning, match="other users"):
        Client.connect(start=False)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"host": "example.org", "port": 1}', b"[" * 9999]
)
def test_a_damaged_file_is_said(home, content):
    places.write_private(home / places.FILE, content)
    with pytest.raises(NotRunning, match=r"damaged|does not name"):
        Client.connect(start=False)


def test_links_and_folders_are_not_followed(home, tmp_path):
    published(home, 5)
    (home / places.FILE).rename(tmp_path / "elsewhere")
    (home / places.FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotRunning, match="cannot be read"):
        Client.connect(start=False)
    (home / places.FILE).unlink()
    (home / places.FILE).mkdir()
    with pytest.raises(NotRunning, match=r"not a connection file|cannot be read"):
        Client.connect(start=False)


def test_without_an_override_the_real_home_counts_not_what_a_sandbox_says(monkeypatch):
    monkeypatch.delenv("PLURIPAINT_HOME", raising=False)
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "/somewhere/else")
    import pwd

    home = pwd.getpwuid(os.getuid()).pw_dir
    assert str(places.folder("linux")) == f"{home}/.local/share/pluripaint"
    assert str(places.folder("darwin")) == f"{home}/Library/Application Support/pluripaint"


def test_snapped_editors_get_a_copy(tmp_path):
    (tmp_path / "snap" / "gimp").mkdir(parents=True)
    assert places.snap_copies(tmp_path) == [tmp_path / "snap/gimp/common/pluripaint/connection.json"]
    connection = places.Connection("127.0.0.1", 5, "ab" * 32, 1, (1,), "0")
    places.write(places.snap_copies(tmp_path)[0], connection)
    assert places.read(places.snap_copies(tmp_path)[0]) == connection


def test_a_snapped_client_finds_the_copy(tmp_path, monkeypatch):
    monkeypatch.delenv("PLURIPAINT_HOME", raising=False)
    monkeypatch.setenv("SNAP_USER_COMMON", str(tmp_path))
    connection = places.Connection("127.0.0.1", 5, "ab" * 32, 1, (1,), "0")
    places.write(tmp_path / "pluripaint" / places.FILE, connection)
    assert places.find() == (connection, "")


def test_a_full_disk_or_missing_right_is_said_and_leaves_nothing(home):
    if os.getuid() == 0:
        blocker = home / "logs"
        blocker.write_text("a file where the folder should be")
    else:
        home.chmod(0o500)
    ended = subprocess.run(
        [sys.executable, "-m", "pluripaint.service.program"], capture_output=True, text=True, timeout=20
    )
    home.chmod(0o700)
    assert ended.returncode == 1 and "cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr and not (home / places.FILE).exists()
