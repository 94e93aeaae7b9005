"""One call from names and cases to a report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pluripaint.methods.registry import MethodError
from pluripaint_client.geometry import Region

from . import device, guide_choice, metrics
from .cases import Case, OpenCase, load_cases
from .contestants import Contestant, MethodContestant, contestant, is_ours, source_fingerprint
from .decision import decide, note_layout, roles
from .entries import is_guide, network_of
from .peers import Missing
from .report import sentences, table, write_report
from .run import Keeper, Row, Told, run
from .sheets import as_jpeg, sheet
from .summary import summarise


@dataclass(frozen=True)
class Plan:
    """What is evaluated.

    Attributes:
        methods: words as :mod:`entries` reads them.
        pool: default: what the preset says.
        cache: default: a folder in ``report``.
        decide: the network that the table decides on; its rows are added to ``methods``.
        choose_guide: the network whose record is to say which detail step serves it best; likewise.
        device: where networks run: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; see :func:`device.chosen`.
    """

    methods: Sequence[str]
    cases: Path
    weights: Path
    report: Path
    half: str | None = None
    kinds: Sequence[str] = ()
    limit: int | None = None
    preset: str = "best"
    count: int = 4
    pool: int | None = None
    cache: Path | None = None
    sheets: bool = True
    decide: str | None = None
    choose_guide: str | None = None
    device: str = "cpu"

    @property
    def needed(self) -> tuple[str, ...]:
        """The rows that a decision or a choice cannot do without.

        Raises:
            BadEntry: what they are about is not one network.
        """
        chosen = guide_choice.words(self.choose_guide) if self.choose_guide else ()
        return (*(roles(self.decide).words if self.decide else ()), *chosen)


def evaluate(plan: Plan, told: Told) -> dict:
    """Run ``plan``, write the report, return what ``report.json`` holds.

    Raises:
        BadCases, BadEntry, FileNotFoundError: a sentence each. MethodError, Missing: what a decision needs is not
            there. NoDevice: the device failed on the way; what was done is kept.
    """
    try:
        return _evaluate(plan, told)
    except Exception as error:
        sentence = device.failed(plan.device, error)
        if sentence is None:
            raise
        raise sentence from error


def _evaluate(plan: Plan, told: Told) -> dict:
    compared = roles(plan.decide) if plan.decide else None
    cases = load_cases(plan.cases, plan.half, plan.kinds, plan.limit)
    networks, networks_key = metrics.Networks(str(plan.weights)), _networks_key(plan.weights)
    people, missing = _gather(plan)
    for sentence in missing:
        told(sentence)
    for someone in people:
        if isinstance(someone, MethodContestant):
            told(f"Warming up {someone.title} …")
            someone.answer(warm_up_case())
    titles = {someone.name: someone.title for someone in people}
    pictures: list[tuple[str, bytes]] = []

    guide = compared.plain if compared else _guide(plan.methods)

    def look(opened: OpenCase, rows: list[Row]) -> None:
        if guide:
            note_layout(opened, rows, guide)
        if plan.sheets:
            pictures.append((opened.case.name, as_jpeg(sheet(opened, rows, titles, max(plan.count, 3)))))

    keeper = Keeper(plan.cache or plan.report / "cache")
    rows = run(cases, people, keeper, networks, networks_key, told, look)
    ours = [someone.name for someone in people if is_ours(someone.name)]
    result = {
        "about": _about(plan, cases, networks, people, networks_key),
        "titles": titles,
        "missing": missing,
        "summary": summarise(rows, ours),
        "rows": [_plain(row) for row in rows],
    }
    if plan.decide:
        result["decision"] = dataclasses.asdict(decide(rows, plan.decide))
    if plan.choose_guide:
        choice = guide_choice.choose(rows, plan.choose_guide)
        guide_choice.write(choice)
        result["guide_choice"] = {**dataclasses.asdict(choice), "sentence": choice.sentence}
    page = write_report(plan.report, result, pictures)
    told(f"The report is {page}")
    return result


def text_of(result: dict) -> str:
    """The figures of a result as Markdown tables, group by group."""
    parts = [f"{result[key]['sentence']}\n" for key in ("decision", "guide_choice") if key in result]
    for group, figures in result["summary"].items():
        parts.append(f"### {group}: {figures['cases']} cases on {figures['photographs']} photographs\n")
        head, *lines = table(result["summary"], group, result["titles"])
        parts.append("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        parts += ["| " + " | ".join(line) + " |" for line in lines]
        parts.append("")
        parts += [f"- {sentence}" for sentence in sentences(result["summary"], group)]
        parts.append("")
    return "\n".join(parts)


def warm_up_case() -> OpenCase:
    """A small invented case, so that compilation and loading are not counted as a fill's cost."""
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[32:64, 32:64] = True
    whole = Region(0, 0, 96, 96)
    return OpenCase(Case("warm-up", Path(), Path(), "box", "tune", 0), photo, hole, (whole,), whole)


def _gather(plan: Plan) -> tuple[list[Contestant], list[str]]:
    """Who takes part, and a sentence for each who cannot; a decision does without nobody."""
    words = list(dict.fromkeys((*plan.needed, *plan.methods)))
    network = network_of([plan.decide, *words] if plan.decide else words)
    people: list[Contestant] = []
    missing: list[str] = []
    for word in words:
        try:
            people.append(contestant(word, plan.preset, plan.count, plan.pool, network, plan.device))
        except (Missing, MethodError) as absent:
            if word in plan.needed:
                raise
            missing.append(str(absent))
    return people, missing


def _guide(words: Sequence[str]) -> str | None:
    """The network's plain fill, where one takes part: what the others' layouts are compared with."""
    return next((word for word in words if word != "original" and is_guide(word)), None)


def _about(
    plan: Plan,
    cases: Sequence[Case],
    networks: metrics.Networks,
    people: Sequence[Contestant],
    networks_key: str,
) -> dict:
    about = {
        "half": plan.half or "both",
        "cases": len(cases),
        "preset": plan.preset,
        "shown": plan.count,
        "pool": plan.pool or "the preset's",
        "perceptual distance": networks.lpips_name,
        "KID": f"{networks.kid_name} (not Inception: compare within this page only)",
        "sources": source_fingerprint(),
        "machine": f"{platform.machine()} {platform.system()}",
        "networks on": device.described(plan.device),
    }
    everything = json.dumps(
        [sorted(p.key for p in people), [c.name for c in cases], networks_key, metrics.VERSION]
    )
    return {**about, "configuration": hashlib.sha256(everything.encode()).hexdigest()[:16]}


def _networks_key(folder: Path) -> str:
    from pluripaint.layers.feature_networks import DARKNET_FILE, LPIPS_HEADS_FILE, SQUEEZENET_FILE

    digest = hashlib.sha256()
    for name in (SQUEEZENET_FILE, LPIPS_HEADS_FILE, DARKNET_FILE):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:8]


def _plain(row: Row) -> dict:
    kept = {key: value for key, value in row.measures.items() if not key.startswith("kid_")}
    return {"contestant": row.contestant, "case": row.case.name, "kind": row.case.kind, **kept}
