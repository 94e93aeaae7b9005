"""What a real daemon says, to a person who does not read English."""

from __future__ import annotations

import gettext
import sys

import pytest
from daemons import DOUBLE, Daemon, events, job
from pseudo_locale import LANGUAGE, unmarked, write_catalogue

from pluripaint_client import Done, Failed, Progress, texts
from pluripaint_client.runner import Asking


@pytest.fixture(autouse=True)
def pseudo(tmp_path, monkeypatch):
    """This process reads Esperanto; the daemon, which serves everybody, keeps to English."""
    write_catalogue(tmp_path)
    catalogue = gettext.translation(texts.DOMAIN, str(tmp_path), [LANGUAGE])
    monkeypatch.setattr(texts, "_catalogue", catalogue)


def shown(ending) -> str:
    """As the plug-ins show it."""
    assert isinstance(ending, Failed), ending
    assert ending.sentence.isascii() or "“" in ending.sentence, "the daemon speaks English"
    text = f"{texts._(ending.sentence)} {texts._(ending.next_step)}".strip()
    assert unmarked([text]) == []
    return text


@pytest.mark.parametrize(
    ("how", "deadline", "code", "value"),
    [
        ("slow", 0.1, "deadline", "0.1"),
        ("kill", 60, "worker-died", "9"),
        ("bug", 60, "internal", "ValueError"),
    ],
)
def test_an_ending_with_a_value_in_it(daemon, how, deadline, code, value):
    with daemon.client() as client:
        ending = events(client, client.submit(job(how, deadline=deadline, count=16)))[-1]
    assert ending.code == code and value in shown(ending)


def test_a_daemon_that_cannot_start_a_worker(daemon_with):
    daemon = daemon_with(worker_command=[*DOUBLE, "dies"])
    with daemon.client() as client:
        assert "3" in shown(events(client, client.submit(job()))[-1])
    asking = Asking(lambda client: client.methods(), daemon.client)
    asking.join()
    assert unmarked([asking.answer[1]]) == []


def test_a_note(daemon_with):
    daemon = daemon_with(devices=["cuda:0", "cpu"])
    with daemon.client() as client:
        heard = events(client, client.submit(job("oom:2", count=4)))
    assert isinstance(heard[-1], Done)
    notes = [texts._(event.note) for event in heard if isinstance(event, Progress) and event.note]
    assert notes and unmarked(notes) == []


@pytest.mark.parametrize(
    ("wrong", "code", "value"),
    [
        ({"method": "exemplar", "options": {"looseness": 77.0}}, "bad-option", "77"),
        ({"method": "exemplar", "options": {"colour": 1.0}}, "bad-option", "looseness"),
        ({"method": "nobody"}, "unknown-method", "nobody"),
        ({"preset": "worst", "method": "exemplar"}, "unknown-preset", "worst"),
        ({"method": "exemplar", "weights": "mine"}, "no-weights", "exemplar"),
        ({"method": "put_fdm", "weights": "mine"}, "weights-missing", "mine"),
        ({"method": "exemplar", "space": b"no profile" * 20}, "bad-profile", ""),
    ],
)
def test_what_the_pipeline_refuses(real_worker, wrong, code, value):
    ending = events(real_worker, real_worker.submit(job(**wrong)), 60)[-1]
    assert ending.code == code and value in shown(ending)


@pytest.fixture(scope="module")
def real_worker(tmp_path_factory):
    """A client of a daemon whose worker is the real one."""
    daemon = Daemon(
        tmp_path_factory.mktemp("home"), worker_command=[sys.executable, "-m", "pluripaint.service.worker"]
    )
    with daemon.client() as client:
        yield client
    daemon.close()
