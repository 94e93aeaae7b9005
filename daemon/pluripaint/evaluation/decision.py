"""Whether a network's weights ship, as a function of the table.

A network is judged by its guide and by what the detail step makes of it, apart, so that neither hides behind the
other: with detail it must beat a classical fill with the same detail, be no worse than patches alone where holes are
wide, and its layout must survive the detail step. Only then a mixed pool is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import bootstrap, entries
from .bootstrap import Interval
from .cases import OpenCase, read_rgb
from .metrics import layout_distance
from .run import Row
from .summary import EQUAL_N, WIDE, is_wide

LEAST_PHOTOGRAPHS = 10
"""On fewer nothing is said to be shown."""


@dataclass(frozen=True)
class Roles:
    """The words that a decision compares."""

    plain: str
    detailed: str
    classical: str
    exemplar: str
    mixed: str

    @property
    def words(self) -> tuple[str, ...]:
        """The whole table, a classical fill without detail included."""
        return "telea", self.exemplar, self.plain, self.detailed, self.classical, self.mixed


@dataclass(frozen=True)
class Check:
    """One condition: ``figure`` is a paired difference, ours minus theirs, and lower is better."""

    name: str
    passed: bool
    figure: Interval
    cases: int
    photographs: int
    sentence: str


@dataclass(frozen=True)
class Decision:
    """What follows; ``sentence`` says it with the reasons."""

    entry: str
    ships: bool
    in_auto: bool
    checks: tuple[Check, ...]
    sentence: str


def roles(entry: str) -> Roles:
    """The rows to compare for one network, ``METHOD@WEIGHTS`` with or without a finish.

    Raises:
        entries.BadEntry: the entry is a pool or looks at the plain fill only.
    """
    parts = entries.parsed(entry)
    if len(parts) != 1 or parts[0].finish == entries.PLAIN:
        raise entries.BadEntry(f"“{entry}” cannot be decided on; name one METHOD@WEIGHTS.")
    base = replace(parts[0], finish="", weight=None)
    name = base.name + (f"@{base.weights}" if base.weights else "")
    return Roles(
        plain=f"{name}:{entries.PLAIN}",
        detailed=entry,
        classical=f"telea:{entries.DETAIL}",
        exemplar="exemplar",
        mixed=f"exemplar+{entry}",
    )


def note_layout(opened: OpenCase, rows: Sequence[Row], guide: str) -> None:
    """Add ``to_guide`` to every row's measures: how far its fills' layout is from the network's own, draw by draw.

    Left out where a row shares no draw with the guide's.
    """
    guides = next((row.drawn for row in rows if row.contestant == guide), {})
    for row in rows:
        shared = sorted(guides.keys() & row.drawn.keys())
        hole = opened.hole[opened.box.top : opened.box.bottom, opened.box.left : opened.box.right]
        if shared:
            apart = [layout_distance(read_rgb(row.drawn[k]), read_rgb(guides[k]), hole) for k in shared]
            row.measures["to_guide"] = float(np.mean(apart))


def decide(rows: Sequence[Row], entry: str) -> Decision:
    """What the rows of a whole table say about ``entry``."""
    table = _Table(rows, roles(entry))
    checks = (
        table.check(
            "beats_classical",
            "detailed",
            "classical",
            _mean,
            lambda figure: figure.high < 0,
            "with detail it {beats|is not shown to beat} Telea with the same detail",
        ),
        table.check(
            "wide_holes",
            "detailed",
            "exemplar",
            _mean,
            lambda figure: figure.value <= 0,
            f"on holes at least {2 * WIDE} px wide it is {{no worse|worse}} than exemplar",
            only=is_wide,
        ),
        table.check(
            "keeps_its_layout",
            "detailed",
            "exemplar",
            lambda row: row.measures["to_guide"],
            lambda figure: figure.high < 0,
            "its detailed fill {stays|is not shown to stay} nearer its own guide at an eighth of the size than an "
            "exemplar fill",
        ),
    )
    mixed = table.check(
        "mixed_best",
        "mixed",
        "exemplar",
        lambda row: min(row.measures["percep"][:EQUAL_N]),
        lambda figure: figure.high < 0,
        f"the mixed pool's best of {EQUAL_N} {{beats|is not shown to beat}} exemplar's at equal pool size",
    )
    mean = table.check(
        "mixed_mean",
        "mixed",
        "exemplar",
        _mean,
        lambda figure: figure.low <= 0,
        "the mean of its fills is {not shown to be worse|worse}",
    )
    ships = all(check.passed for check in checks)
    in_auto = ships and mixed.passed and mean.passed
    sentence = _sentence(entry, ships, in_auto, checks, (mixed, mean))
    return Decision(entry, ships, in_auto, (*checks, mixed, mean), sentence)


def _mean(row: Row) -> float:
    return float(np.mean(row.measures["percep"]))


class _Table:
    """The cases that every role answered."""

    def __init__(self, rows: Sequence[Row], named: Roles) -> None:
        self._named = named
        self._rows = {(row.contestant, row.case.name): row for row in rows}
        needed = (named.plain, named.detailed, named.classical, named.exemplar, named.mixed)
        cases = dict.fromkeys(row.case.name for row in rows)
        self._cases = [case for case in cases if all((name, case) in self._rows for name in needed)]

    def check(
        self,
        name: str,
        ours: str,
        theirs: str,
        value: Callable[[Row], float],
        passes: Callable[[Interval], bool],
        sentence: str,
        only: Callable[[Row], bool] = lambda row: True,
    ) -> Check:
        """``sentence`` holds ``{passed|failed}``; the figure is put behind it."""
        pairs = [
            (self._rows[getattr(self._named, ours), case], self._rows[getattr(self._named, theirs), case])
            for case in self._cases
        ]
        pairs = [pair for pair in pairs if only(pair[0])]
        photographs = [mine.case.photo.name for mine, _ in pairs]
        count = len(set(photographs))
        before, _, rest = sentence.partition("{")
        choice, _, after = rest.partition("}")
        if count < LEAST_PHOTOGRAPHS:
            said = f"{count} photographs are too few to say whether {before}{choice.split('|')[0]}{after}"
            return Check(name, False, Interval(*[float("nan")] * 3), len(pairs), count, said)
        mine, other = (np.array([value(pair[k]) for pair in pairs]) for k in (0, 1))
        figure = bootstrap.difference(photographs, mine, other)
        passed = bool(passes(figure))
        said = f"{before}{choice.split('|')[not passed]}{after} ({_signed(figure)})"
        return Check(name, passed, figure, len(pairs), count, said)


def _signed(figure: Interval) -> str:
    return f"{figure.value:+.4f} [{figure.low:+.4f}, {figure.high:+.4f}]"


def _sentence(entry: str, ships: bool, in_auto: bool, checks: Sequence[Check], mixed: Sequence[Check]) -> str:
    """One sentence: what happens, and of the reasons those that decide."""
    reasons = [check.sentence for check in checks if check.passed == ships]
    if not ships:
        return f"{entry} does not ship, and auto leaves it out: {'; '.join(reasons)}."
    deciding = [check.sentence for check in mixed if check.passed == in_auto]
    taken = "auto takes it in" if in_auto else "auto leaves it out"
    return f"{entry} ships: {'; '.join(reasons)}; {taken}: {'; '.join(deciding)}."
