"""What *Generate* costs a real GIMP: until the daemon has the job, and the plug-in's memory. Prints only.

Not among what CI runs, which keeps its editors to their own tests::

    python3 tests/run.py tests/benchmarks/test_gimp_benchmarks.py
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from gimp_editor import VERSIONS, Gimp, root_folder, shots_folder
from measuring import told
from PIL import Image
from real_daemon import Daemon
from skimage import data
from stage import PATIENCE, Stage, wait_for

from pluripaint_client import Region, job_regions

pytestmark = [pytest.mark.benchmark, pytest.mark.editor]

WIDTH, HEIGHT, SIDE = 6000, 4000, 500
BOX = (2700, 1700, SIDE, SIDE)
REGION = job_regions.region_around(Region(*BOX), Region(0, 0, WIDTH, HEIGHT))
ROUNDS, COUNT = 4, 4
MB = 1e6
WANTED = (2 * 5 * REGION.area + COUNT * 3 * SIDE * SIDE) / MB
"""Megabytes: twice the region (R, G, B, A of 8 bits and the selection) and each candidate's fill (R, G, B)."""

SETTINGS = {"variations": COUNT, "preset": "fast", "method": "exemplar", "seed": 7}
MEASURED = {"picture": [WIDTH, HEIGHT], "selection": BOX, "region": list(REGION), "settings": SETTINGS}


@pytest.fixture(params=VERSIONS)
def gimp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gimp]:
    """A GIMP with 24 megapixels of noise, a square selected, and a daemon beside it."""
    version = request.param
    root = root_folder() if version != "2.10" else None
    assert root or shutil.which("gimp-2.10"), "GIMP 2.10 is not installed"
    photo = tmp_path / "photo.png"
    Image.fromarray(data.chelsea()).save(photo)
    stage = Stage(shots_folder(tmp_path), gtk=True)
    running = daemon = None
    try:
        running = Gimp(stage, root, tmp_path / f"pp-{version}-{os.getpid()}", photo, version)
        daemon = running.daemon = Daemon(running.home)
        running.remember(**SETTINGS)
        running.big_picture(WIDTH, HEIGHT)
        running.hand(f"select(max(images()), 'rectangle', *{BOX})")
        yield running
    finally:
        if running:
            running.close()
        if daemon:
            daemon.close()
        stage.close()


def window(gimp: Gimp) -> str:
    """The open window, its daemon's worker warm, nothing being loaded anywhere any more."""
    gimp.press("generate")
    opened = gimp.stage.window("Generate Variations")
    gimp.says("The daemon is ready.")
    gimp.worker_rests()
    processes = [gimp.plug_in_process(), *gimp.daemon.workers()]
    wait_for(lambda: sum(one.cpu_percent(0.1) for one in processes) < 5, PATIENCE, "everybody at rest")
    gimp.stage.focus(opened)
    return opened


def discard(gimp: Gimp, opened: str) -> None:
    """Escape, and yes to the question."""
    gimp.stage.focus(opened)
    windows = gimp.stage.windows()
    gimp.stage.key("Escape")
    gimp.stage.focus(gimp.stage.another(windows))
    gimp.stage.key("Return")
    gimp.stage.gone("Generate Variations")


def accepted(gimp: Gimp) -> list[float]:
    """When the daemon took a job: its own log, in seconds since 1970."""
    lines = (gimp.home / "logs" / "daemon.log").read_text().splitlines()
    return [
        datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()
        for line in lines
        if re.search(r" job \S+ accepted: ", line)
    ]


def test_from_generate_to_accepted(gimp: Gimp, capsys: pytest.CaptureFixture[str]) -> None:
    """From the click, or Enter, as a program sends it to the X server, to the word in the daemon's log."""
    gimp.remember(**{**SETTINGS, "variations": 1})  # what comes afterwards is another matter
    since: dict[str, list[float]] = {"click": [], "Enter": []}
    for number in range(2 * ROUNDS):
        opened, by = window(gimp), "click" if number % 2 else "Enter"
        gimp.stage.point(*gimp.place("_Generate"))
        began = time.time()
        gimp.stage.click() if by == "click" else gimp.stage.key("Return")
        gimp.wait_review()
        since[by].append((accepted(gimp)[number] - began) * 1e3)
        discard(gimp, opened)
    middle = {name: statistics.median(values) for name, values in since.items()}
    told(
        capsys,
        {**MEASURED, "rounds": ROUNDS},
        f"GIMP {gimp.version}, 24 megapixels with {SIDE} px selected: from a click on Generate to accepted "
        f"{middle['click']:.0f} ms, longest {max(since['click']):.0f} (target < 300); from Enter "
        f"{middle['Enter']:.0f}, longest {max(since['Enter']):.0f}",
    )


class Resident:
    """The most that a process holds between two moments, looked at every few milliseconds."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
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


def test_memory_above_the_idle_window(gimp: Gimp, capsys: pytest.CaptureFixture[str]) -> None:
    """The plug-in's own process: with the window open, at most while the job runs, and in the review.

    The tiny one tells what GTK needs for showing a review at all. GIMP 3's babl now and then makes itself a table of
    67 MB for a conversion that it has timed as slow: on a machine at work on other things that shows here.
    """
    for what, box in (("a tiny one", (40, 40, 8, 8)), ("one", BOX), ("another", BOX)):
        gimp.hand(f"select(max(images()), 'rectangle', *{box})")
        opened = window(gimp)
        process = gimp.plug_in_process()
        with Resident(process) as resident:
            idle = resident.most
            gimp.stage.key("alt+g")
            gimp.wait_review()
        told(
            capsys,
            MEASURED,
            f"GIMP {gimp.version}, {COUNT} variations of {box[2]} px on 24 megapixels, {what}: the plug-in holds "
            f"{resident.most - idle:+.1f} MB at most above {idle:.0f} with its window open, "
            f"{resident.now() - idle:+.1f} in the review (wanted for {SIDE} px: at most {WANTED:.1f})",
        )
        discard(gimp, opened)
