"""The candidates of a set while the person looks at them: which is shown, kept, thrown out. No Qt, no Krita."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pluripaint_client import CandidateReady


@dataclass(eq=False)
class Variation:
    """A candidate as the person sees it.

    Attributes:
        number: counted from 1 as they arrived.
        rank: place in the daemon's own order, from 1; 0 before it is known.
        kept: the person marked it.
    """

    number: int
    candidate: CandidateReady
    rank: int = 0
    kept: bool = False

    @property
    def seed(self) -> int:
        """Reproduces this fill."""
        return self.candidate.seed


@dataclass
class Review:
    """What the strip shows and where in it the person is."""

    follow: bool = True
    variations: list[Variation] = field(default_factory=list)
    index: int = -1
    before: bool = False
    _moved: bool = False
    arrived: int = 0

    @property
    def current(self) -> Variation | None:
        """The one that is shown, ``None`` while there is none."""
        return self.variations[self.index] if 0 <= self.index < len(self.variations) else None

    def add(self, candidate: CandidateReady) -> Variation:
        """A candidate arrived. It is shown if it is the first, or if the newest are to be followed and the person
        has not begun to choose."""
        self.arrived += 1
        variation = Variation(self.arrived, candidate)
        self.variations.append(variation)
        if self.index < 0 or (self.follow and not self._moved):
            self.index = len(self.variations) - 1
        return variation

    def settle(self, order: Sequence[tuple[str, int]], since: int = 0) -> None:
        """The job is done: of what came after the first ``since`` arrivals keep those in ``order``, best first, and
        whatever the person marked. Who has not begun to choose sees the best."""
        place = {named: rank for rank, named in enumerate(order, 1)}
        earlier = [v for v in self.variations if v.number <= since]
        arrived = [v for v in self.variations if v.number > since]
        for variation in arrived:
            variation.rank = place.get((variation.candidate.method, variation.seed), 0)
        shown = sorted((v for v in arrived if v.rank), key=lambda v: v.rank)
        shown += [v for v in arrived if not v.rank and (v.kept or (v is self.current and self._moved))]
        current = self.current
        self.variations = earlier + shown
        if current in self.variations and self._moved:
            self.index = self.variations.index(current)
        else:
            self.index = min(len(earlier), len(self.variations) - 1)

    def go(self, step: int) -> None:
        """To the next (1) or previous (-1), round and round."""
        if self.variations:
            self.show((self.index + step) % len(self.variations))

    def show(self, index: int) -> None:
        """To a certain one."""
        if 0 <= index < len(self.variations):
            self.index, self._moved = index, True

    def toggle_kept(self) -> None:
        """Mark or unmark the one that is shown."""
        if self.current is not None:
            self.current.kept = not self.current.kept
            self._moved = True

    def discard_current(self) -> None:
        """Throw out the one that is shown; the next takes its place."""
        if self.current is not None:
            del self.variations[self.index]
            self.index = min(self.index, len(self.variations) - 1)
            self._moved = bool(self.variations)

    def visible(self) -> list[Variation]:
        """Which will be visible once inserted: the marked ones (*Keep Visible* must not take any), or the one shown."""
        marked = [v for v in self.variations if v.kept]
        return marked or ([self.current] if self.current else [])
