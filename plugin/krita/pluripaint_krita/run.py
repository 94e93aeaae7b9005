"""One set of variations from *Generate* to its end: a snapshot, the jobs made from it, the review. No Qt."""

from __future__ import annotations

import queue
from dataclasses import dataclass, replace
from typing import Any

from pluripaint_client import (
    Accepted,
    CancelledJob,
    CandidateReady,
    Done,
    Failed,
    JobRequest,
    Progress,
    Queued,
    Region,
)
from pluripaint_client.protocol import HIGHEST_SEED
from pluripaint_client.runner import Connect, JobRunner, Settings, connect_to_daemon
from pluripaint_client.texts import _, ngettext

from .review import Review

RUNNING, REVIEW, ENDED = "running", "review", "ended"

MOST_DRAWN_PER_SHOWN = 3
"""The largest pool of the presets: so many seeds a shown variation may have used."""


@dataclass
class Snapshot:
    """What was there when *Generate* was pressed; a job keeps to it whatever the person does afterwards.

    Attributes:
        target: the editor's document.
        source_id: unique id of the layer the pixels are from; empty: all that is visible.
        above_id: unique id of the node above which the result goes; empty: on top of the stack.
        request: the regions' pixels and masks with count, seed and method still to be set.
        space: the editor's own description of the pixels sent (Krita: model, depth, profile).
        size: the document's width and height.
        source_at: where the source layer's pixels lay (``None``: all that is visible).
        note: a sentence about what was done differently from what was asked, or empty.
    """

    target: Any
    title: str
    source_id: str
    request: JobRequest
    space: tuple[str, str, str]
    size: tuple[int, int]
    above_id: str = ""
    source_at: tuple[int, int] | None = None
    note: str = ""

    def selection_over(self, box: Region) -> bytes:
        """The effective selection over a box of one of the regions.

        Raises:
            ValueError: the box lies in no region.
        """
        from pluripaint_client import rows

        for part in self.request.regions:
            if part.region.contains(box):
                return rows.cropped(part.selection, part.region, box, 1)
        raise ValueError("A fill lies outside every region of its job.")


class Run:
    """A set: owned by one controller, whatever else happens in the editor."""

    def __init__(
        self,
        snapshot: Snapshot,
        settings: Settings,
        connection: Connect = connect_to_daemon,
    ) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self.review = Review(follow=settings.show_newest)
        self.state = ENDED
        self.fraction = 0.0
        self.message = snapshot.note
        self.notes: list[str] = [snapshot.note] if snapshot.note else []
        self.failure: Failed | None = None
        self.method = ""
        self.weights: dict[str, str] = {}
        self.next_seed = settings.seed
        self.insert_when_done = False
        self._connect = connection
        self._job: JobRunner | None = None
        self._since = self._asked = 0
        self.given_up = False

    @property
    def title(self) -> str:
        """How the set is listed."""
        return _("{document}: seed {seed} ({count})").format(
            document=self.snapshot.title, seed=self.settings.seed, count=len(self.review.variations)
        )

    @property
    def seeds(self) -> tuple[int, int]:
        """The first seed, and the one behind the last that the jobs so far may have drawn."""
        drawing = MOST_DRAWN_PER_SHOWN * self._asked if self.state == RUNNING else 0
        return self.settings.seed, (self.next_seed + drawing) % (HIGHEST_SEED + 1)

    # -------------------------------------------------------------------------------------------- jobs

    def start(self, count: int | None = None) -> None:
        """Draw ``count`` more with the next seeds (``None``: as many as the settings say)."""
        count = self.settings.variations if count is None else count
        request = replace(
            self.snapshot.request,
            count=count,
            seed=self.next_seed,
            preset=self.settings.preset,
            method=self.settings.method,
        )
        self._job = JobRunner(request, self._connect, self.settings.variety)
        self.state, self.fraction, self.failure, self.given_up = RUNNING, 0.0, None, False
        self.message = _("Asking the daemon…")
        self._since, self._asked = self.review.arrived, count
        self._job.start()

    def stop(self) -> None:
        """End the job, keep what has arrived."""
        if self._job is not None:
            self.message = _("Stopping…")
            self._job.cancel()

    def cancel(self) -> None:
        """End the job and throw all away."""
        self.given_up = True
        if self._job is not None:
            self._job.cancel()
        else:
            self._end()

    def retry(self) -> None:
        """The same seeds again after a failure, without those that arrived."""
        arrived = len(self.review.variations)
        self.start(max(1, self.settings.variations - arrived) if self.failure else None)

    def pump(self) -> bool:
        """Take in what the thread has heard; whether anything changed."""
        changed = False
        while self._job is not None:
            try:
                event = self._job.events.get_nowait()
            except queue.Empty:
                break
            self._take(event)
            changed = True
        return changed

    # -------------------------------------------------------------------------------------------- events

    def _take(self, event: Any) -> None:
        if isinstance(event, CandidateReady):
            if not self.given_up:
                self.review.add(event)
                self.weights[event.method] = event.weights_sha256
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Queued):
            self.message = _("Waiting: place {place} in the queue").format(place=event.place)
        elif isinstance(event, Accepted):
            self.message = _("The daemon has the job")
        elif isinstance(event, Done):
            self._done(event)
        elif isinstance(event, CancelledJob):
            self._after_cancel()
        elif isinstance(event, Failed):
            self._failed(event)

    def _progress(self, event: Progress) -> None:
        self.fraction = event.fraction
        if event.stage:
            self.message = stage_in_words(event.stage)
        note = _(event.note)
        if note and note not in self.notes:
            self.notes.append(note)

    def _done(self, event: Done) -> None:
        self._job = None
        if self.given_up:
            self._end()
            return
        self.review.settle(event.order, self._since)
        self.weights.update(event.weights)
        methods = sorted({v.candidate.method for v in self.review.variations})
        self.method = " + ".join(methods)
        self._use_up_seeds()
        self.state, self.fraction = REVIEW, 1.0
        self.message = _("{found} in {seconds:.1f} s").format(
            found=_counted(len(event.order)), seconds=event.seconds
        )

    def _use_up_seeds(self) -> None:
        """The next job begins behind every seed that this one may have drawn."""
        start = self.next_seed
        offsets = [
            (v.seed - start) % (HIGHEST_SEED + 1) for v in self.review.variations if v.number > self._since
        ]
        used = max([MOST_DRAWN_PER_SHOWN * self._asked, *(offset + 1 for offset in offsets)])
        self.next_seed = (start + used) % (HIGHEST_SEED + 1)

    def _after_cancel(self) -> None:
        self._job = None
        if self.given_up or not self.review.variations:
            self._end()
            self.message = _("Cancelled; nothing was changed.")
        else:
            self._keep_arrived(_("Stopped: {found}").format(found=_counted(len(self.review.variations))))

    def _failed(self, event: Failed) -> None:
        self._job, self.failure = None, event
        sentence = f"{_(event.sentence)} {_(event.next_step)}".strip()
        if self.given_up:
            self._end()
        elif self.review.variations:
            self._keep_arrived(
                sentence + " " + _("What is finished can be used: {found}.").format(
                    found=_counted(len(self.review.variations))
                )
            )  # fmt: skip
        else:
            self.state, self.message = REVIEW, sentence

    def _keep_arrived(self, sentence: str) -> None:
        """Without the daemon's own order the score decides among those of one method."""
        arrived = [v for v in self.review.variations if v.number > self._since]
        best = sorted(arrived, key=lambda v: -v.candidate.score)[: max(self.settings.variations, 1)]
        self.review.settle([(v.candidate.method, v.seed) for v in best], self._since)
        self.method = " + ".join(sorted({v.candidate.method for v in self.review.variations}))
        self._use_up_seeds()
        self.state, self.message = REVIEW, sentence

    def _end(self) -> None:
        self.state = ENDED
        self.review.variations.clear()
        self.review.index = -1


def _counted(count: int) -> str:
    return ngettext("{count} variation", "{count} variations", count).format(count=count)


def stage_in_words(stage: str) -> str:
    """What the daemon says it is doing, in the person's language where the stage is known."""
    known = {
        "starting": _("Starting the method"),
        "Starting": _("Starting the method"),
        "loading": _("Loading the method"),
        "patches": _("Growing from the surroundings"),
        "sampling": _("Drawing variations"),
        "detail": _("Adding detail"),
        "choosing": _("Choosing the best"),
    }
    return known.get(stage, stage[:1].upper() + stage[1:])
