"""A daemon that cannot be used, a full disk, no memory: one sentence with the next step, the document as it was."""

from __future__ import annotations

import contextlib
import json
import resource
from collections.abc import Iterator

import daemons
import psutil
import pytest
from krita_editor import LAYER, SUITE, KritaEditor
from real_daemon import workers
from test_krita_trouble import discard, ended

from pluripaint_client import connection as places
from pluripaint_client import protocol

pytestmark = pytest.mark.editor

BOX = (430, 330, 90, 60)
BY_HAND = "Start it with “pluripaint daemon start”, or run the installer again."
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def docker(krita: KritaEditor) -> None:
    """*Generate Variations…* by its keys."""
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")


def opened(krita: KritaEditor, photo, box=BOX) -> None:
    """A photograph with something selected, the docker on it."""
    krita.open(photo)
    krita.select(*box)
    krita.do("widget('pluripaint_count').setValue(1)")
    docker(krita)


def refused(krita: KritaEditor, sentence: str) -> None:
    """The docker says exactly this when it is opened, and of the job; the document is as it was."""
    before, entries = krita.state(), krita.undo_entries()
    krita.do("from pluripaint_krita.extension import desk; desk().forget_sentence()")
    docker(krita)
    krita.wait(f"widget('pluripaint_sentence').text() == {sentence!r}", "the sentence in the docker")
    krita.stage.key("Return")
    assert ended(krita) == sentence
    assert krita.sentence() == "", "it is said once"
    assert krita.do("answer = widget('pluripaint_retry').isVisible()")
    krita.stage.screenshot(f"krita-{sentence[:40]}")
    discard(krita)
    krita.trigger("pluripaint_2_again")
    assert (ended(krita), krita.sentence()) == (sentence, "")
    discard(krita)
    assert krita.state() == before
    assert krita.undo_entries() == entries


@pytest.fixture
def without_daemon(krita: KritaEditor) -> Iterator[None]:
    """Nobody serves this Krita; the next job finds its own daemon again."""
    krita.without_daemon()
    yield
    krita.serve()


def test_a_wrong_token_is_mended_before_the_person_notices(krita, photo):
    opened(krita, photo)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    daemon, file = krita.daemon(), krita.home / "connection.json"
    right = places.read(file)
    places.write(file, right._replace(token="cd" * 32))
    docker(krita)
    krita.stage.key("Return")
    krita.ready()
    assert places.read(file) == right and krita.daemon() == daemon
    krita.stage.key("Return")
    krita.wait("len([n for n in tree(app.activeDocument()) if n[1][:10] == 'Variations']) == 2", "its group")


def test_somebody_elses_daemon_is_not_ours(krita, photo, without_daemon, tmp_path, monkeypatch):
    launch = krita.home / places.LAUNCH_FILE
    launch = launch.rename(launch.with_suffix(".away"))
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    other = daemons.Daemon(tmp_path)
    try:
        opened(krita, photo)
        places.write(krita.home / "connection.json", other.connection._replace(token="cd" * 32))
        refused(krita, f"The pluripaint daemon is not running and was not found here. {BY_HAND}")
        assert other.status()["counts"]["accepted"] == 0
    finally:
        other.close()
        launch.rename(launch.with_name(places.LAUNCH_FILE))


def test_a_daemon_of_another_release_is_said(krita, photo, without_daemon, monkeypatch):
    monkeypatch.setenv("PLURIPAINT_HOME", str(krita.home))
    version = protocol.VERSION + 2  # it understands the one before, which is not ours
    later = daemons.Daemon(krita.home, protocol_version=version)
    try:
        opened(krita, photo)
        refused(
            krita,
            f"The daemon (version {later.connection.version}) speaks another protocol than this plug-in. "
            f"{protocol.UPDATE}",
        )
    finally:
        later.close()
    krita.serve()
    krita.trigger("pluripaint_2_again")
    krita.generated()


@contextlib.contextmanager
def full_disk(*processes: psutil.Process) -> Iterator[None]:
    """No file may grow for these processes."""
    for one in processes:
        one.rlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    for one in processes:
        if one.is_running():
            one.rlimit(resource.RLIMIT_FSIZE, NO_LIMIT)


def test_a_full_disk_under_the_daemon_keeps_nobody_from_working(krita, photo):
    """Not under Krita's own settings: Krita 5.1 itself stands still there, in KConfig's lock."""
    opened(krita, photo)
    krita.worker_rests()
    before, daemon = krita.state(), krita.daemon()
    log = (krita.home / "logs" / "daemon.log").read_bytes()
    with full_disk(daemon, *workers(daemon)):
        krita.stage.key("Return")
        krita.ready()
        assert krita.state() == before
        krita.stage.key("Return")
        krita.generated()
    assert (krita.home / "logs" / "daemon.log").read_bytes() == log
    assert krita.pixels(LAYER) == before["layer"]


@pytest.mark.skipif(bool(SUITE), reason="a Krita in a root folder starts no daemon")
def test_a_daemon_that_cannot_start_on_a_full_disk_is_said(krita, photo, without_daemon):
    launch = krita.home / places.LAUNCH_FILE
    recorded = launch.read_text()
    (program,) = json.loads(recorded)["command"]
    launch.write_text(json.dumps({"command": ["/bin/sh", "-c", f"ulimit -f 0; exec '{program}'"]}))
    try:
        opened(krita, photo)
        refused(krita, "The pluripaint daemon ended at once. Run “pluripaint doctor”.")
    finally:
        launch.write_text(recorded)


def test_a_worker_without_memory_is_said(krita, photo):
    krita.open(photo, ("RGBA", "F32", "sRGB-elle-V2-srgbtrc.icc"))
    krita.select(300, 50, 600, 600)
    krita.do("widget('pluripaint_count').setValue(1)")
    before = krita.state()
    docker(krita)
    krita.worker_rests()
    (worker,) = workers(krita.daemon())
    worker.rlimit(resource.RLIMIT_AS, (worker.memory_info().vms + (32 << 20), resource.RLIM_INFINITY))
    krita.stage.key("Return")
    assert ended(krita) == (
        "There was not enough memory for this job. Select a smaller area or close other programs, then try again."
    )
    krita.stage.screenshot("krita_worker_without_memory")
    assert krita.state() == before
    worker.rlimit(resource.RLIMIT_AS, NO_LIMIT)
    krita.do("widget('pluripaint_retry').click()")
    krita.ready()
    krita.do("widget('pluripaint_insert').click()")
    krita.generated()
