"""One job in a thread of its own, its events in a queue: what every editor's plug-in needs beside its window.

Editors talk to their own programs from the main thread only; the daemon is talked to from here. Whatever happens,
exactly one ending (``Done``, ``CancelledJob`` or ``Failed``) comes out of :attr:`JobRunner.events`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Callable, Sequence

from .errors import DaemonError
from .messages import ENDINGS, CancelledJob, CandidateReady, Done, Event, Failed, JobRequest
from .protocol import HIGHEST_SEED, ProtocolError
from .texts import _

Connect = Callable[[], Any]


@dataclass(frozen=True)
class Settings:
    """What the person chose. ``seed`` −1: another one each time; ``exclude``: name of a channel or saved selection.

    ``source`` is ``layer`` or ``visible``; ``grow`` and ``feather`` (pixels) alter the effective selection.
    """

    variations: int = 4
    preset: str = "best"
    method: str = "auto"
    seed: int = -1
    variety: float = 1.0
    context: float = 2.0
    source: str = "layer"
    exclude: str = ""
    grow: int = 0
    feather: float = 0.0
    show_newest: bool = True

    @classmethod
    def load(cls, path: str) -> Settings:
        """The last settings; defaults for whatever is missing, out of range or unreadable."""
        try:
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
        except (OSError, ValueError):
            return cls()
        return cls().changed(stored if isinstance(stored, dict) else {})

    def changed(self, values: dict[str, Any]) -> Settings:
        """These settings with ``values`` put in where they have the right type, kept in range."""
        fitting = {}
        for field in fields(self):
            value, kind = values.get(field.name), type(getattr(self, field.name))
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
                fitting[field.name] = value
        result = replace(self, **fitting)
        return replace(
            result,
            variations=min(max(result.variations, 1), 16),
            seed=min(max(result.seed, -1), HIGHEST_SEED),
            context=min(max(result.context, 1.5), 4.0),
            variety=min(max(result.variety, 0.0), 2.0),
            grow=min(max(result.grow, -200), 200),
            feather=min(max(result.feather, 0.0), 200.0),
            source=result.source if result.source in ("layer", "visible") else "layer",
        )

    def save(self, path: str) -> None:
        """Writes by rename; a full disk or missing rights only mean that the values are not remembered."""
        temporary = f"{path}.{os.getpid()}"
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(asdict(self), file)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.remove(temporary)

    def with_seed(self) -> Settings:
        """The same with a seed drawn where none was chosen."""
        return self if self.seed >= 0 else replace(self, seed=random.randrange(HIGHEST_SEED + 1))


VARIETY_OPTIONS = ("variety", "looseness", "temperature")
"""Names under which methods offer how far answers may differ."""


def variety_options(variety: float, method: str, methods: Sequence[dict[str, Any]]) -> dict[str, float]:
    """A person's variety (0…2, 1: each method's own default) in the words of the methods that will work.

    ``auto`` counts only methods without weights: the daemon refuses an option that no method of the job has.

    Args:
        methods: the daemon's answer to ``methods``.
    """
    share = variety - 1.0
    found: dict[str, float] = {}
    for entry in methods:
        meant = method == entry.get("name") or (method == "auto" and not entry.get("needs_weights"))
        offered = entry.get("options") or {}
        for name in VARIETY_OPTIONS:
            if meant and share and name in offered:
                default, low, high = (float(value) for value in offered[name])
                found[name] = default + share * ((high - default) if share > 0 else (default - low))
                break
    return found


def connect_to_daemon() -> Any:
    """A client of the running daemon, which is started where none runs."""
    from .client import Client

    return Client.connect(start=True)


class JobRunner(threading.Thread):
    """Runs one job. ``events`` gets every event of the job in order, last one ending.

    ``variety`` other than 1 is put into the words of the daemon's methods before the job is sent.
    """

    def __init__(
        self, request: JobRequest, connect: Connect = connect_to_daemon, variety: float = 1.0
    ) -> None:
        super().__init__(name="pluripaint job", daemon=True)
        self.request = request
        self._variety = variety
        self.events: queue.Queue[Event] = queue.Queue()
        self._connect = connect
        self._cancelled = threading.Event()
        self._turn = threading.Lock()
        self._sent = self._ended = False

    def cancel(self) -> None:
        """Asks the daemon to stop; the ending comes through the queue, at once where nothing was sent yet."""
        self._cancelled.set()
        with self._turn:
            if not self._sent:
                self._end(CancelledJob(""))

    def run(self) -> None:
        try:
            ending = self._talk()
        except (DaemonError, ProtocolError) as error:
            ending = Failed("", error.code, error.sentence, error.next_step)
        except OSError as error:
            ending = Failed(
                "",
                "system",
                _("The daemon cannot be reached: {error}.").format(error=error),
                _("Run “pluripaint doctor”."),
            )
        except Exception as error:  # a thread that dies silently would leave a window waiting for ever
            ending = Failed(
                "",
                "bug",
                _("The plug-in failed: {error}.").format(error=f"{type(error).__name__}: {error}"),
                _("Please report it."),
            )
        with self._turn:
            self._end(ending)

    def _end(self, ending: Event) -> None:
        """The one ending: what comes after it is not told."""
        if not self._ended:
            self._ended = True
            self.events.put(ending)

    def _talk(self) -> Event:
        client = self._connect()
        try:
            if self._variety != 1.0 and not self._cancelled.is_set():
                options = variety_options(self._variety, self.request.method, client.methods())
                self.request = replace(self.request, options={**self.request.options, **options})
            with self._turn:
                if self._ended:
                    return CancelledJob("")
                self._sent = True
            job = client.submit(self.request)
            asked = False
            while True:
                if self._cancelled.is_set() and not asked:
                    client.cancel(job)
                    asked = True
                event = client.poll(0.1)
                if event is None or getattr(event, "job", job) not in (job, ""):
                    continue
                if isinstance(event, ENDINGS):
                    return event  # type: ignore[no-any-return]
                self.events.put(event)
        finally:
            client.close()


class Asking(threading.Thread):
    """One question to the daemon (``prepare``, ``status``, ``release`` …) without waiting for its answer here.

    ``answer`` holds ``(value, "")`` or ``(None, sentence)`` once :meth:`is_alive` is false.
    """

    def __init__(self, ask: Callable[[Any], Any], connect: Connect = connect_to_daemon) -> None:
        super().__init__(name="pluripaint question", daemon=True)
        self.answer: tuple[Any, str] = (None, "")
        self._ask, self._connect = ask, connect
        self.start()

    def run(self) -> None:
        try:
            client = self._connect()
            try:
                self.answer = (self._ask(client), "")
            finally:
                client.close()
        except (DaemonError, ProtocolError) as error:
            self.answer = (None, f"{_(error.sentence)} {_(error.next_step)}".strip())
        except Exception as error:
            self.answer = (None, f"{type(error).__name__}: {error}")


class Collected:
    """The candidates of a job: ``drawn`` as they came, ``candidates`` as they are shown, best first once known."""

    def __init__(self) -> None:
        self.drawn: list[CandidateReady] = []
        self.candidates: list[CandidateReady] = []
        self.ending: Event | None = None

    def take(self, event: Event) -> None:
        """Follows one event."""
        if isinstance(event, CandidateReady):
            self.drawn.append(event)
            self.candidates.append(event)
        elif isinstance(event, ENDINGS):
            self.ending = event
            if isinstance(event, Done):
                known = {(one.method, one.seed): one for one in self.candidates}
                self.candidates = [known[key] for key in event.order if key in known]

    def best(self, count: int) -> list[CandidateReady]:
        """At most ``count``: after *Done* the shown ones; before, those with the best scores."""
        if isinstance(self.ending, Done):
            return self.candidates[:count]
        return sorted(self.candidates, key=lambda one: -one.score)[:count]
