"""What is said where nobody sees the docker: over the canvas, once, however many windows there are."""

from __future__ import annotations

import pytest
from krita_editor import KritaEditor

pytestmark = pytest.mark.editor

SENTENCE = "There is no set of variations in this picture."
MESSAGES = (
    "[w for w in QtWidgets.QApplication.allWidgets()"
    " if w.metaObject().className() == 'KisFloatingMessage' and w.isVisible()"
    f" and w.width() > w.fontMetrics().horizontalAdvance({SENTENCE!r})]"
)
"""Those over the canvas that have room for the sentence: Krita's own, such as *Zoom: 71.7 %*, are narrow."""


def silence(krita: KritaEditor) -> None:
    """End the messages over the canvas; they fade by themselves only after seconds."""
    krita.do(f"for message in {MESSAGES}: message.close()")
    krita.wait(f"not {MESSAGES}", "an empty canvas")


@pytest.fixture
def behind(krita, photo):
    """Our docker shares a tab with the brush presets, and these are in front."""
    krita.open(photo)
    krita.do(
        """
        window = app.activeWindow().qwindow()
        docker, presets = (window.findChild(QtWidgets.QDockWidget, n) for n in ('pluripaint_docker', 'PresetDocker'))
        docker.show()
        presets.show()
        window.tabifyDockWidget(presets, docker)
        presets.raise_()
        """
    )
    krita.wait("docker.isVisible() and docker.visibleRegion().isEmpty()", "the docker behind the presets")
    silence(krita)
    yield krita
    krita.do("docker.raise_()")
    krita.wait("not docker.visibleRegion().isEmpty()", "the docker in front")


def test_a_refusal_is_seen_while_the_docker_is_a_tab_in_the_background(behind):
    for action in ("pluripaint_3_more", "pluripaint_5_keep"):
        behind.trigger(action)
        behind.wait(MESSAGES.join(("len(", ") == 1")), f"the refusal of {action}")
        assert behind.sentence() == SENTENCE
        silence(behind)


def test_nothing_is_said_over_the_canvas_while_the_docker_is_seen(behind):
    behind.do("docker.raise_()")
    behind.wait("not docker.visibleRegion().isEmpty()", "the docker in front")
    behind.trigger("pluripaint_3_more")
    assert behind.sentence() == SENTENCE
    assert behind.do(f"answer = len({MESSAGES})") == 0


def test_variations_that_are_ready_are_said_while_the_docker_is_behind(behind):
    behind.select(430, 330, 90, 60)
    behind.do("from pluripaint_krita.extension import desk; desk().generate()")
    behind.wait("len([run for run in desk().listed if run.state == 'review']) == 1", "the review")
    behind.wait(MESSAGES.join(("len(", ") == 1")), "the message")
    behind.stage.screenshot("krita_ready_behind")
    silence(behind)
    behind.do("desk().discard()")
    silence(behind)


def test_a_second_window_does_not_say_it_twice(krita, photo):
    krita.open(photo)
    listeners = """
        from pluripaint_krita.extension import desk
        answer = desk().receivers(desk().said)
        """
    before = krita.do(listeners)
    krita.do("first, second = app.activeWindow(), app.openWindow()")
    try:
        krita.wait("len(app.windows()) == 2", "the second window")
        assert krita.do(listeners) == before
    finally:
        krita.do("second.qwindow().close()")
        krita.wait("len(app.windows()) == 1", "the end of it")
        krita.do("first.activate()")
        krita.focus()
