"""Every word of ours in Krita's menu and docker goes through gettext: seen with a language in which all are marked."""

from __future__ import annotations

import pytest
from krita_editor import QUICK, KritaEditor
from pseudo_locale import unmarked
from stage import Stage

pytestmark = pytest.mark.editor

WORDS = """
docker = widget('pluripaint_panel').parent()
answer = [docker.windowTitle()]
for one in docker.findChildren(QtWidgets.QWidget):
    for name in ('text', 'title', 'toolTip', 'placeholderText', 'prefix', 'suffix', 'toPlainText'):
        read = getattr(one, name, None)
        if callable(read) and (name == 'toolTip' or one.isVisibleTo(docker)):
            answer.append(read())
    if isinstance(one, QtWidgets.QComboBox):
        answer += [one.itemText(row) for row in range(one.count())]
"""
MENU = """
answer = []
for action in app.actions():
    if action.objectName().startswith('pluripaint'):
        answer += [action.text(), action.statusTip(), action.whatsThis(), action.iconText()]
"""


@pytest.fixture(scope="module")
def translated(tmp_path_factory, shots):
    """A Krita whose language marks every text of ours."""
    stage = Stage(shots)
    try:
        editor = KritaEditor(
            stage, tmp_path_factory.mktemp("words") / "profile", {**QUICK, "variations": 2}, translated=True
        )
        try:
            yield editor
        finally:
            editor.close()
    finally:
        stage.close()


def test_no_word_is_left_out(translated, photo):
    krita = translated
    krita.open(photo)
    krita.select(430, 330, 90, 60)
    krita.focus()
    krita.stage.key("ctrl+alt+shift+g")
    krita.wait("widget('pluripaint_generate').hasFocus()", "the docker")
    krita.do("widget('pluripaint_more').setChecked(True)")
    settings = krita.do(WORDS)
    krita.stage.screenshot("krita_translated_settings")
    krita.stage.key("Return")
    krita.ready()
    review = krita.do(WORDS)
    krita.stage.screenshot("krita_translated_review")
    menu = krita.do(MENU)
    assert len(settings) > 40 and len(review) > 40 and len([text for text in menu if text]) > 24
    assert unmarked(settings) == [] and unmarked(review) == [] and unmarked(menu) == []
