"""The docker without Krita, under PyPI's PyQt6 as Krita 6 has it: hands for it, and stand-ins for Krita and the daemon.

The tests in the real Krita keep the stand-ins honest.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from real_daemon import CACHE

from pluripaint.resources import bundled
from pluripaint_client import (
    Accepted,
    CancelledJob,
    CandidateReady,
    Done,
    JobRequest,
    Region,
    RegionData,
)
from pluripaint_client.runner import Settings

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


@contextlib.contextmanager
def package_under_qt6() -> Iterator[Any]:
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
