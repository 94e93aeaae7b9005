"""Cancelled, stopped and killed jobs in a real Krita; big pictures, exported files, the settings nobody touched."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import psutil
import pytest
from krita_editor import QUICK, KritaEditor
from PIL import Image
from real_daemon import recorded_weights, workers
from stage import PATIENCE, wait_for

from pluripaint.pipeline import presets

pytestmark = pytest.mark.editor

LARGE = (300, 200, 400, 300)
MODAL = "isinstance(QtWidgets.QApplication.activeModalWidget(), QtWidgets.QMessageBox)"


def discard(krita: KritaEditor) -> None:
    """Escape, and yes to the question where something would be lost."""
    krita.focus()
    krita.do("widget('pluripaint_words').parentWidget().setFocus()")
    krita.stage.key("Escape")
    krita.wait(f"{MODAL} or not widget('pluripaint_words').isVisible()", "the question or the end")
    krita.do(
        f"""
        if {MODAL}:
            question = QtWidgets.QApplication.activeModalWidget()
            QTimer.singleShot(0, question.button(QtWidgets.QMessageBox.Discard).click)
        """
    )
    krita.wait("not widget('pluripaint_words').isVisible()", "the end")


@pytest.fixture
def long_job(krita, photo):
    """The docker at work on a job of many seconds; the document before it."""
    krita.open(photo)
    krita.select(*LARGE, feather=5)
    krita.do("widget('pluripaint_count').setValue(16)")
    before = krita.state()
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.stage.key("Return")
    wait_for(krita.jobs, PATIENCE, "a job in the daemon")
    return before


def ended(krita: KritaEditor) -> str:
    """Waits until the job in view is over; what the docker says of it."""
    krita.wait(
        "widget('pluripaint_words').isVisible() and not widget('pluripaint_progress').isVisible()", "its end"
    )
    return krita.words()


def test_escape_cancels_a_running_job(krita, long_job):
    discard(krita)
    krita.daemon_idle()
    assert krita.state() == long_job
    assert krita.sentence()


def test_stop_keeps_what_is_finished(krita, long_job):
    krita.wait("widget('pluripaint_stop').isEnabled()", "the first candidate")
    krita.do("widget('pluripaint_stop').setFocus()")
    krita.stage.key("space")
    assert ended(krita).startswith("Stopped")
    krita.daemon_idle()
    assert 0 < len(krita.strip()) < 16
    assert krita.state() == long_job
    krita.stage.key("Return")
    assert len(krita.generated()) > 1


def test_a_killed_worker_leaves_the_document_alone(krita, long_job):
    for worker in workers(krita.daemon()):
        worker.kill()
    said = ended(krita)
    krita.stage.screenshot("krita_worker_killed")
    assert krita.strip() or said, "either the job was done again, or a sentence says what happened"
    assert krita.state() == long_job
    krita.daemon_idle()
    discard(krita)


def test_a_killed_daemon_is_said_and_the_next_job_starts_another(krita, long_job):
    daemon = krita.daemon()
    family = workers(daemon)
    daemon.kill()
    said = ended(krita)
    krita.stage.screenshot("krita_daemon_killed")
    assert said.endswith(".")
    assert krita.do("answer = widget('pluripaint_retry').isVisible()")
    assert krita.state() == long_job
    assert not psutil.wait_procs(family, PATIENCE)[1], "workers end with their daemon"
    discard(krita)
    krita.serve()
    krita.do("widget('pluripaint_count').setValue(1)")
    krita.trigger("pluripaint_2_again")
    assert krita.generated()
    assert krita.daemon() != daemon


def test_a_killed_krita_drops_its_job(krita, long_job):
    krita.killed()
    krita.daemon_idle()
    krita.start()


@pytest.fixture
def large(krita):
    """A picture of 24 megapixels of noise."""
    krita.do(
        """
        import os
        rows = bytearray(os.urandom(4 * 6000 * 50))
        rows[3::4] = b'\\xff' * (6000 * 50)
        profile = 'sRGB-elle-V2-srgbtrc.icc'
        document = app.createDocument(6000, 4000, 'large', 'RGBA', 'U8', profile, 72.0)
        app.activeWindow().addView(document)
        app.setActiveDocument(document)
        document.rootNode().childNodes()[0].setPixelData(QByteArray(bytes(rows) * 80), 0, 0, 6000, 4000)
        document.refreshProjection()
        document.waitForDone()
        """
    )
    krita.wait("app.activeDocument() is not None and app.activeDocument().width() == 6000", "the document")


def test_twenty_four_megapixels_travel_as_a_small_region(krita, large):
    krita.select(3000, 2000, 500, 400, feather=4)
    krita.do("widget('pluripaint_count').setValue(1)")
    entries = len(krita.undo_entries())
    start = time.monotonic()
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    print(f"Krita: 24 MP, 500 × 400 px, layer after {time.monotonic() - start:.1f} s")
    assert len(krita.undo_entries()) == entries + 1
    left, top, width, height = krita.do(
        f"box = app.activeDocument().nodeByName({group[1][1]!r}).bounds(); "
        "answer = [box.x(), box.y(), box.width(), box.height()]"
    )
    assert left > 2900 and left + width < 3600 and top > 1900 and top + height < 2500


def test_dust_all_over_twenty_four_megapixels_is_filled_in_one_job(krita, large):
    places = np.random.default_rng(1).integers([20, 20], [5960, 3960], (40, 2)).tolist()
    krita.do(
        f"""
        selection = Selection()
        for left, top in {places!r}:
            one = Selection()
            one.select(left, top, 12, 12, 255)
            selection.add(one)
        app.activeDocument().setSelection(selection)
        app.activeDocument().waitForDone()
        """
    )
    krita.do("widget('pluripaint_count').setValue(2)")
    entries = len(krita.undo_entries())
    krita.trigger("pluripaint_2_again")
    group = krita.generated()
    assert len(group) == 3 and len(krita.undo_entries()) == entries + 1
    assert krita.do(
        f"""
        from pluripaint_krita import active
        layer = active.find(app.activeDocument(), {group[1][4]!r})
        read = [bytes(layer.pixelData(left, top, 12, 12))[3::4] for left, top in {places!r}]
        answer = all(alpha == bytes([255]) * 144 for alpha in read)
        """
    )


def exported(krita: KritaEditor, path: os.PathLike[str]) -> np.ndarray:
    """The flattened picture as Krita's own export writes it: uint8 [H, W, C]."""
    krita.do(
        f"""
        from krita import InfoObject
        document = app.activeDocument()
        document.setBatchmode(True)
        document.waitForDone()
        answer = document.exportImage({str(path)!r}, InfoObject())
        """
    )
    return np.asarray(Image.open(path))


def test_an_exported_file_has_not_a_bit_changed_outside_the_selection(krita, photo):
    krita.open(photo)
    krita.select(430, 330, 90, 60, feather=6)
    before = exported(krita, krita.folder / "before.png")
    krita.do("widget('pluripaint_count').setValue(1)")
    krita.trigger("pluripaint_2_again")
    krita.generated()
    after = exported(krita, krita.folder / "after.png")
    selection = np.frombuffer(krita.selection(), "u1").reshape(before.shape[:2])
    assert np.array_equal(after[selection == 0], before[selection == 0])
    assert not np.array_equal(after, before)


@pytest.fixture
def untouched(krita):
    """Krita without settings of ours."""
    krita.restart({})
    yield krita
    krita.restart(QUICK)


def test_the_settings_nobody_touched_give_the_methods_they_promise(untouched, photo):
    krita = untouched
    krita.open(photo)
    krita.select(430, 330, 90, 60, feather=6)
    krita.trigger("pluripaint_2_again")
    krita.generated()
    record = json.loads(
        krita.do(
            """
            document = app.activeDocument()
            names = [name for name in document.annotationTypes() if name.startswith('pluripaint:')]
            answer = bytes(document.annotation(names[0])).decode()
            """
        )
    )
    assert len(record["layers"]) == 4
    promised = {method for method, _share in presets.load("best").mixture}
    for layer in record["layers"]:
        assert layer["method"] in promised
        assert layer["sha256"] == recorded_weights(layer["method"])
