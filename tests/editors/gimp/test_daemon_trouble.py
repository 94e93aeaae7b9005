"""A daemon that cannot be used, a full disk, no memory: one sentence with the next step, the document as it was."""

from __future__ import annotations

import contextlib
import json
import resource

import daemons
import psutil
import pytest
from stage import PATIENCE, wait_for
from test_active import QUICK, picture  # noqa: F401
from test_matrix import scene, stored
from test_meanwhile import BOX, insert
from test_trouble import leave

from pluripaint_client import connection as places
from pluripaint_client import protocol

pytestmark = pytest.mark.editor

BY_HAND = "Start it with “pluripaint daemon start”, or run the installer again."


def opened(gimp, box=BOX):
    """The window on a selection."""
    gimp.hand(f"select(max(images()), 'rectangle', *{box})")
    gimp.press("generate")
    window = gimp.stage.window("Generate Variations")
    gimp.stage.focus(window)
    return window


def refused(gimp, sentence):
    """Both ways to generate end in exactly this sentence, and leave the document as it was."""
    gimp.hand(f"select(max(images()), 'rectangle', *{BOX})")
    before = gimp.state()
    assert gimp.refusal("generate-last").endswith(sentence)
    window = opened(gimp)
    gimp.says(sentence)
    gimp.stage.key("alt+g")
    # In the settings' own line, and above all once it was tried.
    wait_for(
        lambda: [one for words in gimp.words() for one in words].count(sentence) == 2, PATIENCE, sentence
    )
    gimp.stage.screenshot(f"gimp-{gimp.version}-{sentence[:40]}", window)
    leave(gimp, window)
    assert gimp.state() == before


@pytest.fixture
def without_daemon(gimp):
    """Nobody serves this GIMP; its own daemon is back afterwards."""
    gimp.daemon.close()
    yield
    gimp.daemon.start()


def test_a_wrong_token_is_mended_before_the_person_notices(gimp, picture):  # noqa: F811
    picture()
    file = gimp.home / "connection.json"
    right = places.read(file)
    places.write(file, right._replace(token="cd" * 32))
    window = opened(gimp)
    gimp.says("The daemon is ready.")
    assert places.read(file) == right
    places.write(file, right._replace(token="cd" * 32))
    gimp.stage.key("alt+g")
    gimp.wait_review()
    insert(gimp, window)


def test_somebody_elses_daemon_is_not_ours(gimp, picture, without_daemon, tmp_path, monkeypatch):  # noqa: F811
    picture()
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    other = daemons.Daemon(tmp_path)
    try:
        places.write(gimp.home / "connection.json", other.connection._replace(token="cd" * 32))
        refused(gimp, f"The pluripaint daemon is not running and was not found here. {BY_HAND}")
        assert other.status()["counts"]["accepted"] == 0
    finally:
        other.close()


def test_a_daemon_of_another_release_is_said(gimp, picture, without_daemon, monkeypatch):  # noqa: F811
    picture()
    monkeypatch.setenv("PLURIPAINT_HOME", str(gimp.home))
    version = protocol.VERSION + 2  # it understands the one before, which is not ours
    later = daemons.Daemon(gimp.home, protocol_version=version)
    try:
        refused(
            gimp,
            f"The daemon (version {later.connection.version}) speaks another protocol than this plug-in. "
            f"{protocol.UPDATE}",
        )
    finally:
        later.close()


@contextlib.contextmanager
def full_disk(*processes):
    """No file may grow for these processes."""
    for one in processes:
        one.rlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    for one in processes:
        if one.is_running():
            one.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_full_disk_only_forgets_the_settings(gimp, picture):  # noqa: F811
    picture()
    window = opened(gimp)
    gimp.says("The daemon is ready.")
    before = {file.name for file in gimp.profile.iterdir()}
    daemon = psutil.Process(gimp.daemon.process.pid)
    log = (gimp.home / "logs" / "daemon.log").read_bytes()
    with full_disk(gimp.plug_in_process(), daemon, *gimp.daemon.workers()):
        gimp.stage.key("BackSpace", "3", "alt+g")  # another number of variations
        gimp.wait_review()
        assert json.loads((gimp.profile / "pluripaint.json").read_text()) == QUICK
        assert {file.name for file in gimp.profile.iterdir()} == before, "nothing half written is left"
    assert (gimp.home / "logs" / "daemon.log").read_bytes() == log, (
        "a log that did not grow kept nobody from working"
    )
    assert len(insert(gimp, window)["tree"][0]["children"]) == 3


def test_a_daemon_that_cannot_start_on_a_full_disk_is_said(gimp, picture, without_daemon):  # noqa: F811
    if gimp.root:
        pytest.skip("the daemon lies outside this GIMP's root folder")
    picture()
    program = gimp.daemon.process.args[0]
    launch = gimp.home / places.LAUNCH_FILE
    launch.write_text(json.dumps({"command": ["/bin/sh", "-c", f"ulimit -f 0; exec '{program}'"]}))
    launch.chmod(0o600)
    try:
        refused(gimp, "The pluripaint daemon ended at once. Run “pluripaint doctor”.")
    finally:
        launch.unlink()


def test_a_worker_without_memory_is_said(gimp):
    gimp.remember(**QUICK)
    gimp.picture(stored(scene(1400, 1400, 3), "float"), 600, "RGB float")
    window = opened(gimp, (400, 400, 600, 600))
    before = gimp.state()
    gimp.says("The daemon is ready.")
    gimp.worker_rests()
    (worker,) = gimp.daemon.workers()
    worker.rlimit(resource.RLIMIT_AS, (worker.memory_info().vms + (32 << 20), resource.RLIM_INFINITY))
    gimp.stage.focus(window)
    gimp.stage.key("alt+g")
    gimp.says(
        "There was not enough memory for this job. Select a smaller area or close other programs, then try again."
    )
    gimp.stage.screenshot(f"gimp-{gimp.version}-worker-without-memory", window)
    assert gimp.state() == before
    worker.rlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    gimp.stage.key("alt+g")
    gimp.wait_review()
    insert(gimp, window)
    gimp.close_picture()
