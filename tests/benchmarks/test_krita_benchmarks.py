"""What *Generate* costs a real Krita: until the daemon has the job, and in memory. Prints only.

Not among what CI runs, which keeps its editors to their own tests::

    python3 tests/run.py tests/benchmarks/test_krita_benchmarks.py
"""

from __future__ import annotations

import re
import statistics
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from krita_editor import QUICK, KritaEditor
from measuring import told
from stage import PATIENCE, Stage, wait_for

from pluripaint_client import Region, job_regions

pytestmark = [pytest.mark.benchmark, pytest.mark.editor]

WIDTH, HEIGHT, SIDE = 6000, 4000, 500
BOX = (2700, 1700, SIDE, SIDE)
REGION = job_regions.region_around(Region(*BOX), Region(0, 0, WIDTH, HEIGHT))
ROUNDS, COUNT = 7, 4
MB = 1e6
WANTED = (2 * 5 * REGION.area + COUNT * 3 * SIDE * SIDE) / MB
"""Megabytes: twice the region (R, G, B, A of 8 bits and the selection) and each candidate's fill (R, G, B)."""

WORDS = "widget('pluripaint_words')"
SETTINGS = {**QUICK, "variations": COUNT}
MEASURED = {"document": [WIDTH, HEIGHT], "selection": BOX, "region": list(REGION), "settings": SETTINGS}


@pytest.fixture
def krita(tmp_path: Path) -> Iterator[KritaEditor]:
    """A Krita whose docker is open on 24 megapixels with something selected, its daemon warm."""
    stage = Stage(tmp_path / "shots")
    try:
        editor = KritaEditor(stage, tmp_path / "krita", SETTINGS)
        try:
            large(editor)
            docker(editor)
            editor.wait("widget('pluripaint_method').count() > 2", "the daemon's methods")
            worker_rests(editor)
            yield editor
        finally:
            editor.close()
    finally:
        stage.close()


def large(krita: KritaEditor) -> None:
    """24 megapixels of noise in a view, a square selected."""
    krita.do(
        f"""
        import os
        rows = bytearray(os.urandom(4 * {WIDTH} * 50))
        rows[3::4] = b'\\xff' * ({WIDTH} * 50)
        profile = 'sRGB-elle-V2-srgbtrc.icc'
        document = app.createDocument({WIDTH}, {HEIGHT}, 'large', 'RGBA', 'U8', profile, 72.0)
        app.activeWindow().addView(document)
        app.setActiveDocument(document)
        layer = document.rootNode().childNodes()[0]
        for top in range(0, {HEIGHT}, 50):
            layer.setPixelData(QByteArray(bytes(rows)), 0, top, {WIDTH}, 50)
        document.refreshProjection()
        document.waitForDone()
        """
    )
    krita.wait(f"app.activeDocument() is not None and app.activeDocument().width() == {WIDTH}", "it")
    krita.select(*BOX)


def docker(krita: KritaEditor) -> None:
    """*Generate Variations…* by its keys: the docker with *Generate* in focus."""
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")


def worker_rests(krita: KritaEditor) -> None:
    """Waits until nothing is being loaded in the daemon: what is timed is Krita's and the way there."""
    krita.daemon_idle()
    workers = krita.daemon().children(recursive=True)
    wait_for(lambda: sum(one.cpu_percent(0.2) for one in workers) < 5, PATIENCE, "an idle daemon")


def discard(krita: KritaEditor) -> None:
    """Ends the set in view, whatever became of it."""
    krita.do("from pluripaint_krita.extension import desk; desk().discard()")
    krita.wait(f"not {WORDS}.isVisible()", "the end")
    worker_rests(krita)


def accepted(krita: KritaEditor) -> list[float]:
    """When the daemon took a job: its own log, in seconds since 1970."""
    lines = (krita.home / "logs" / "daemon.log").read_text().splitlines()
    return [
        datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()
        for line in lines
        if re.search(r" job \S+ accepted: ", line)
    ]


def test_from_generate_to_accepted(krita: KritaEditor, capsys: pytest.CaptureFixture[str]) -> None:
    """The key reaches Krita; the daemon writes into its log that it has the job; the docker says so."""
    krita.do(
        """
        import time
        moments = {}

        class Watch(QtCore.QObject):
            def eventFilter(self, watched, event):
                if event.type() == QtCore.QEvent.KeyPress and 'key' not in moments:
                    moments['key'] = time.time()
                return False

        from pluripaint_krita.extension import desk

        def said():
            run = desk().current
            if run is not None and 'shown' not in moments:
                moments.setdefault('asking', time.time())
                if run.message != 'Asking the daemon…':
                    moments['shown'] = time.time()

        watch = Watch()
        widget('pluripaint_generate').installEventFilter(watch)
        desk().changed.connect(said)
        """
    )
    until: dict[str, list[float]] = {"asking": [], "accepted": [], "shown": []}
    for number in range(ROUNDS):
        docker(krita)
        krita.do("moments.clear()")
        krita.stage.key("Return")
        krita.wait("'shown' in moments", "the docker's word")
        moments = krita.do("answer = moments")
        moments["accepted"] = wait_for(lambda n=number: accepted(krita)[n:], PATIENCE, "the log's word")[0]
        for name, values in until.items():
            values.append((moments[name] - moments["key"]) * 1e3)
        discard(krita)
    middle = {name: statistics.median(values) for name, values in until.items()}
    told(
        capsys,
        MEASURED,
        f"Krita, 24 megapixels with {SIDE} px selected: from the key on Generate to accepted "
        f"{middle['accepted']:.0f} ms, longest {max(until['accepted']):.0f} (target < 300); the docker has changed "
        f"after {middle['asking']:.0f} ms and says that the daemon has it after {middle['shown']:.0f}",
    )


class Resident:
    """The most that a process holds between two moments, looked at every few milliseconds."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = psutil.Process(process.pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = self.now()

    def now(self) -> float:
        """Megabytes."""
        return float(self._process.memory_info().rss) / MB

    def __enter__(self) -> Resident:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.005):
            self.most = max(self.most, self.now())


def settled(resident: Resident) -> float:
    """What is held once that no longer changes."""
    values = [resident.now()]

    def same() -> bool:
        values.append(resident.now())
        return len(values) > 10 and max(values[-10:]) - min(values[-10:]) < 0.1

    wait_for(same, PATIENCE, "a Krita at rest", 0.2)
    return values[-1]


def test_memory_above_the_idle_docker(krita: KritaEditor, capsys: pytest.CaptureFixture[str]) -> None:
    """The first job of all also brings in what the docker needs for its review, so a tiny one goes first."""
    for what, box in (("a first, tiny one", (40, 40, 8, 8)), ("the next", BOX), ("the one after it", BOX)):
        krita.select(*box)
        docker(krita)
        idle = settled(Resident(krita.process))
        with Resident(krita.process) as resident:
            krita.stage.key("Return")
            krita.ready()
        in_review = settled(resident)
        discard(krita)
        told(
            capsys,
            MEASURED,
            f"Krita, {COUNT} variations of {box[2]} px on 24 megapixels, {what}: {resident.most - idle:+.1f} MB at "
            f"most above {idle:.0f} with the docker open, {in_review - idle:+.1f} in the review, "
            f"{settled(resident) - idle:+.1f} afterwards (wanted for {SIDE} px: at most {WANTED:.1f})",
        )
