"""Weights by name, guides with and without detail, mixed pools, and what the table decides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from evaluating import SIDE, picture
from PIL import Image

from pluripaint.cli.evaluate import command
from pluripaint.evaluation import cases as case_files
from pluripaint.evaluation import decision, entries, evaluate, metrics
from pluripaint.evaluation.cases import Case, OpenCase
from pluripaint.evaluation.contestants import contestant
from pluripaint.evaluation.run import Row
from pluripaint.methods import records, registry
from pluripaint.methods.exemplar import Exemplar
from pluripaint.methods.put_fdm.method import PutFdmMethod


@pytest.fixture
def opened() -> OpenCase:
    hole = np.zeros((SIDE, SIDE), bool)
    hole[30:62, 34:70] = True
    whole = case_files.Region(0, 0, SIDE, SIDE)
    return OpenCase(Case("case", Path(), Path(), "box", "report", 5), picture(0), hole, (whole,), whole)


def fills(word: str, opened: OpenCase, count: int = 2, words: tuple[str, ...] = ()) -> list[np.ndarray]:
    network = entries.network_of([word, *words])
    answers = contestant(word, "fast", count, network=network).answer(opened)
    assert len(answers.shown) == count
    assert all((one.image[~opened.hole] == opened.photo[~opened.hole]).all() for one in answers.shown)
    return [one.image for one in answers.unsorted]


def roughness(image: np.ndarray, opened: OpenCase) -> float:
    return metrics.sharpness(image, opened.hole)


def test_a_word_says_weights_finish_and_pool() -> None:
    assert entries.parsed("exemplar+put_fdm@a.b-c:grow=.5+telea:detail") == [
        entries.Part("exemplar"),
        entries.Part("put_fdm", "a.b-c", "grow", 0.5),
        entries.Part("telea", None, "detail"),
    ]
    for word in ("put_fdm@", "put_fdm:nice", "a b", "exemplar+", "put_fdm:plain=2", "put_fdm:start=5"):
        with pytest.raises(entries.BadEntry):
            entries.parsed(word)


def test_weights_are_named(home: Path, opened: OpenCase) -> None:
    one, again, two = (fills(f"put_fdm@{name}", opened)[0] for name in ("toy.one", "toy.one", "toy.two"))
    assert np.array_equal(one, again) and not np.array_equal(one, two)
    with pytest.raises(registry.MethodError, match=r"toy\.three"):
        contestant("put_fdm@toy.three", "fast", 1)


def test_plain_leaves_the_detail_step_out(home: Path, opened: OpenCase) -> None:
    plain, detailed, grown = (
        fills(f"put_fdm@toy.one{finish}", opened)[0] for finish in (":plain", ":detail", ":grow=0.3")
    )
    assert np.array_equal(detailed, fills("put_fdm@toy.one", opened)[0]), "the product's own is with detail"
    assert roughness(plain, opened) < 0.7 * roughness(detailed, opened)
    assert not np.array_equal(detailed, grown)


def test_the_record_says_how_far_the_guide_is_trusted(home: Path, opened: OpenCase) -> None:
    grown = fills("put_fdm@toy.one:grow=0.3", opened)[0]
    path, _ = registry.weights_file("put_fdm", "toy.one")
    records.note(path, guide={"mode": "grow", "weight": 0.3})
    assert np.array_equal(fills("put_fdm@toy.one", opened)[0], grown)
    records.note(path, guide={"mode": "loud"})
    with pytest.raises(registry.MethodError, match="guide"):
        registry.load("put_fdm", "toy.one")


def test_a_peer_stands_in_the_networks_place(home: Path, opened: OpenCase) -> None:
    """Telea sees 16 px as the network does, and gets its detail in the same mode and weight."""
    plain = fills("telea:plain", opened, words=("put_fdm@toy.one",))[0]
    detailed = fills("telea:detail", opened, words=("put_fdm@toy.one:start=2",))
    assert roughness(plain, opened) < 0.7 * roughness(detailed[0], opened)
    assert not np.array_equal(detailed[0], detailed[1]), "another seed, other patches"
    for word in ("put_fdm@toy.one:grow=1", "put_fdm@toy.one:start=4"):
        assert not np.array_equal(fills("telea:detail", opened, words=(word,))[0], detailed[0])
    with pytest.raises(entries.BadEntry, match="METHOD@WEIGHTS"):
        contestant("telea:detail", "fast", 1)


@pytest.mark.parametrize("word", ["exemplar:plain", "telea@toy.one:detail"])
def test_what_cannot_be_finished_so_is_said(home: Path, word: str) -> None:
    with pytest.raises(entries.BadEntry):
        contestant(word, "fast", 1, network=registry.load("put_fdm", "toy.one").info)


@pytest.mark.parametrize(("word", "drawn"), [("exemplar", [7]), ("exemplar+put_fdm@toy.one", [4, 3])])
def test_a_mixed_pool_draws_as_many_as_a_pool_of_one(
    home: Path, opened: OpenCase, monkeypatch: pytest.MonkeyPatch, word: str, drawn: list[int]
) -> None:
    asked: list[int] = []
    for kind in (Exemplar, PutFdmMethod):

        def fill(self, scene, seeds, options, progress, whole=kind.fill):
            asked.append(len(seeds))
            return whole(self, scene, seeds, options, progress)

        monkeypatch.setattr(kind, "fill", fill)
    answers = contestant(word, "fast", 4, 7).answer(opened)
    assert asked == drawn
    assert set(answers.notes["methods"].split()) == {part.name for part in entries.parsed(word)}


def test_layouts_are_compared_by_cells() -> None:
    hole = np.ones((20, 20), bool)
    one = np.full((20, 20, 3), 100, np.uint8)
    checked = one.copy()
    checked[::2, ::2], checked[1::2, 1::2] = 110, 90
    assert metrics.layout_distance(checked, one, hole) < 1 < metrics.layout_distance(one + 20, one, hole)
    half = one.copy()
    half[:, 10:] = 160
    hole[:, 10:] = False
    assert metrics.layout_distance(half, one, hole) == 0, "only the hole counts"
    assert metrics.inner_radius(hole) == pytest.approx(5, abs=0.5)


NAMED = decision.roles("put_fdm@w")


def table(cases: int = 24, photographs: int = 12, radius: float = 40, **changed: float) -> list[Row]:
    """A table in which the network wins everything, but for what ``role__measure`` changes."""
    ours = {"detailed__percep": 0.10, "mixed__percep": 0.11, "detailed__to_guide": 2.0}
    wanted = ours | changed
    rows = []
    for k in range(cases):
        case = Case(f"c{k}", Path(f"p{k % photographs}"), Path(), "box", "report", 0)
        for role in ("plain", "detailed", "classical", "exemplar", "mixed"):
            value = wanted.get(f"{role}__percep", 0.12) + 0.001 * (k % 3)
            measures = {
                "percep": [value, value - 0.01],
                "inner_radius": radius,
                "to_guide": wanted.get(f"{role}__to_guide", 6.0),
            }
            rows.append(Row(getattr(NAMED, role), case, measures, []))
    return rows


def test_who_wins_everything_ships_and_is_in_auto() -> None:
    found = decision.decide(table(), "put_fdm@w")
    assert found.ships and found.in_auto
    assert (
        found.sentence.startswith("put_fdm@w ships: with detail it beats Telea")
        and "takes it in" in found.sentence
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classical__percep": 0.09}, "is not shown to beat Telea"),
        ({"exemplar__percep": 0.095}, "64 px wide it is worse than exemplar"),
        ({"detailed__to_guide": 7.0}, "is not shown to stay nearer its own guide"),
        ({"photographs": 5}, "5 photographs are too few"),
        (
            {"radius": 20.0},
            "0 photographs are too few to say whether on holes at least 64 px wide it is no worse",
        ),
    ],
)
def test_one_condition_that_fails_is_enough_and_is_named(change: dict[str, float], words: str) -> None:
    found = decision.decide(table(**change), "put_fdm@w")
    assert not found.ships and not found.in_auto
    assert words in found.sentence and found.sentence.count(".\n") == 0
    assert "does not ship, and auto leaves it out" in found.sentence


def test_auto_asks_more_than_shipping() -> None:
    found = decision.decide(table(mixed__percep=0.13), "put_fdm@w")
    assert found.ships and not found.in_auto
    assert "auto leaves it out: the mixed pool's best of 3 is not shown to beat" in found.sentence


def test_a_difference_that_may_be_chance_is_not_shown() -> None:
    rows = table()
    for row in rows:
        if row.contestant == NAMED.detailed and int(row.case.name[1:]) % 12 < 2:
            row.measures["percep"] = [0.2, 0.19]
    found = decision.decide(rows, "put_fdm@w")
    (check,) = (check for check in found.checks if check.name == "beats_classical")
    assert not check.passed and check.figure.low < 0 < check.figure.high


class PlainJudges:
    lpips_name, kid_name = "plain difference", "mean colour"

    def perceptual(self, fills, photo):
        pairs = [np.abs(a.astype(float) - b).mean() for i, a in enumerate(fills) for b in fills[:i]]
        apart = [float(np.abs(fill.astype(float) - photo).mean()) for fill in fills]
        return apart, float(np.mean(pairs)) if pairs else float("nan")

    def kid_features(self, image):
        return [float(v) for v in image.mean((0, 1))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three report cases on three photographs, and one to tune on."""
    place = tmp_path / "dev" / "cases"
    place.mkdir(parents=True)
    lines = []
    for k in range(4):
        hole = np.zeros((SIDE, SIDE), np.uint8)
        hole[26 : 60 + 2 * k, 30:66] = 255
        Image.fromarray(picture(k)).save(tmp_path / "dev" / f"photo{k}.png")
        Image.fromarray(hole).convert("1").save(place / f"hole{k}.png")
        case = {"id": f"case{k}", "photo": f"photo{k}.png", "mask": f"hole{k}.png", "seed": k, "kind": "box"}
        lines.append(json.dumps(case | {"half": "report" if k else "tune"}))
    (place / "cases.jsonl").write_text("\n".join(lines) + "\n")
    return place


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "Networks", lambda folder: PlainJudges())
    monkeypatch.setattr(evaluate, "_networks_key", lambda folder: "plain")


def test_one_command_makes_the_table_and_decides(
    home: Path, folder: Path, judged: None, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = [
        "--decide",
        "put_fdm@toy.one",
        "--cases",
        str(folder),
        "--weights",
        str(tmp_path),
        "--preset",
        "fast",
    ]
    done = CliRunner().invoke(command, [*words, "-n", "2", "--report", str(out)])
    assert done.exit_code == 0, done.output
    assert "put_fdm@toy.one does not ship, and auto leaves it out" in done.output
    report = json.loads((out / "report.json").read_text())
    assert report["about"]["half"] == "report" and report["about"]["cases"] == 3
    found = report["summary"]["small"]["contestants"]
    assert list(found) == list(decision.roles("put_fdm@toy.one").words)
    assert found["put_fdm@toy.one:plain"]["to_guide"]["value"] == 0
    assert 0 < found["put_fdm@toy.one"]["to_guide"]["value"] < found["exemplar"]["to_guide"]["value"]
    assert report["decision"]["ships"] is False
    assert [check["name"] for check in report["decision"]["checks"]][:3] == [
        "beats_classical",
        "wide_holes",
        "keeps_its_layout",
    ]
    page = (out / "report.html").read_text()
    assert "÷ 8 to guide" in page and report["decision"]["sentence"].replace("'", "&#x27;") in page


def test_a_decision_is_never_made_on_what_chose(
    home: Path, folder: Path, judged: None, tmp_path: Path
) -> None:
    words = ["--cases", str(folder), "--weights", str(tmp_path), "--report", str(tmp_path / "out")]
    for more, said in (
        (["--decide", "put_fdm@toy.one", "--half", "tune"], "report half"),
        (["--decide", "put_fdm"], "no default weights yet"),
        (["--decide", "exemplar+put_fdm@toy.one"], "cannot be decided on"),
        (["--decide", "exemplar"], "has no detail step"),
        (["--choose-guide", "put_fdm@toy.one", "--half", "report"], "tune half"),
        (["--choose-guide", "put_fdm@toy.one", "--decide", "put_fdm@toy.one"], "one at a time"),
        (["--choose-guide", "put_fdm@toy.one:grow"], "no guide to choose"),
        (["--methods", "put_fdm@"], "nobody who could take part"),
    ):
        done = CliRunner().invoke(command, [*words, *more])
        assert done.exit_code == 2 and said in done.output, done.output
    assert not (tmp_path / "out").exists()


def test_a_guide_is_chosen_on_the_tune_half_and_written_down(
    home: Path, folder: Path, judged: None, tmp_path: Path
) -> None:
    before = registry.load("put_fdm", "toy.one").weights_sha256
    words = ["--choose-guide", "put_fdm@toy.one", "--cases", str(folder), "--weights", str(tmp_path)]
    done = CliRunner().invoke(
        command, [*words, "--preset", "fast", "-n", "1", "--report", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["about"]["half"] == "tune" and report["about"]["cases"] == 1
    figures = report["guide_choice"]["figures"]
    best = min(figures, key=figures.__getitem__)
    assert f"best with {best} on 1 cases" in done.output and len(set(figures.values())) > 2
    info = registry.load("put_fdm", "toy.one").info
    assert f"{info.guide_mode}={info.guide_weight:g}" == best
    _, record = registry.weights_file("put_fdm", "toy.one")
    assert record["figures"]["guide"][best] == figures[best] and record["sha256"] == before
