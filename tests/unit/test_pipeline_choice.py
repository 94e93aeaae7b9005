"""Which of the candidates drawn are shown, and in which order."""

from __future__ import annotations

from toys import Progress, SmallToy, Toy, make_photo, make_selection

from pluripaint import pipeline
from pluripaint.pipeline import Settled
from pluripaint.pipeline.choice import Choice
from pluripaint.pipeline.photo_job import request_for


def test_near_duplicates_give_way_to_the_next_that_differs() -> None:
    choice: Choice[float] = Choice(2, lambda a, b: abs(a - b), 0.5)
    for value, score in ((0.0, 5.0), (0.01, 4.0), (1.0, 3.0), (0.5, 1.0)):
        choice.add("m", score, value)
    assert choice.shown() == [0.0, 1.0]


def test_where_too_few_differ_duplicates_fill_up() -> None:
    choice: Choice[tuple[float, int]] = Choice(3, lambda a, b: abs(a[0] - b[0]), 0.5)
    for k in range(3):
        choice.add("m", -k, (0.0, k))
    assert [k for _, k in choice.shown()] == [0, 1, 2]


def test_what_is_far_from_all_others_must_be_much_better_to_come_first() -> None:
    def first(outlier_score: float) -> float:
        choice: Choice[float] = Choice(1, lambda a, b: abs(a - b), 0.0)
        for value, score in ((0.0, 0.1), (0.1, 0.0), (0.2, 0.1), (0.3, 0.0), (2.0, outlier_score)):
            choice.add("m", score, value)
        return choice.shown()[0]

    assert first(1.0) in (0.0, 0.2) and first(3.0) == 2.0


def test_each_kind_has_a_place_where_enough_are_shown() -> None:
    def shown(count: int) -> list[float]:
        choice: Choice[float] = Choice(count, lambda a, b: abs(a - b), 0.0)
        for k in range(4):
            choice.add("m", 9.0 - k, 1.0 + k / 10)
            choice.add("m", -k, 1.05 + k / 10, "coarse")
        return choice.shown()

    assert shown(4) == [1.0, 1.1, 1.2, 1.05] and shown(3) == [1.0, 1.1, 1.2]


def test_methods_are_interleaved_by_rank_whatever_their_scores_are() -> None:
    choice: Choice[float] = Choice(4, lambda a, b: abs(a - b), 0.0)
    for k in range(3):
        choice.add("loud", 1000.0 - k, float(k))
        choice.add("quiet", 0.001 - k, 10.0 + k)
    assert choice.shown() == [0.0, 10.0, 1.0, 11.0]


def test_methods_of_ones_own_share_a_pool() -> None:
    one, other = Toy(), SmallToy()
    one.weights_sha256 = other.weights_sha256 = ""
    request = request_for(make_photo(), make_selection(), count=4, seed=7)
    *candidates, settled = pipeline.fill_with([(one, 3), (other, 2)], request, Progress())
    assert isinstance(settled, Settled)
    assert {candidate.method for candidate in candidates} == {"toy", "small-toy"}
    assert len(settled.seeds) == 4 and set(settled.seeds) <= {7, 8, 9, 10, 11}
    *everyone, again = pipeline.fill_with([(one, 3), (other, 2)], request, Progress(), every=True)
    assert {candidate.seed for candidate in everyone} == {7, 8, 9, 10, 11} and again == settled
