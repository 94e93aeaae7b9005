"""A job through the daemon: the same request and the same events as :func:`pluripaint.pipeline.fill`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import pluripaint_client.messages as messages
from pluripaint.cli._running import Running
from pluripaint.methods.base import Cancelled
from pluripaint.pipeline import Candidate, FillError, FillRequest, Settled
from pluripaint_client.client import Client
from pluripaint_client.errors import DaemonError
from pluripaint_client.protocol import ProtocolError


def fill_through_daemon(request: FillRequest, running: Running) -> Iterator[Candidate | Settled]:
    """Submit, wait, and yield what :func:`pluripaint.pipeline.fill` would.

    Raises:
        FillError: the daemon refused or failed, or there is none. Cancelled: Ctrl-C.
    """
    try:
        running("starting the daemon", 0.0)
        with Client.connect() as client:
            job = client.submit(_to_message(request))
            cancelled = False
            while True:
                event = client.poll(0.2)
                if running.cancel_flag[0] and not cancelled:
                    client.cancel(job)
                    cancelled = True
                if isinstance(event, messages.Queued):
                    running(f"waiting, place {event.place}", 0.0)
                elif isinstance(event, messages.Progress) and not cancelled:
                    running(event.stage, event.fraction)
                    if event.note:
                        running.note(event.note)
                elif isinstance(event, messages.CandidateReady):
                    yield _candidate(event, request)
                elif isinstance(event, messages.Done):
                    yield _settled(event)
                    return
                elif isinstance(event, messages.CancelledJob):
                    raise Cancelled
                elif isinstance(event, messages.Failed):
                    raise FillError(event.code, event.sentence, event.next_step)
    except DaemonError as error:
        raise FillError(error.code, error.sentence, error.next_step) from None
    except ProtocolError as error:
        raise FillError(error.code, error.sentence, error.next_step) from None


def _to_message(request: FillRequest) -> messages.JobRequest:
    first = request.regions[0].pixels
    return messages.JobRequest(
        regions=[
            messages.RegionData(
                part.region,
                _rows(part.pixels),
                part.selection.tobytes(),
                None if part.valid is None else part.valid.astype(np.uint8).tobytes(),
                None if part.exclude is None else part.exclude.astype(np.uint8).tobytes(),
            )
            for part in request.regions
        ],
        depth=str(first.dtype),
        channels=first.shape[2],
        space=request.space,
        count=request.count,
        pool=request.pool,
        preset=request.preset,
        method=request.method,
        weights=request.weights,
        seed=request.seed,
        options=request.options,
    )


def _rows(pixels: np.ndarray) -> bytes:
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()


def _candidate(event: messages.CandidateReady, request: FillRequest) -> Candidate:
    pixels = request.regions[0].pixels
    colours = 1 if pixels.shape[2] <= 2 else 3
    dtype = pixels.dtype.newbyteorder("<")
    fills = [
        np.frombuffer(fill, dtype).reshape(box.height, box.width, colours).astype(pixels.dtype)
        for fill, box in zip(event.fills, event.boxes)
    ]
    return Candidate(
        event.seed, event.score, event.method, event.weights_sha256, fills, event.boxes, event.seconds
    )


def _settled(event: messages.Done) -> Settled:
    return Settled(
        [seed for _, seed in event.order], [method for method, _ in event.order], event.configuration
    )
