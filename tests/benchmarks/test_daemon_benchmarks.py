"""The broker beside a worker that takes all cores, and what a client spends on a large layer. Prints only."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

import psutil
import pytest
from daemons import Daemon, events, wait_for
from daemons import job as double_job
from measuring import Spent, disc, job, percentile, photograph, spent, told

from pluripaint import folders
from pluripaint.pipeline import FillRequest
from pluripaint_client import (
    Accepted,
    CandidateReady,
    Client,
    Done,
    JobRequest,
    Progress,
    Region,
    RegionData,
    job_regions,
    protocol,
    rows,
)
from pluripaint_client.libzmq import LibzmqDealer
from pluripaint_client.zmtp import Dealer

pytestmark = pytest.mark.benchmark

TRANSPORTS = {"standard library": Dealer, "pyzmq": LibzmqDealer}
PINGS, PAUSE = 1500, 0.004
LAYER = Region(0, 0, 6000, 4000)
"""24 megapixels."""
MB = 1e6
WIRE = {
    "version": version("pluripaint"),
    "protocol": protocol.VERSION,
    "limits": protocol.LIMITS._asdict(),
    "pyzmq": version("pyzmq"),
}
"""What decides how long pixels travel, beside their number."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own that shares the compiled kernels."""
    kernels = os.environ.get("NUMBA_CACHE_DIR") or str(folders.cache() / "numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", kernels)
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def daemon(home) -> Iterator[Daemon]:
    """A daemon with the real worker."""
    started = Daemon(home, worker_command=[sys.executable, "-m", "pluripaint.service.worker"])
    yield started
    started.close()


@pytest.fixture
def hollow_daemon(home) -> Iterator[Daemon]:
    """A daemon whose worker makes its pixels up: what is timed is the way there and back."""
    started = Daemon(home)
    yield started
    started.close()


def message(request: FillRequest, **fields) -> JobRequest:
    """The same job as a client sends it."""
    parts = [
        RegionData(part.region, part.pixels.tobytes(), part.selection.tobytes()) for part in request.regions
    ]
    return JobRequest(parts, count=request.count, preset=request.preset, method=request.method, **fields)


def pings(client: Client, count: int) -> list[float]:
    """Milliseconds of round trips, a few milliseconds apart."""
    taken = []
    for _ in range(count):
        taken.append(client.ping(5.0) * 1e3)
        time.sleep(PAUSE)
    return taken


def spread(milliseconds: list[float]) -> str:
    middle, late = percentile(milliseconds, 50), percentile(milliseconds, 99)
    return f"p50 {middle:.2f} ms, p99 {late:.2f} ms, longest {max(milliseconds):.1f} ms"


def test_pings_while_a_job_takes_all_cores(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    request = job(357, preset="best", count=16)
    with daemon.client() as owner, daemon.client() as asking:
        idle = pings(asking, PINGS // 5)
        name = owner.submit(message(request))
        # The first candidate: nothing is being loaded or compiled any more.
        wait_for(owner, CandidateReady, name, 120)
        worker = psutil.Process(daemon.workers()[0])
        before, began = sum(worker.cpu_times()[:2]), time.monotonic()
        taken = pings(asking, PINGS)
        cores = (sum(worker.cpu_times()[:2]) - before) / (time.monotonic() - began)
        assert asking.status(5.0)["jobs"]["running"] == 1, "the job was over before the pings"
        owner.cancel(name)
        events(owner, name)
    told(
        capsys,
        request,
        f"{PINGS} pings beside a job that uses {cores:.2f} cores: {spread(taken)} (target p99 < 50 ms); "
        f"no job: {spread(idle)}",
    )


def test_the_brokers_memory(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    request = job(357)
    broker = psutil.Process(daemon.process.pid)

    def megabytes() -> float:
        return float(broker.memory_info().rss) / MB

    with daemon.client() as client:
        idle, most = megabytes(), 0.0
        large = RegionData(LAYER, bytes(LAYER.area * 3), disc(LAYER.width, LAYER.height, 32).tobytes())
        for one in (message(request), JobRequest([large], count=1, preset="fast", method="exemplar")):
            name = client.submit(one, timeout=20)
            wait_for(client, Accepted, name)
            most = max(most, megabytes())
            assert isinstance(events(client, name, 120)[-1], Done)
        time.sleep(1.0)  # the moment the target names
        after = megabytes()
    told(
        capsys,
        request,
        f"broker resident: {idle:.1f} MB idle, {most:.1f} with a job of 24 megapixels just accepted, {after:.1f} "
        "one second after it was done (target < 40)",
    )
    assert max(idle, after) < 40


def until_accepted(client: Client, make: Callable[[], JobRequest]) -> tuple[Spent, float, float]:
    """What this process spends until a job is accepted; of its seconds, those for encoding and for the way."""
    moments = []

    def ask() -> None:
        moments.append(time.perf_counter())
        request = make()
        request.to_message("0" * 32)
        moments.append(time.perf_counter())
        name = client.submit(request, timeout=20)
        wait_for(client, Accepted, name)
        moments.append(time.perf_counter())
        names.append(name)

    names: list[str] = []
    cost = spent(ask)
    client.cancel(names[0])
    events(client, names[0])
    return cost, moments[1] - moments[0], moments[2] - moments[1]


def test_a_layer_of_24_megapixels(hollow_daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole layer as one region, then what a dialog's OK costs with 500 px selected on it."""
    pixels = photograph(LAYER.width, LAYER.height).tobytes()
    selection = disc(LAYER.width, LAYER.height, 500).tobytes()

    def everything() -> JobRequest:
        return JobRequest([RegionData(LAYER, bytes(bytearray(pixels)), selection)], method="plain", count=1)

    def selected() -> JobRequest:
        regions = job_regions.plan(selection, LAYER)
        parts = [
            RegionData(
                region,
                rows.cropped(pixels, LAYER, region, 3),
                rows.cropped(selection, LAYER, region, 1),
            )
            for region in regions
        ]
        return JobRequest(parts, method="plain", count=1)

    for what, make, size in (
        ("24 megapixels, 96 MB", everything, (len(pixels) + len(selection)) / MB),
        ("500 px selected on 24 megapixels (target 300 ms)", selected, None),
    ):
        ways = {}
        for name, transport in TRANSPORTS.items():
            with hollow_daemon.client(transport) as client:
                events(client, client.submit(double_job()))  # the worker is there
                costs = [until_accepted(client, make) for _ in range(5)]
            encoding = statistics.median(cost[1] for cost in costs)
            way = ways[name] = statistics.median(cost[2] for cost in costs)
            cpu = statistics.median(cost[0].cpu for cost in costs)
            rate = f" ({size / way:.0f} MB/s)" if size else ""
            told(
                capsys,
                WIRE,
                f"{what}, {name}: encoding {encoding * 1e3:.1f} ms, from there to accepted "
                f"{way * 1e3:.1f} ms{rate}, {cpu:.3f} CPU s",
            )
        told(
            capsys,
            WIRE,
            f"{what}: pyzmq takes {ways['pyzmq'] / ways['standard library']:.2f} of the standard library's time",
        )


def test_fills_on_their_way_back(hollow_daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    side, count = 2048, 8
    box = Region(0, 0, side, side)
    request = JobRequest(
        [RegionData(box, bytes(box.area * 3), b"\xff" * box.area)], method="plain", count=count
    )
    times = {}
    for name, transport in TRANSPORTS.items():
        with hollow_daemon.client(transport) as client:
            events(client, client.submit(double_job()))
            job_name = client.submit(request, timeout=20)
            wait_for(client, Progress, job_name)
            began = time.perf_counter()
            got = [one for one in events(client, job_name) if isinstance(one, CandidateReady)]
            times[name] = time.perf_counter() - began
        assert len(got) == count
    size = count * box.area * 3 / MB
    told(
        capsys,
        WIRE,
        f"{count} fills of {side} × {side} from worker to client, {size:.0f} MB: "
        + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in times.items())
        + f" ({times['pyzmq'] / times['standard library']:.2f})",
    )
