"""All sets and what the person may do with them; the docker's widgets only show this. Needs QtCore, not Krita."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Callable

from pluripaint_client import Client
from pluripaint_client.errors import TimedOut
from pluripaint_client.runner import Asking, Connect, Settings, connect_to_daemon
from pluripaint_client.texts import _

from .review import Variation
from .run import ENDED, REVIEW, RUNNING, Run, Snapshot

from .qt import QtCore, Signal  # isort: skip

_POLL_MILLISECONDS = 50

Answered = Callable[[Any, str], None]


def running_daemon() -> Client:
    """The daemon if it runs; never starts one."""
    return Client.connect(start=False, timeout=2.0)


class Desk(QtCore.QObject):
    """Runs, the one that is looked at, what the daemon said of itself.

    ``changed`` fires whenever what the docker shows may be out of date; ``said`` with a sentence that needs an eye;
    ``reviewed`` with a run that waits to be looked at.
    """

    changed = Signal()
    said = Signal(str)
    reviewed = Signal(object)
    inserted = Signal(object)

    def __init__(
        self, editor: Any, connection: Connect = connect_to_daemon, asking: Connect = running_daemon
    ) -> None:
        super().__init__()
        self.editor = editor
        self.settings: Settings = editor.load_settings()
        self.runs: list[Run] = []
        self.current: Run | None = None
        self.sentence = ""
        self.offer_transparent = False
        self.methods: list[dict[str, Any]] = []
        self._connect, self._asking = connection, asking
        self._picked: dict[int, Any] = {}
        self._thrown_away: list[tuple[Any, tuple[int, int]]] = []
        self._questions: list[tuple[Asking, Answered]] = []
        self._stages: dict[int, Any] = {}
        self._at_insertion: list[Run] = []
        self._pictured: tuple[Variation, Any] | None = None
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    # -------------------------------------------------------------------------------------------- settings

    def set(self, **changes: Any) -> None:
        """The person changed settings; they are remembered at once."""
        self.settings = self.settings.changed({**asdict(self.settings), **changes})
        self.editor.save_settings(self.settings)

    def prepare(self) -> None:
        """Have a worker warm by the time *Generate* is pressed, and learn which methods there are, or that there is
        no daemon."""

        def ask(client: Any) -> Any:
            client.prepare()
            try:
                return client.methods()
            except TimedOut:  # a worker that is slow to start is no trouble yet
                return None

        def learned(answer: Any, why: str) -> None:
            if isinstance(answer, list):
                self.methods = answer
                self.changed.emit()
            elif why and self.current is None:  # a job says it itself
                self._say(why)

        self.ask(ask, learned, start=True)

    # -------------------------------------------------------------------------------------------- starting

    def generate(self, insert_when_done: bool = False, fill_transparent: bool = False) -> Run | None:
        """A new set from what is selected; a refusal becomes a sentence."""
        settings = self.settings.with_seed()
        self.offer_transparent = False
        try:
            taken = self.editor.snapshot(settings, fill_transparent)
        except Exception as error:
            return self._refused(error)
        return self._start(taken, settings, insert_when_done)

    def generate_more(self) -> Run | None:
        """The next seeds for a set that lies in the document, as a new group above it."""
        try:
            taken, settings, _record = self.editor.more(self._drawn())
        except Exception as error:
            return self._refused(error)
        return self._start(taken, settings, insert_when_done=True)

    def pick(self) -> Run | None:
        """Look at a set that lies in the document once more."""
        try:
            taken, record, found = self.editor.pick()
        except Exception as error:
            return self._refused(error)
        run = Run(taken, record.settings, self._connect)
        run.method, run.next_seed, run.state = record.method, record.next_seed, REVIEW
        for candidate, visible in found:
            run.review.add(candidate).kept = visible
        run.review.show(next((k for k, v in enumerate(run.review.variations) if v.kept), 0))
        run.message = _("Choose which variation is visible.")
        self._picked[id(run)] = record
        self._open(run)
        return run

    def _start(self, taken: Snapshot, settings: Settings, insert_when_done: bool) -> Run:
        run = Run(taken, settings, self._connect)
        run.insert_when_done = insert_when_done
        run.start()
        self._say("")
        self._open(run)
        return run

    def _open(self, run: Run) -> None:
        self.runs.append(run)
        self.current = run
        self._timer.start()
        self.changed.emit()

    def _refused(self, error: Exception) -> None:
        """Sentences of ours are shown as they are; anything else is a defect and says so."""
        self.offer_transparent = bool(getattr(error, "transparent", False))
        if {"Refusal", "InsertError"} & {kind.__name__ for kind in type(error).__mro__}:
            self._say(str(error))
        else:
            self._say(
                _(
                    "The plug-in met an error of its own ({error}); nothing was changed. Please report it."
                ).format(error=f"{type(error).__name__}: {error}")
            )
        self.changed.emit()

    # -------------------------------------------------------------------------------------------- the set in view

    def look_at(self, run: Run) -> None:
        """Show another set."""
        if run in self.runs:
            self.current = run
            self.changed.emit()

    def more(self) -> None:
        """Further variations for the set in view, into the same review."""
        if self.current is not None and self.current.state == REVIEW:
            if id(self.current) in self._picked:
                self.editor.go_on(self.current, self._drawn())
            self.current.start()
            self._timer.start()
            self.changed.emit()

    def retry(self) -> None:
        """The job again, after a failure."""
        if self.current is not None and self.current.state == REVIEW:
            self.current.retry()
            self._timer.start()
            self.changed.emit()

    def insert(self, run: Run | None = None) -> bool:
        """What is in the review becomes a group of layers (or, for a set picked again, is shown)."""
        run = run or self.current
        if run is None or not run.review.variations or run in self._at_insertion:
            return False
        # Krita lets events through while it waits for itself: Enter pressed twice must not insert twice.
        self._at_insertion.append(run)
        try:
            return self._insert(run)
        finally:
            self._at_insertion.remove(run)

    def _insert(self, run: Run) -> bool:
        record = self._picked.get(id(run))
        new = self._not_in_document(run)
        note = ""
        try:
            if record is not None:
                shown = [(v.candidate.method, v.seed) for v in run.review.visible()]
                note = self.editor.show_only(run, record, shown)
            if new:
                note = self.editor.insert(run, new) or note
        except Exception as error:
            # The set stays in view: what was computed is not lost by a document that could not be changed.
            self._refused(error)
            return False
        self._close(run)
        done = note or (_("Inserted as a group of layers.") if new else _("Shown."))
        # Without a review, and with the docker hidden, this is the only place where it is said.
        said = run.snapshot.note if new else ""
        self._say(f"{said} {done}".strip())
        self.inserted.emit(run)
        return True

    def _not_in_document(self, run: Run) -> list[Variation]:
        """What a set that was picked again had before lies in its group already."""
        record = self._picked.get(id(run))
        layers = record.layers if record is not None else ()
        already = {(layer.get("method"), layer.get("seed")) for layer in layers}
        return [v for v in run.review.variations if (v.candidate.method, v.seed) not in already]

    @property
    def waiting(self) -> bool:
        """Whether there are variations that would be lost if the program ended."""
        return any(self._not_in_document(run) for run in self.listed)

    def discard(self, run: Run | None = None) -> None:
        """Throw a set away, running or not; the document was never touched."""
        run = run or self.current
        if run is not None and run not in self._at_insertion:
            self._thrown_away.append((run.snapshot.target, run.seeds))
            run.cancel()
            self._close(run)
            self._say(_("Discarded; nothing was changed."))

    def stop(self) -> None:
        """End the job in view, keep what is finished."""
        if self.current is not None:
            self.current.stop()
            self.changed.emit()

    def _drawn(self) -> list[tuple[Any, tuple[int, int]]]:
        """Documents and seeds that no document knows of: of the sets in the docker, and of those thrown away."""
        return [*self._thrown_away, *((run.snapshot.target, run.seeds) for run in self.runs)]

    def _close(self, run: Run) -> None:
        """A cancelled job goes on being heard until its ending, see :meth:`_poll`."""
        if run in self.runs and run.state != RUNNING:
            self.runs.remove(run)
        self._forget_pictures(run)
        self._picked.pop(id(run), None)
        if self.current is run:
            others = [other for other in self.runs if other is not run and not other.given_up]
            self.current = others[-1] if others else None
        self.changed.emit()

    @property
    def listed(self) -> list[Run]:
        """The sets that can be looked at."""
        return [run for run in self.runs if not run.given_up]

    def forget_sentence(self) -> None:
        """Another document is in view: what was said of the last one is no longer to the point."""
        self.sentence, self.offer_transparent = "", False
        self.changed.emit()

    # -------------------------------------------------------------------------------------------- pictures

    def stage(self, run: Run) -> Any:
        """The surroundings of a set's hole; made once."""
        made = self._stages.get(id(run)) or self.editor.stage(run)
        if run in self.listed:  # it may have been thrown away while Krita was at work
            self._stages[id(run)] = made
        return made

    def patches(self, run: Run, variation: Variation) -> Any:
        """A candidate's picture; only the last one asked for is kept: sixteen would take more than all else."""
        if self._pictured is not None and self._pictured[0] is variation:
            return self._pictured[1]
        made = self.editor.patches(run, variation)
        if run in self.listed:
            self._pictured = (variation, made)
        return made

    def _forget_pictures(self, run: Run) -> None:
        self._stages.pop(id(run), None)
        self._pictured = None

    # -------------------------------------------------------------------------------------------- the daemon

    def ask(self, ask: Callable[[Any], Any], answered: Answered, start: bool = False) -> None:
        """Ask the daemon in a thread; ``answered`` is called in this one with (what came, "") or (None, why not)."""
        self._questions.append((Asking(ask, self._connect if start else self._asking), answered))
        self._timer.start()

    def keep_visible(self) -> None:
        """See ``keep.keep_visible``."""
        self.editor.keep_visible(self._say)

    def _poll(self) -> None:
        for question, answered in list(self._questions):
            if not question.is_alive():
                self._questions.remove((question, answered))
                answered(*question.answer)
        changed = False
        for run in list(self.runs):
            if run not in self.runs:  # Krita handled events while another was inserted
                continue
            worked = run.state == RUNNING
            changed = run.pump() or changed
            if run.state == ENDED:
                self.runs.remove(run)
                self._leave(run)
                changed = True
            elif run.state == REVIEW and run.insert_when_done:
                self._finish_unseen(run)
            elif run.state == REVIEW and worked:
                self.reviewed.emit(run)
        if changed:
            self.changed.emit()
        if not self._questions and not any(run.state == RUNNING for run in self.runs):
            self._timer.stop()

    def _finish_unseen(self, run: Run) -> None:
        """*Last settings*: inserted without a review; after a failure what came is offered in the review."""
        run.insert_when_done = False
        if run.failure is None and run.review.variations:
            self.insert(run)
        else:
            self.reviewed.emit(run)
            self.changed.emit()

    def _leave(self, run: Run) -> None:
        self._forget_pictures(run)
        if self.current is run:
            self.current = self.listed[-1] if self.listed else None
            self._say(run.message)

    def _say(self, sentence: str) -> None:
        self.sentence = sentence
        if sentence:
            self.said.emit(sentence)
        self.changed.emit()


def status_in_words(answer: Any, why: str) -> str:
    """What the daemon says of itself (the answer to ``status``), for people."""
    if not isinstance(answer, dict):
        return why or _("The daemon did not say anything.")
    lines = [_("The daemon runs (version {version}).").format(version=answer.get("version", "?"))]
    workers = answer.get("workers") or []
    for worker in workers:
        lines.append(
            _("Worker on {device}: {state}; {memory} MiB of memory, {held} MiB of the GPU held.").format(
                device=worker.get("device", "?"),
                state=worker.get("state", "?"),
                memory=int(worker.get("resident_bytes", 0)) >> 20,
                held=int(worker.get("device_bytes", 0)) >> 20,
            )
        )
    if not workers:
        lines.append(_("No worker is running: no memory is held."))
    jobs = answer.get("jobs") or {}
    lines.append(
        _("Jobs: {running} running, {queued} waiting.").format(
            running=jobs.get("running", 0), queued=jobs.get("queued", 0)
        )
    )
    return "\n".join(lines)
