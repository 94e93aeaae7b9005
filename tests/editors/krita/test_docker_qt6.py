"""The docker without Krita, under PyPI's PyQt6 as Krita 6 has it: three states, keys, several sets, bad endings.

Krita and the daemon are stood in for by a few lines each; the tests in the real Krita keep those honest.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from real_daemon import CACHE

from pluripaint.resources import bundled
from pluripaint_client import (
    Accepted,
    CancelledJob,
    CandidateReady,
    Done,
    Failed,
    JobRequest,
    Progress,
    Region,
    RegionData,
)
from pluripaint_client.runner import Settings

pytestmark = pytest.mark.editor

REGION, HOLE = Region(0, 0, 96, 80), Region(30, 20, 24, 24)


def qt6() -> Path:
    """A folder with PyQt6 in it, filled once; nothing but these tests needs its 100 MB."""
    folder = CACHE / f"qt6-{sys.version_info[0]}.{sys.version_info[1]}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="qt6-", dir=CACHE))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
        subprocess.run([*command, "--target", str(fresh), "PyQt6>=6.5"], check=True)
        try:
            fresh.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return folder


@pytest.fixture(scope="module")
def product() -> Iterator[Any]:
    """The plug-in's package as it is installed, with Qt's own program object."""
    before, path = dict(sys.modules), list(sys.path)
    sys.path[:0] = [str(bundled("plugin/krita")), str(qt6())]
    sys.modules["krita"] = None  # type: ignore[assignment]  # not in Krita, whatever folder has that name
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import pluripaint_krita.panel as package
    from pluripaint_krita.qt import QtWidgets

    assert QtWidgets.__name__.startswith("PyQt6")
    program = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    yield package
    program.processEvents()
    sys.path[:] = path
    for name in set(sys.modules) - set(before):
        if name.startswith("pluripaint_krita"):
            del sys.modules[name]


class Daemon:
    """Says what it is told to; every client of it is itself."""

    def __init__(self) -> None:
        self.requests: list[JobRequest] = []
        self.events: queue.Queue[Any] = queue.Queue()
        self.cancelled = self.prepared = 0

    def submit(self, request: JobRequest) -> str:
        self.requests.append(request)
        return "job"

    def poll(self, timeout: float) -> Any:
        try:
            return self.events.get(timeout=min(timeout, 0.02))
        except queue.Empty:
            return None

    def cancel(self, job: str) -> None:
        self.cancelled += 1
        self.events.put(CancelledJob(job))

    def prepare(self) -> None:
        self.prepared += 1

    def methods(self) -> list[dict[str, Any]]:
        options = {"looseness": [1.0, 0.0, 3.0]}
        return [{"name": "exemplar", "title": "Patches", "trained": True, "options": options}]

    def close(self) -> None:
        pass

    def candidate(self, seed: int, score: float = 0.0) -> None:
        fill = bytes([seed % 256, 90, 40]) * HOLE.area
        self.events.put(CandidateReady("job", seed, "exemplar", score, "", [fill], [HOLE]))

    def done(self, *seeds: int) -> None:
        self.events.put(Done("job", [("exemplar", seed) for seed in seeds], {"exemplar": ""}, seconds=1.5))


class Editor:
    """Krita's place: one document; remembers what was asked of it."""

    def __init__(self, product: Any) -> None:
        from pluripaint_krita import document, layers, pictures, run

        self.document, self.layers, self.pictures, self.run = document, layers, pictures, run
        self.settings = Settings(variations=3, method="exemplar", preset="fast", seed=10)
        self.inserted: list[tuple[Any, list[Any]]] = []
        self.refusal: Exception | None = None
        self.while_inserting: Callable[[], object] = lambda: None
        self.while_drawing: Callable[[], object] = lambda: None
        self.title = "one.kra"

    def load_settings(self) -> Settings:
        return self.settings

    def save_settings(self, settings: Settings) -> None:
        self.settings = settings

    def masks(self) -> list[tuple[str, str]]:
        return [("{id}", "Sky")]

    def context(self, settings: Settings) -> Any:
        return None

    def snapshot(self, settings: Settings, fill_transparent: bool = False) -> Any:
        if self.refusal:
            raise self.refusal
        selection = bytearray(REGION.area)
        for y in range(HOLE.top, HOLE.top + HOLE.height):
            start = y * REGION.width + HOLE.left
            selection[start : start + HOLE.width] = b"\xff" * HOLE.width
        part = RegionData(REGION, b"\x50" * REGION.area * 3, bytes(selection))
        request = JobRequest([part])
        space = ("RGBA", "U8", "sRGB")
        return self.run.Snapshot(object(), self.title, "{layer}", request, space, (96, 80))

    def stage(self, run: Any) -> Any:
        picture = self.pictures.image(b"\x50\x50\x50\xff" * REGION.area, REGION.width, REGION.height)
        stage = self.pictures.Stage([REGION])
        stage.add((REGION, picture))
        return stage

    def patches(self, run: Any, variation: Any) -> Any:
        self.while_drawing()
        fill = variation.candidate.fills[0]
        colour = bytes([fill[2], fill[1], fill[0], 255]) * HOLE.area
        return [(HOLE, self.pictures.image(colour, HOLE.width, HOLE.height))]

    def insert(self, run: Any, variations: Any) -> str:
        if self.refusal:
            raise self.refusal
        self.while_inserting()
        self.inserted.append((run, list(variations)))
        return ""


class Docker:
    """The panel with its stand-ins, and hands for it."""

    def __init__(self, product: Any, answer: bool = True) -> None:
        from pluripaint_krita.desk import Desk
        from pluripaint_krita.qt import QtCore, QtGui, QtWidgets

        self.core, self.gui, self.widgets = QtCore, QtGui, QtWidgets
        self.daemon, self.editor, self.asked = Daemon(), Editor(product), []
        self.desk = Desk(self.editor, lambda: self.daemon, lambda: self.daemon)

        def ask(question: str) -> bool:
            self.asked.append(question)
            return answer

        self.panel = product.Panel(self.desk, ask)
        self.panel.resize(420, 640)
        self.panel.show()

    def until(self, what: Callable[[], Any], describe: str = "it") -> None:
        """Let Qt work until something is so."""
        deadline = time.monotonic() + 10
        while not what():
            assert time.monotonic() < deadline, f"{describe} did not come"
            self.widgets.QApplication.processEvents(self.core.QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def key(self, name: str, up: bool = True, widget: Any = None) -> None:
        """Press a key where the review's picture is."""
        target = widget or self.panel.review.picture
        key = getattr(self.core.Qt.Key, "Key_" + name)
        none = self.core.Qt.KeyboardModifier.NoModifier
        kinds = self.core.QEvent.Type
        for kind in (kinds.KeyPress, kinds.KeyRelease) if up else (kinds.KeyPress,):
            self.widgets.QApplication.sendEvent(target, self.gui.QKeyEvent(kind, key, none))

    def seen(self) -> tuple[int, int, int]:
        """The colour in the middle of the large picture."""
        view = self.panel.review.picture
        return view.grab().toImage().pixelColor(view.width() // 2, view.height() // 2).getRgb()[:3]

    def labels(self) -> list[str]:
        strip = self.panel.review.strip
        return [strip.item(k).text() for k in range(strip.count())]

    def reviewed(self, *seeds: int) -> None:
        """Generate, let these arrive in order and be done with them."""
        before = len(self.daemon.requests)
        self.panel.settings.generate.click()
        self.until(lambda: len(self.daemon.requests) > before, "the job")
        self.daemon.events.put(Accepted("job"))
        for seed in seeds:
            self.daemon.candidate(seed)
        self.daemon.done(*seeds)
        self.until(lambda: self.desk.current.state == "review", "the review")


@pytest.fixture
def docker(product: Any) -> Iterator[Docker]:
    made = Docker(product)
    yield made
    made.panel.close()
    for run in list(made.desk.runs):
        run.cancel()


def test_settings_progress_review_insert(docker):
    page = docker.panel.settings
    assert docker.panel.stack.currentWidget() is page
    page.count.setValue(2)
    assert docker.editor.settings.variations == 2, "what is set is remembered at once"
    page.generate.click()
    review = docker.panel.review
    assert docker.panel.stack.currentWidget() is review
    docker.until(lambda: docker.daemon.requests, "the job")
    assert (docker.daemon.requests[0].count, docker.daemon.requests[0].seed) == (2, 10)
    docker.daemon.events.put(Progress("job", "patches", 0.4))
    docker.until(lambda: review.progress.value() == 400, "the bar")
    assert review.words.text() == "Growing from the surroundings"
    docker.daemon.candidate(10)
    docker.until(lambda: docker.labels() == ["1"], "the first thumbnail")
    assert not review.insert.isEnabled(), "a running job is stopped first, or its end is waited for"
    docker.daemon.candidate(11)
    docker.until(lambda: docker.labels() == ["1", "2"], "the second")
    assert docker.desk.current.review.current.seed == 11, "the newest is shown"
    docker.daemon.done(11, 10)
    docker.until(review.insert.isEnabled, "the end")
    assert review.words.text() == "2 variations in 1.5 s"
    assert not docker.editor.inserted
    docker.key("Return")
    (_run, variations), *others = docker.editor.inserted
    assert not others and [v.seed for v in variations] == [11, 10]
    assert docker.panel.stack.currentWidget() is page


@pytest.mark.parametrize(("width", "height", "side"), [(440, 480, 96), (900, 1000, 160)])
def test_thumbnails_grow_with_the_docker(docker, width, height, side):
    docker.panel.resize(width, height)
    docker.reviewed(10, 11)
    strip = docker.panel.review.strip
    docker.until(lambda: strip.iconSize().width() == side, "the strip's size")
    ratio = strip.devicePixelRatioF()
    for row in range(2):
        (drawn,) = strip.item(row).icon().availableSizes()
        assert max(drawn.width(), drawn.height()) == int(side * ratio), "drawn for this size, not scaled up"
    docker.panel.resize(460, 520)
    docker.until(lambda: strip.iconSize().width() == 96, "the strip's new size")
    (drawn,) = strip.item(0).icon().availableSizes()
    assert max(drawn.width(), drawn.height()) == int(96 * ratio)


def test_keys_flip_mark_compare_and_throw_out(docker):
    docker.reviewed(10, 11, 12)
    review = docker.desk.current.review
    docker.key("Right")
    assert review.current.seed == 11
    docker.key("Left")
    docker.key("Left")
    assert review.current.seed == 12, "round and round"
    docker.key("Space")
    assert docker.labels() == ["1", "2", "✓ 3"]
    seen = docker.seen()
    docker.key("B", up=False)
    before = docker.seen()
    assert seen == (12, 90, 40) and before == (0x50,) * 3
    docker.key("B")
    assert docker.seen() == seen
    docker.key("Up")
    docker.key("Delete")
    assert docker.labels() == ["1", "✓ 2"]
    docker.key("Return")
    assert [(v.seed, v.kept) for v in docker.editor.inserted[0][1]] == [(10, False), (12, True)]


@pytest.mark.parametrize("sure", [True, False])
def test_escape_asks_before_anything_is_lost(product, sure):
    docker = Docker(product, answer=sure)
    docker.reviewed(10, 11)
    docker.key("Escape")
    assert len(docker.asked) == 1
    assert (docker.desk.current is None) == sure
    assert not docker.editor.inserted
    docker.panel.close()


def test_escape_before_the_first_candidate_asks_nothing(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.key("Escape", widget=docker.panel.review)
    docker.until(lambda: docker.daemon.cancelled and not docker.desk.runs, "the cancel")
    assert not docker.asked and docker.desk.current is None


def test_stop_keeps_what_is_finished(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.until(docker.panel.review.stop.isEnabled, "the first")
    docker.panel.review.stop.click()
    docker.until(docker.panel.review.insert.isEnabled, "the end")
    assert docker.panel.review.words.text() == "Stopped: 1 variation"
    docker.key("Return")
    assert len(docker.editor.inserted[0][1]) == 1


def test_a_failure_offers_what_came_and_the_rest_again(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.daemon.events.put(Failed("job", "worker-died", "The worker ended.", "Try again."))
    docker.until(lambda: docker.desk.current.failure, "the failure")
    words = docker.panel.review.words.text()
    assert "The worker ended. Try again." in words and "1 variation" in words
    assert docker.panel.review.retry.isVisible() and not docker.panel.review.more.isVisible()
    docker.panel.review.retry.click()
    docker.until(lambda: len(docker.daemon.requests) == 2, "the second job")
    assert docker.daemon.requests[1].count == 2, "only what is missing"
    docker.daemon.candidate(20)
    docker.daemon.done(20)
    docker.until(lambda: docker.labels() == ["1", "2"], "both")


def test_a_document_that_cannot_be_changed_loses_nothing(docker):
    docker.reviewed(10, 11)
    docker.editor.refusal = docker.editor.layers.InsertError("The picture was closed.")
    docker.key("Return")
    assert docker.labels() == ["1", "2"], "the set stays in view"
    assert docker.panel.sentence.text() == "The picture was closed."
    docker.editor.refusal = None
    docker.key("Return")
    assert docker.editor.inserted


def test_enter_pressed_twice_inserts_once(docker):
    """Krita lets events through while it waits for itself."""
    docker.reviewed(10, 11)

    def again() -> None:
        docker.editor.while_inserting = lambda: None
        docker.key("Return")

    docker.editor.while_inserting = again
    docker.key("Return")
    assert len(docker.editor.inserted) == 1 and not docker.desk.listed


@pytest.mark.parametrize("what", ["thrown away", "inserted", "taken out"])
def test_whatever_is_done_while_a_thumbnail_is_drawn(docker, what, monkeypatch):
    """Krita lets events through while it converts colours, too."""
    uncaught = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _where: uncaught.append(error))
    docker.reviewed(10)
    docker.until(lambda: docker.labels() == ["1"])

    def once() -> None:
        docker.editor.while_drawing = lambda: None
        if what == "inserted":
            docker.key("Return")
        elif what == "thrown away":
            docker.desk.discard()
        else:
            docker.panel.review.discard_one()

    docker.panel.review.more.click()
    docker.editor.while_drawing = once
    docker.daemon.candidate(11)
    docker.daemon.done(11)
    if what == "taken out":
        docker.until(lambda: docker.desk.current.state == "review", "the review")
        assert (
            docker.labels()
            == [str(k) for k, _ in enumerate(docker.desk.current.review.variations, 1)]
            == ["1"]
        )
    else:
        docker.until(lambda: not docker.desk.runs, "the end of the set")
        assert not uncaught, uncaught
        assert docker.panel.stack.currentWidget() is docker.panel.settings and docker.labels() == []
    assert not uncaught, uncaught


def test_several_sets_each_with_its_own_review(docker):
    docker.reviewed(10, 11)
    first = docker.desk.current
    docker.editor.title = "two.kra"
    docker.panel.show_settings()
    assert docker.panel.stack.currentWidget() is docker.panel.settings, "another set can be asked for"
    docker.reviewed(30)
    assert docker.desk.current is not first
    sets = docker.panel.review.sets
    assert [sets.itemText(k).split(":")[0] for k in range(sets.count())] == ["one.kra", "two.kra"]
    sets.setCurrentIndex(0)
    sets.activated.emit(0)
    assert docker.desk.current is first and docker.labels() == ["1", "2"]
    docker.key("Return")
    assert docker.editor.inserted[0][0] is first
    assert docker.labels() == ["1"], "the other set is in view now"


def test_more_goes_on_behind_every_seed_that_was_used(docker):
    docker.reviewed(10, 11, 12)
    docker.panel.review.more.click()
    docker.until(lambda: len(docker.daemon.requests) == 2, "the second job")
    assert docker.daemon.requests[1].seed == 10 + 3 * 3
    docker.daemon.candidate(19)
    docker.daemon.done(19)
    docker.until(lambda: docker.labels() == ["1", "2", "3", "4"], "all")


def test_a_refusal_is_a_sentence_and_offers_the_transparent_parts(docker):
    docker.editor.refusal = docker.editor.document.NoSelection("Nothing is selected.", transparent=True)
    docker.panel.settings.generate.click()
    assert docker.panel.sentence.text() == "Nothing is selected."
    assert docker.panel.settings.transparent.isVisible()
    docker.desk.forget_sentence()
    assert not docker.panel.settings.transparent.isVisible() and not docker.panel.sentence.isVisible()


def test_an_error_of_our_own_is_said_not_swallowed(docker):
    docker.editor.refusal = RuntimeError("boom")
    docker.panel.settings.generate.click()
    assert "RuntimeError: boom" in docker.panel.sentence.text()


def test_variety_moves_the_methods_own_option(docker):
    docker.desk.prepare()
    docker.until(lambda: docker.desk.methods, "the methods")
    assert docker.daemon.prepared == 1
    titles = [docker.panel.settings.method.itemText(k) for k in range(docker.panel.settings.method.count())]
    assert "Patches" in titles
    docker.panel.settings.variety.setValue(150)
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    assert docker.daemon.requests[0].options == {"looseness": 2.0}


def test_last_settings_insert_without_a_review(docker):
    docker.desk.generate(insert_when_done=True)
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.daemon.done(10)
    docker.until(lambda: docker.editor.inserted, "the insertion")
    assert docker.desk.current is None


def test_another_seed_each_time_is_drawn_and_said(docker):
    docker.panel.settings.random.setChecked(True)
    assert docker.editor.settings.seed == -1 and not docker.panel.settings.seed.isEnabled()
    for _ in range(2):
        docker.desk.generate(insert_when_done=True)
    docker.until(lambda: len(docker.daemon.requests) == 2, "both jobs")
    assert len({request.seed for request in docker.daemon.requests}) == 2
    assert replace(docker.editor.settings, seed=0).seed == 0
