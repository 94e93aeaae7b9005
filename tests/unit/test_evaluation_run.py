"""A whole evaluation on invented cases: our method through the pipeline, peers beside it, kept, reported."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from evaluating import PlainJudges, picture
from PIL import Image

from pluripaint.cli.evaluate import command
from pluripaint.evaluation import cases as case_files
from pluripaint.evaluation import metrics, peers, summary
from pluripaint.evaluation.cases import Case, crop
from pluripaint.evaluation.contestants import contestant, measured
from pluripaint.evaluation.run import Keeper, Row, run


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch) -> Path:
    place = tmp_path / "programs"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


def test_halves_kinds_and_limits_choose(folder):
    assert [c.name for c in case_files.load_cases(folder, "report")] == ["case2", "case3"]
    assert [c.name for c in case_files.load_cases(folder / "cases.jsonl", limit=1)] == ["case0"]
    with pytest.raises(case_files.BadCases, match="No case"):
        case_files.load_cases(folder, kinds=["large"])
    with pytest.raises(case_files.BadCases, match=r"cases\.jsonl"):
        case_files.load_cases(folder.parent)


def test_a_broken_line_and_a_missing_photograph_are_named(folder):
    (folder / "cases.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(case_files.BadCases, match="Line 1"):
        case_files.load_cases(folder)
    (folder / "cases.jsonl").write_text('{"id": "x", "photo": "gone.png"}\n')
    with pytest.raises(case_files.BadCases, match=r"gone\.png"):
        case_files.load_cases(folder)


def test_what_is_looked_at_holds_the_hole_and_a_margin(folder):
    opened = case_files.open_case(case_files.load_cases(folder)[0])
    assert crop(opened.hole, opened.box).sum() == opened.hole.sum()
    assert (opened.box.left, opened.box.top) == (30 - 16, 26 - 16)
    assert (opened.box.right, opened.box.bottom) == (66 + 16, 60 + 16)
    small = case_files.open_case(case_files.load_cases(folder)[3]).box
    assert min(small.width, small.height) >= case_files.LEAST_MEASURED_SIDE
    assert not opened.wiped[opened.hole].any()


@pytest.mark.parametrize("name", ["mean", "telea", "navier-stokes", "exemplar"])
def test_nothing_sees_the_hole_and_nothing_else_changes(folder, name):
    first = case_files.open_case(case_files.load_cases(folder)[0])
    other_photo = np.where(first.hole[..., None], 255 - first.photo, first.photo)
    second = case_files.OpenCase(first.case, other_photo, first.hole, first.regions, first.box)
    someone = contestant(name, "fast", 2)
    a, b = someone.answer(first), someone.answer(second)
    for x, y in zip(a.shown, b.shown):
        np.testing.assert_array_equal(x.image, y.image)
        np.testing.assert_array_equal(x.image[~first.hole], first.photo[~first.hole])
        assert x.image[first.hole].any()


def test_our_first_drawn_are_told_from_the_shown(folder):
    opened = case_files.open_case(case_files.load_cases(folder)[0])
    answers = contestant("exemplar", "best", 2).answer(opened)
    assert len(answers.shown) == len(answers.unsorted) == 2
    assert [answer.draw for answer in answers.unsorted] == [0, 1]
    assert answers.notes["methods"] == "exemplar exemplar"


def test_the_cost_of_a_called_program_counts(folder, programs):
    burn = "import shutil, time\nwhile time.process_time() < 0.5: pass\nshutil.copy(sys.argv[1], sys.argv[3])"
    program(programs, "inpaint-burner", burn)
    answers = measured(
        contestant("burner", "fast", 1), case_files.open_case(case_files.load_cases(folder)[0])
    )
    assert answers.cpu_seconds > 1.4 and len(answers.shown) == peers.PEER_FILLS


def test_a_program_gets_picture_hole_and_seed(folder, programs):
    paint = (
        "import cv2\nimage, hole = cv2.imread(sys.argv[1]), cv2.imread(sys.argv[2], 0)\n"
        "image[hole > 0] = (int(sys.argv[4]) + 1) * 10\ncv2.imwrite(sys.argv[3], image)"
    )
    program(programs, "inpaint-painter", paint)
    opened = case_files.open_case(case_files.load_cases(folder)[0])
    shown = contestant("painter", "fast", 1).answer(opened).shown
    assert [int(answer.image[opened.hole].mean()) for answer in shown] == [10, 20, 30]
    assert all((answer.image[~opened.hole] == opened.photo[~opened.hole]).all() for answer in shown)


def test_a_peer_that_is_not_there_is_named():
    with pytest.raises(peers.Missing, match="inpaint-nobody"):
        contestant("nobody", "fast", 1)


def test_a_peer_that_breaks_is_left_out_of_its_case_and_told_of(folder, programs, tmp_path):
    program(programs, "inpaint-faulty", "sys.exit('no luck today')")
    told: list[str] = []
    cases = case_files.load_cases(folder, limit=1)
    people = [contestant(name, "fast", 1) for name in ("mean", "faulty")]
    rows = run(cases, people, Keeper(tmp_path / "kept"), PlainJudges(), "plain", told.append)
    assert [row.contestant for row in rows] == ["mean"]
    assert any("no luck today" in sentence for sentence in told)


def test_a_run_goes_on_where_it_was_cut(folder, programs, tmp_path):
    count = tmp_path / "count"
    body = f"import shutil\nopen({str(count)!r}, 'a').write('.')\nshutil.copy(sys.argv[1], sys.argv[3])"
    program(programs, "inpaint-counter", body)
    cases, someone, keeper = case_files.load_cases(folder), contestant("counter", "fast", 1), Keeper(tmp_path)

    def cut(sentence: str) -> None:
        if sentence.startswith("2/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cases, [someone], keeper, PlainJudges(), "plain", cut)
    assert len(count.read_text()) == 2 * peers.PEER_FILLS
    rows = run(cases, [someone], keeper, PlainJudges(), "plain")
    assert len(count.read_text()) == 4 * peers.PEER_FILLS and len(rows) == 4
    again = run(cases, [someone], keeper, PlainJudges(), "plain")
    assert len(count.read_text()) == 4 * peers.PEER_FILLS
    assert [row.measures for row in again] == [row.measures for row in rows]


def test_another_configuration_is_not_taken_from_what_was_kept(folder, tmp_path):
    case, keeper = case_files.load_cases(folder)[0], Keeper(tmp_path)
    places = {keeper.place(contestant("exemplar", *rest), case) for rest in (("fast", 2), ("best", 2))}
    assert len(places) == 2
    before = keeper.place(contestant("mean", "fast", 1), case)
    Image.fromarray(picture(9)).save(case.photo)
    assert keeper.place(contestant("mean", "fast", 1), case) != before


def test_figures_are_paired_and_best_of_n_is_at_equal_n(tmp_path):
    def row(name: str, k: int, percep: list[float]) -> Row:
        case = Case(f"c{k}", Path(f"p{k // 2}"), Path(), "blob", "report", 0)
        one = {key: [1.0] * len(percep) for key in ("sharp", "seam", "colour", "psnr", "ssim")}
        cost = {"cpu_seconds": 4.0, "wall_seconds": 2.0, "peak_mebibytes": 10.0, "notes": {"methods": "ours"}}
        kid = {"kid_features": [[0.0, 1.0]] * len(percep), "kid_photo": [0.0, 1.0]}
        measures = {"percep": percep, "percep_unsorted": [0.5], "diversity": 0.1, **one, **cost, **kid}
        return Row(name, case, measures, [])

    rows = [row("ours", k, [0.1, 0.3, 0.3, 0.05]) for k in range(6)]
    rows += [row("matchpatch", k, [0.5, 0.25, 0.3]) for k in range(6)]
    rows += [row("resynthesizer", k, [0.5, 0.5, 0.5]) for k in range(5)]
    small = summary.summarise(rows, ["ours"])["small"]
    assert (small["cases"], small["photographs"]) == (5, 3)
    ours, against = small["contestants"]["ours"], small["against"]["ours"]
    assert ours["percep"]["value"] == pytest.approx(0.1875)
    assert ours["best_of_3"]["value"] == pytest.approx(0.1)
    assert ours["cpu_seconds"]["value"] == pytest.approx(1.0)
    assert against["better_peer"] == "matchpatch"
    assert against["ratio"]["mean"]["value"] == pytest.approx(0.1875 / 0.35)
    assert against["ratio"]["best_of_3"]["value"] == pytest.approx(0.1 / 0.25)
    assert against["wins"]["resynthesizer"]["value"] == 1
    assert against["first_minus_unsorted"]["high"] == pytest.approx(-0.4)


def test_the_command_writes_one_page_and_one_json(folder, tmp_path, monkeypatch):
    from pluripaint.evaluation import evaluate

    judges = PlainJudges()
    judges.lpips_name, judges.kid_name = "plain difference", "mean colour"
    monkeypatch.setattr(metrics, "Networks", lambda folder: judges)
    monkeypatch.setattr(evaluate, "_networks_key", lambda folder: "plain")
    out = tmp_path / "out"
    words = [
        "--methods",
        "exemplar,original,mean,telea,nobody,eighth,eighth:detail",
        "--cases",
        str(folder),
        "--weights",
        str(tmp_path),
    ]
    done = CliRunner().invoke(command, [*words, "--preset", "fast", "-n", "2", "--report", str(out)])
    assert done.exit_code == 0, done.output
    assert "nobody is missing" in done.output and "| exemplar (fast) |" in done.output
    report = json.loads((out / "report.json").read_text())
    figures = report["summary"]["small"]["contestants"]
    assert figures["original"]["percep"]["value"] == 0 and figures["original"]["sharp"]["value"] == 1
    assert figures["eighth:detail"]["sharp"]["value"] > figures["eighth"]["sharp"]["value"]
    assert figures["exemplar"]["fills"] == 2 and figures["exemplar"]["diversity"]["value"] > 0
    assert report["summary"]["small"]["against"]["exemplar"]["shares"] == {"exemplar": 1.0}
    page = (out / "report.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 4 and "http" not in page
    assert report["about"]["configuration"] in page


def test_bad_input_is_a_sentence_and_exit_2(tmp_path):
    words = ["--cases", str(tmp_path), "--weights", str(tmp_path), "--report", str(tmp_path / "out")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 2 and "cases.jsonl" in done.output and not (tmp_path / "out").exists()
