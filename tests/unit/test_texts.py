"""What people read: the template is current, and a catalogue reaches every kind of sentence."""

from __future__ import annotations

import gettext
import importlib.util
import pickle
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from pseudo_locale import LANGUAGE, unmarked, write_catalogue

import pluripaint_client
from pluripaint_client import Failed, Progress, messages, protocol, texts
from pluripaint_client.texts import Sentence

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def extract():
    spec = importlib.util.spec_from_file_location("extract_texts", CHECKOUT / "plugin" / "extract_texts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_template_is_current(extract):
    assert extract.TEMPLATE.read_bytes() == extract.template(), "run python3 plugin/extract_texts.py"


def test_every_kind_of_text_is_in_the_template(extract):
    messages = {text.message for text in extract.texts()}
    assert "Keep Visible, Discard the Rest" in messages  # a menu
    assert ("{n} variation", "{n} variations") in messages  # a counted text
    assert "The pluripaint daemon is not running." in messages  # the client
    assert "There was not enough memory for this job." in messages  # the daemon
    assert "Patches of the photograph itself" in messages  # a method's title


SAYS = """
from pluripaint_client import Client, texts
from pluripaint_client.runner import Asking
asking = Asking(Client.ping, lambda: Client.connect(start=False, timeout=0.1))
asking.join()
print(asking.answer[1])
print(texts._("There was not enough memory for this job."))
print(texts.ngettext("{n} variation", "{n} variations", 2))
print(texts._("A sentence that nobody translated.") + texts._(""))
"""


@pytest.mark.parametrize("variable", ["LANGUAGE", "LC_ALL", "LANG"])
def test_a_catalogue_beside_the_client_is_used(tmp_path, variable):
    client = shutil.copytree(Path(pluripaint_client.__file__).parent, tmp_path / "pluripaint_client")
    write_catalogue(client / "locale")
    unreadable = tmp_path / "connection.json"
    unreadable.write_text("{}")
    unreadable.chmod(0o644)
    surroundings = {"PYTHONPATH": str(tmp_path), "PLURIPAINT_HOME": str(tmp_path), variable: LANGUAGE}
    command = [sys.executable, "-c", SAYS]
    ran = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=20, check=True)
    refusal, memory, counted, unknown = ran.stdout.splitlines()
    assert refusal.startswith("⟦") and "daemon" not in refusal and "users" not in refusal
    assert memory.startswith("⟦") and "memory" not in memory
    assert counted.startswith("⟦") and "{n}" in counted
    assert unknown == "A sentence that nobody translated."


# ------------------------------------------------------------------------------------ what the daemon says


@pytest.fixture
def pseudo(tmp_path, monkeypatch):
    """This process reads Esperanto."""
    write_catalogue(tmp_path)
    catalogue = gettext.translation(texts.DOMAIN, str(tmp_path), [LANGUAGE])
    monkeypatch.setattr(texts, "_catalogue", catalogue)


def arrived(fields: dict, kind: str = "failed") -> Failed | Progress:
    """The event a client makes of what a daemon sends."""
    header = protocol.decode(protocol.encode(kind, {"job": "0" * 32, **fields}))
    return messages.event(header, [], None)


def test_no_sentence_of_the_daemon_is_put_together_past_the_catalogue(extract):
    assert list(extract.unlooked()) == []


def test_every_sentence_of_the_daemon_arrives_in_the_persons_language(extract, pseudo):
    """Each template the daemon's sources hold, with values in it, over the wire and through the catalogue."""
    said = [one for one in extract.texts() if one.file.startswith(extract.SPOKEN)]
    with_values = 0
    for one in said:
        names = {name for _, name, _, _ in string.Formatter().parse(one.message) if name}
        values = dict.fromkeys(names, 4711)
        with_values += bool(names)
        sentence = Sentence(one.message, **values) if names else one.message
        event = arrived({"code": "made-up", "sentence": sentence, "next": sentence})
        shown = [texts._(event.sentence), texts._(event.next_step)]
        assert unmarked(shown) == [], one
        assert all(text.count("4711") == one.message.count("{") for text in shown), one
        assert event.sentence == str(sentence), "in English it is what the daemon says"
    assert with_values > 30 and len(said) > 80


def test_a_note_arrives_in_the_persons_language(pseudo):
    note = Sentence("The graphics card's memory is full; going on with {count} at a time.", count=2)
    event = arrived({"stage": "patches", "fraction": 0.5, "note": note}, "progress")
    assert unmarked([texts._(event.note)]) == [] and "2" in texts._(event.note)


def test_a_template_that_no_catalogue_knows_is_never_filled_in(pseudo):
    strange = Sentence.received("As it came.", "{a.__class__} {b}", {"a": 1})
    event = arrived({"code": "new", "sentence": strange})
    assert isinstance(event.sentence, Sentence)
    assert texts._(event.sentence) == "As it came."


def test_values_that_a_translation_misses_leave_the_daemons_sentence(pseudo):
    template = "The job was stopped after {seconds:g} seconds."
    for values in ({}, {"seconds": "many"}, {"minutes": 1}):
        event = arrived({"code": "deadline", "sentence": Sentence.received("Too late.", template, values)})
        assert texts._(event.sentence) == "Too late."


@pytest.mark.parametrize(
    "templates", [7, {"sentence": 7}, {"sentence": ["a"]}, {"sentence": ["a", {"b": []}]}]
)
def test_templates_that_make_no_sense_are_ignored(templates):
    fields = {"job": "0" * 32, "code": "made-up", "sentence": "As it came.", "templates": templates}
    assert type(arrived(fields).sentence) is str


def test_a_sentence_stays_one_when_it_is_copied():
    sentence = Sentence("“{name}” goes from {low:g} to {high:g}.", name="{x}", low=0.0, high=2.5)
    copied = pickle.loads(pickle.dumps(sentence))
    assert copied == sentence == "“{x}” goes from 0 to 2.5."
    assert (copied.template, copied.values) == (sentence.template, sentence.values)
