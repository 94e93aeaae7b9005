"""What people read: the template is current, and a catalogue reaches every kind of sentence."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pseudo_locale import LANGUAGE, write_catalogue

import pluripaint_client

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
