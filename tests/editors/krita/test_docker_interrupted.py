"""Krita handles events while it waits for itself and while it converts colours: what a person does just then."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.editor


@pytest.fixture(autouse=True)
def uncaught(monkeypatch) -> Iterator[list[BaseException]]:
    """Exceptions in slots, which Qt hands to Python's hook; any fails the test."""
    errors: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _where: errors.append(error))
    yield errors
    assert not errors, errors


def test_enter_pressed_twice_inserts_once(docker):
    docker.reviewed(10, 11)

    def again() -> None:
        docker.editor.while_inserting = lambda: None
        docker.key("Return")

    docker.editor.while_inserting = again
    docker.key("Return")
    assert len(docker.editor.inserted) == 1 and not docker.desk.listed


def test_discarding_while_an_insertion_fails_loses_nothing(docker):
    docker.reviewed(10, 11)

    def discard() -> None:
        docker.desk.discard()
        raise docker.editor.layers.InsertError("The picture was closed.")

    docker.editor.while_inserting = discard
    docker.key("Return")
    assert docker.labels() == ["1", "2"], "the set stays in view"
    assert docker.panel.sentence.text() == "The picture was closed."


def test_another_set_is_discarded_while_one_is_inserted(docker):
    docker.reviewed(10)
    other = docker.desk.current
    docker.desk.generate(insert_when_done=True)
    docker.desk.runs.reverse()  # the one to be discarded comes after the one at work
    docker.editor.while_inserting = lambda: docker.desk.discard(other)
    docker.daemon.candidate(30)
    docker.daemon.done(30)
    docker.until(lambda: not docker.desk.runs, "the insertion")
    assert len(docker.editor.inserted) == 1


@pytest.mark.parametrize("how", ["thrown away", "inserted"])
def test_the_set_goes_while_its_thumbnail_is_drawn(docker, how):
    docker.reviewed(10)

    def go() -> None:
        docker.editor.while_drawing = lambda: None
        if how == "inserted":
            docker.key("Return")
        else:
            docker.desk.discard()

    docker.panel.review.more.click()
    docker.editor.while_drawing = go
    docker.daemon.candidate(11)
    docker.daemon.done(11)
    docker.until(lambda: not docker.desk.runs, "the end of the set")
    assert docker.panel.stack.currentWidget() is docker.panel.settings and docker.labels() == []
