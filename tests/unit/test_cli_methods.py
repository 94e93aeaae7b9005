"""``pluripaint methods``: what is here, what is not, and what would take minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from pluripaint.cli import main
from pluripaint.cli import methods as verb
from pluripaint.methods import records
from pluripaint.methods.put_fdm import cost
from pluripaint.methods.put_fdm.config import CONFIGS


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLURIPAINT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "220")

    def listing() -> str:
        result = CliRunner().invoke(main, ["methods"])
        assert result.exit_code == 0, result.output
        return result.output

    return listing


def record(name: str, config: str) -> None:
    sizes = CONFIGS[config].to_json()
    records.save(records.Record("put_fdm", name, sizes, "my photographs", "CC0-1.0", steps={"codec": 9}),
                 {"x": torch.zeros(1)})  # fmt: skip


def test_an_untrained_method_says_so_and_how_to_help_it(said) -> None:
    assert "put_fdm has no default weights yet: import or train some." in said()


def test_own_weights_are_listed_with_their_record(said) -> None:
    record("holiday", "small")
    listed = said()
    assert "holiday" in listed and "my photographs" in listed and "codec 9" in listed and "CC0-1.0" in listed
    assert "minutes" not in listed
    assert "put_fdm has no default weights yet" in listed, "own weights are not the method's default"


def test_a_model_that_needs_minutes_is_warned_of(said, monkeypatch: pytest.MonkeyPatch) -> None:
    record("published", "fdm-places")
    monkeypatch.setattr(verb, "_matrix_speed", lambda: 1e11)
    # 256 forwards of 150.7 G multiply-adds at half of 100 GFLOP/s: about 26 minutes.
    assert "published needs about 26 minutes for one fill" in said()
    monkeypatch.setattr(verb, "_matrix_speed", lambda: 1e14)
    assert "minutes" not in said()


def test_a_broken_record_hides_nothing(said, tmp_path: Path) -> None:
    record("holiday", "small")
    path = tmp_path / "weights" / "holiday.json"
    path.write_text(path.read_text().replace('"config"', '"konfig"'))
    assert "holiday" in said()


def test_work_is_counted_as_the_papers_tables_say() -> None:
    published = CONFIGS["fdm-places"]
    assert cost.attended(published.tokens, 1024, 1024) / 1e9 == pytest.approx(150.7, rel=0.005)
    assert cost.attended(CONFIGS["tpami-places"].tokens, 1024, 1024) / 1e9 == pytest.approx(112.9, rel=0.01)
    assert cost.decoder(published.codec, 1024) / 1e9 == pytest.approx(14.3, rel=0.02)
    assert cost.forwards(published, 256) == 256 and cost.forwards(CONFIGS["tpami-places"], 256) == 13
    assert cost.fill(CONFIGS["small"].to_json()) < cost.fill(published.to_json()) / 1000
