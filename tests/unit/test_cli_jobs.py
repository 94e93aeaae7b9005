"""``pluripaint generate`` while it runs: cancelled, through the daemon, with a daemon that fails."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from generating import generate, make_photo, start
from PIL import Image


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_and_leaves_nothing(tmp_path: Path, sent: signal.Signals) -> None:
    make_photo(tmp_path / "photo.png", shape=(700, 800))
    mask = np.zeros((700, 800), np.uint8)
    mask[150:550, 200:600] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    before = sorted(tmp_path.iterdir())
    running = start(
        tmp_path / "photo.png", tmp_path / "mask.png", "-o", tmp_path / "out", "-n", 16, "--in-process"
    )
    while sorted(tmp_path.iterdir()) == before and running.poll() is None:
        time.sleep(0.02)  # until its temporary folder is there: it works now
    running.send_signal(sent)
    asked = time.monotonic()
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130 and "Cancelled" in errors, errors
    assert time.monotonic() - asked < 30
    assert sorted(tmp_path.iterdir()) == before


def test_the_daemon_gets_the_same_job_and_gives_the_same_files(files, tmp_path, monkeypatch) -> None:
    """The wire's messages between this command and the pipeline, without the sockets."""
    from collections import deque

    from pluripaint import pipeline
    from pluripaint.cli import _daemon_job
    from pluripaint.pipeline import FillRequest, RegionPixels
    from pluripaint_client import messages

    class Told:
        cancel_flag = np.zeros(1, np.uint8)

        def __call__(self, *_: object) -> None: ...

    class Loopback:
        @classmethod
        def connect(cls):
            return cls()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def submit(self, request):
            request.to_message("a" * 32)
            parts = []
            for part in request.regions:
                shape = part.region.height, part.region.width
                pixels = np.frombuffer(part.pixels, request.depth).reshape(*shape, request.channels)
                parts.append(
                    RegionPixels(part.region, pixels, np.frombuffer(part.selection, np.uint8).reshape(shape))
                )
            job = FillRequest(
                parts, request.space, request.count, request.pool, request.preset, seed=request.seed
            )
            *candidates, settled = pipeline.fill(job, Told())
            self.events = deque(
                messages.CandidateReady(
                    "job",
                    one.seed,
                    one.method,
                    one.score,
                    "",
                    [fill.tobytes() for fill in one.fills],
                    list(one.boxes),
                )
                for one in candidates
            )
            self.events.append(
                messages.Done("job", list(zip(settled.methods, settled.seeds)), {}, settled.configuration)
            )
            return "job"

        def poll(self, timeout):
            return self.events.popleft()

    monkeypatch.setattr(_daemon_job, "Client", Loopback)
    photo, mask, out = files
    generate(photo, mask, "-o", out, "-n", 2, "--seed", 4)
    generate(photo, mask, "-o", tmp_path / "here", "-n", 2, "--seed", 4, "--in-process")
    for name in ("01.png", "02.png"):
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    reports = [json.loads((folder / "report.json").read_text()) for folder in (out, tmp_path / "here")]
    assert reports[0]["configuration"] == reports[1]["configuration"]
    assert reports[0]["through"] == "the daemon"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("worker-died", 1),
        ("worker-hung", 1),
        ("no-worker", 1),
        ("daemon-stopped", 1),
        ("busy", 1),
        ("too-large", 2),
    ],
)
def test_a_failure_of_the_daemon_is_not_blamed_on_the_input(files, monkeypatch, code, status) -> None:
    from pluripaint.cli import _daemon_job
    from pluripaint_client import messages

    class Failing:
        connect = classmethod(lambda cls: cls())
        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda self, *_: None  # noqa: E731

        def submit(self, request):
            return "job"

        def poll(self, timeout):
            return messages.Failed("job", code, "It broke.", "Try again.")

    monkeypatch.setattr(_daemon_job, "Client", Failing)
    photo, mask, out = files
    result = generate(photo, mask, "-o", out, code=status)
    assert result.stderr.strip().endswith("It broke. Try again.") and not out.exists()


@pytest.fixture
def own_daemon(tmp_path_factory, monkeypatch):
    """A place where no daemon runs yet; whichever is started there is ended, with its worker."""
    from pluripaint import folders
    from pluripaint_client.client import Client

    monkeypatch.setenv("NUMBA_CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR") or str(folders.cache() / "numba"))
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path_factory.mktemp("home")))
    yield
    with Client.connect(start=False) as client:
        client.shutdown()


def test_through_a_real_daemon_ctrl_c_leaves_nothing_and_the_next_job_gives_the_same_bytes(
    files, tmp_path: Path, own_daemon
) -> None:
    photo, mask, out = files
    make_photo(tmp_path / "large.png", shape=(700, 800))
    large_mask = np.zeros((700, 800), np.uint8)
    large_mask[150:550, 200:600] = 255
    Image.fromarray(large_mask).save(tmp_path / "large-mask.png")
    before = sorted(tmp_path.iterdir())
    running = start(tmp_path / "large.png", tmp_path / "large-mask.png", "-o", out, "-n", 16)
    while sorted(tmp_path.iterdir()) == before and running.poll() is None:
        time.sleep(0.02)  # until its temporary folder is there
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130 and "Cancelled" in errors, errors
    assert sorted(tmp_path.iterdir()) == before
    generate(photo, mask, "-o", out, "-n", 2, "--seed", 4, "--preset", "fast")
    generate(photo, mask, "-o", tmp_path / "here", "-n", 2, "--seed", 4, "--preset", "fast", "--in-process")
    for name in ("01.png", "02.png"):
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
