"""Where an evaluation runs its networks: the choice, what is said about it, and a card that fails on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from evaluating import PlainJudges

from pluripaint.cli.evaluate import command
from pluripaint.evaluation import device, evaluate, metrics
from pluripaint.evaluation.contestants import MethodContestant, contestant
from pluripaint.methods import registry
from pluripaint.methods.put_fdm.method import PutFdmMethod

NOT_BUILT_IN = AssertionError("Torch not compiled with CUDA enabled")
TWO_CARDS = ("cuda:0", "cuda:1", "cpu")


@pytest.fixture
def works(monkeypatch):
    """Has PyTorch find a card that works, or say why not."""
    zeros = torch.zeros

    def give(error: Exception | None) -> None:
        def asked(*sizes, device=None, **more):
            if device in (None, "cpu"):
                return zeros(*sizes, **more)
            if error:
                raise error
            return zeros(*sizes, **more)

        monkeypatch.setattr(torch, "zeros", asked)

    return give


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("auto", TWO_CARDS, "cuda:0"),
        ("auto", ("mps", "cpu"), "mps"),
        ("auto", ("cpu",), "cpu"),
        ("cpu", TWO_CARDS, "cpu"),
        ("cuda:1", TWO_CARDS, "cuda:1"),
        ("cuda", ("cpu",), "cuda"),
    ],
)
def test_a_card_that_works_is_taken_where_it_is_wanted(works, wanted, offered, expected):
    works(None)
    told = []
    assert device.chosen(wanted, offered, told.append) == expected and not told


def test_a_card_that_is_there_and_does_not_work_is_told_of(works):
    works(NOT_BUILT_IN)
    told = []
    assert device.chosen("auto", TWO_CARDS, told.append) == "cpu"
    assert told == [
        "cuda:0 cannot be used (Torch not compiled with CUDA enabled); networks run on the processor."
    ]


def test_a_card_that_was_named_and_does_not_work_is_refused(works):
    works(RuntimeError("CUDA error: invalid device ordinal\nCUDA kernel errors might …"))
    with pytest.raises(device.NoDevice, match=r"cuda:7 cannot be used here \(CUDA error: invalid device ord"):
        device.chosen("cuda:7", TWO_CARDS, print)


def test_networks_are_loaded_onto_the_device_and_kept_apart_from_the_processors(home, monkeypatch):
    loaded = []
    from_weights = PutFdmMethod.from_weights
    monkeypatch.setattr(
        PutFdmMethod,
        "from_weights",
        lambda path, record, device: loaded.append(device) or from_weights(path, record, "cpu"),
    )
    keys = {
        (word, place): contestant(word, "fast", 1, device=place).key
        for word in ("put_fdm@toy.one", "put_fdm@toy.one+exemplar", "exemplar", "mean")
        for place in ("cpu", "cuda:1")
    }
    assert loaded == ["cpu", "cuda:1"] * 2
    for word in ("put_fdm@toy.one", "put_fdm@toy.one+exemplar"):
        assert keys[word, "cuda:1"] == keys[word, "cpu"] + " on cuda"
    for word in ("exemplar", "mean"):
        assert keys[word, "cuda:1"] == keys[word, "cpu"]


def test_auto_is_loaded_onto_the_device_as_well(monkeypatch):
    asked = []
    load = registry.load
    monkeypatch.setattr(
        registry, "load", lambda name, weights=None, device="cpu": asked.append(device) or load(name)
    )
    contestant("auto", "fast", 1, device="mps")
    assert set(asked) == {"mps"}


# ------------------------------------------------------------------------------------------ the command


@pytest.fixture
def evaluated(folder, tmp_path, monkeypatch):
    """Runs the command on four invented cases."""
    judges = PlainJudges()
    judges.lpips_name, judges.kid_name = "plain difference", "mean colour"
    monkeypatch.setattr(metrics, "Networks", lambda folder: judges)
    monkeypatch.setattr(evaluate, "_networks_key", lambda folder: "plain")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    out = tmp_path / "out"

    def run(*words: str) -> tuple[Result, Path]:
        places = ["--cases", str(folder), "--weights", str(tmp_path), "--report", str(out)]
        asked = ["--methods", "exemplar,mean", "--preset", "fast", "-n", "1", "--no-sheets", *words]
        return CliRunner().invoke(command, [*places, *asked]), out

    return run


def test_without_a_card_that_works_the_report_says_cpu(evaluated, works):
    works(NOT_BUILT_IN)
    done, out = evaluated()
    assert done.exit_code == 0, done.output
    assert "cuda:0 cannot be used" in done.output and '"networks on": "cpu (' in (
        out / "report.json"
    ).read_text().replace("\n", "")


@pytest.mark.parametrize(("named", "words"), [("cuda", "cannot be used here"), ("gpu", "is no device")])
def test_a_device_that_cannot_be_had_is_a_sentence_and_exit_2(evaluated, works, named, words):
    works(NOT_BUILT_IN)
    done, out = evaluated("--device", named)
    assert done.exit_code == 2 and words in done.output and not out.exists()


def test_a_card_whose_memory_runs_out_ends_the_run_with_a_sentence_and_keeps_what_is_done(
    evaluated, works, monkeypatch
):
    works(None)
    answer, calls = MethodContestant.answer, []

    def full_at_the_third(self, opened):
        calls.append(opened.case.name)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return answer(self, opened)

    monkeypatch.setattr(MethodContestant, "answer", full_at_the_third)
    done, _ = evaluated()
    assert done.exit_code == 2 and "cuda:0 has no memory left; run again with --device cpu" in done.output
    assert calls == ["warm-up", "case0", "case1"]
    done, _ = evaluated("--device", "cpu")
    assert done.exit_code == 0 and calls[3:] == ["warm-up", "case1", "case2", "case3"], "case0 was kept"


def test_an_error_that_is_not_the_cards_is_no_sentence_about_it(evaluated, works, monkeypatch):
    works(None)
    monkeypatch.setattr(MethodContestant, "answer", lambda self, opened: 1 / 0)
    assert isinstance(evaluated()[0].exception, ZeroDivisionError)
