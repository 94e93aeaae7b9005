"""The docker without Krita: three states, keys, several sets, bad endings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from docker_without_krita import Docker

from pluripaint_client import Failed, Progress

pytestmark = pytest.mark.editor


def test_settings_progress_review_insert(docker):
    page = docker.panel.settings
    assert docker.panel.stack.currentWidget() is page
    page.count.setValue(2)
    assert docker.editor.settings.variations == 2, "what is set is remembered at once"
    page.generate.click()
    review = docker.panel.review
    assert docker.panel.stack.currentWidget() is review
    docker.until(lambda: docker.daemon.requests, "the job")
    assert (docker.daemon.requests[0].count, docker.daemon.requests[0].seed) == (2, 10)
    docker.daemon.events.put(Progress("job", "patches", 0.4))
    docker.until(lambda: review.progress.value() == 400, "the bar")
    assert review.words.text() == "Growing from the surroundings"
    docker.daemon.candidate(10)
    docker.until(lambda: docker.labels() == ["1"], "the first thumbnail")
    assert not review.insert.isEnabled(), "a running job is stopped first, or its end is waited for"
    docker.daemon.candidate(11)
    docker.until(lambda: docker.labels() == ["1", "2"], "the second")
    assert docker.desk.current.review.current.seed == 11, "the newest is shown"
    docker.daemon.done(11, 10)
    docker.until(review.insert.isEnabled, "the end")
    assert review.words.text() == "2 variations in 1.5 s"
    assert not docker.editor.inserted
    docker.key("Return")
    (_run, variations), *others = docker.editor.inserted
    assert not others and [v.seed for v in variations] == [11, 10]
    assert docker.panel.stack.currentWidget() is page


@pytest.mark.parametrize(("width", "height", "side"), [(440, 480, 96), (900, 1000, 160)])
def test_thumbnails_grow_with_the_docker(docker, width, height, side):
    docker.panel.resize(width, height)
    docker.reviewed(10, 11)
    strip = docker.panel.review.strip
    docker.until(lambda: strip.iconSize().width() == side, "the strip's size")
    ratio = strip.devicePixelRatioF()
    for row in range(2):
        (drawn,) = strip.item(row).icon().availableSizes()
        assert max(drawn.width(), drawn.height()) == int(side * ratio), "drawn for this size, not scaled up"
    docker.panel.resize(460, 520)
    docker.until(lambda: strip.iconSize().width() == 96, "the strip's new size")
    (drawn,) = strip.item(0).icon().availableSizes()
    assert max(drawn.width(), drawn.height()) == int(96 * ratio)


def test_keys_flip_mark_compare_and_throw_out(docker):
    docker.reviewed(10, 11, 12)
    review = docker.desk.current.review
    docker.key("Right")
    assert review.current.seed == 11
    docker.key("Left")
    docker.key("Left")
    assert review.current.seed == 12, "round and round"
    docker.key("Space")
    assert docker.labels() == ["1", "2", "✓ 3"]
    seen = docker.seen()
    docker.key("B", up=False)
    before = docker.seen()
    assert seen == (12, 90, 40) and before == (0x50,) * 3
    docker.key("B")
    assert docker.seen() == seen
    docker.key("Up")
    docker.key("Delete")
    assert docker.labels() == ["1", "✓ 2"]
    docker.key("Return")
    assert [(v.seed, v.kept) for v in docker.editor.inserted[0][1]] == [(10, False), (12, True)]


@pytest.mark.parametrize("sure", [True, False])
def test_escape_asks_before_anything_is_lost(product, sure):
    docker = Docker(product, answer=sure)
    docker.reviewed(10, 11)
    docker.key("Escape")
    assert len(docker.asked) == 1
    assert (docker.desk.current is None) == sure
    assert not docker.editor.inserted
    docker.panel.close()


def test_escape_before_the_first_candidate_asks_nothing(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.key("Escape", widget=docker.panel.review)
    docker.until(lambda: docker.daemon.cancelled and not docker.desk.runs, "the cancel")
    assert not docker.asked and docker.desk.current is None


def test_stop_keeps_what_is_finished(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.until(docker.panel.review.stop.isEnabled, "the first")
    docker.panel.review.stop.click()
    docker.until(docker.panel.review.insert.isEnabled, "the end")
    assert docker.panel.review.words.text() == "Stopped: 1 variation"
    docker.key("Return")
    assert len(docker.editor.inserted[0][1]) == 1


def test_a_failure_offers_what_came_and_the_rest_again(docker):
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.daemon.events.put(Failed("job", "worker-died", "The worker ended.", "Try again."))
    docker.until(lambda: docker.desk.current.failure, "the failure")
    words = docker.panel.review.words.text()
    assert "The worker ended. Try again." in words and "1 variation" in words
    assert docker.panel.review.retry.isVisible() and not docker.panel.review.more.isVisible()
    docker.panel.review.retry.click()
    docker.until(lambda: len(docker.daemon.requests) == 2, "the second job")
    assert docker.daemon.requests[1].count == 2, "only what is missing"
    docker.daemon.candidate(20)
    docker.daemon.done(20)
    docker.until(lambda: docker.labels() == ["1", "2"], "both")


def test_a_document_that_cannot_be_changed_loses_nothing(docker):
    docker.reviewed(10, 11)
    docker.editor.refusal = docker.editor.layers.InsertError("The picture was closed.")
    docker.key("Return")
    assert docker.labels() == ["1", "2"], "the set stays in view"
    assert docker.panel.sentence.text() == "The picture was closed."
    docker.editor.refusal = None
    docker.key("Return")
    assert docker.editor.inserted


def test_several_sets_each_with_its_own_review(docker):
    docker.reviewed(10, 11)
    first = docker.desk.current
    docker.editor.title = "two.kra"
    docker.panel.show_settings()
    assert docker.panel.stack.currentWidget() is docker.panel.settings, "another set can be asked for"
    docker.reviewed(30)
    assert docker.desk.current is not first
    sets = docker.panel.review.sets
    assert [sets.itemText(k).split(":")[0] for k in range(sets.count())] == ["one.kra", "two.kra"]
    sets.setCurrentIndex(0)
    sets.activated.emit(0)
    assert docker.desk.current is first and docker.labels() == ["1", "2"]
    docker.key("Return")
    assert docker.editor.inserted[0][0] is first
    assert docker.labels() == ["1"], "the other set is in view now"


def test_more_goes_on_behind_every_seed_that_was_used(docker):
    docker.reviewed(10, 11, 12)
    docker.panel.review.more.click()
    docker.until(lambda: len(docker.daemon.requests) == 2, "the second job")
    assert docker.daemon.requests[1].seed == 10 + 3 * 3
    docker.daemon.candidate(19)
    docker.daemon.done(19)
    docker.until(lambda: docker.labels() == ["1", "2", "3", "4"], "all")


def test_a_refusal_is_a_sentence_and_offers_the_transparent_parts(docker):
    docker.editor.refusal = docker.editor.document.NoSelection("Nothing is selected.", transparent=True)
    docker.panel.settings.generate.click()
    assert docker.panel.sentence.text() == "Nothing is selected."
    assert docker.panel.settings.transparent.isVisible()
    docker.desk.forget_sentence()
    assert not docker.panel.settings.transparent.isVisible() and not docker.panel.sentence.isVisible()


def test_an_error_of_our_own_is_said_not_swallowed(docker):
    docker.editor.refusal = RuntimeError("boom")
    docker.panel.settings.generate.click()
    assert "RuntimeError: boom" in docker.panel.sentence.text()


def test_variety_moves_the_methods_own_option(docker):
    docker.desk.prepare()
    docker.until(lambda: docker.desk.methods, "the methods")
    assert docker.daemon.prepared == 1
    titles = [docker.panel.settings.method.itemText(k) for k in range(docker.panel.settings.method.count())]
    assert "Patches" in titles
    docker.panel.settings.variety.setValue(150)
    docker.panel.settings.generate.click()
    docker.until(lambda: docker.daemon.requests, "the job")
    assert docker.daemon.requests[0].options == {"looseness": 2.0}


def test_last_settings_insert_without_a_review(docker):
    docker.desk.generate(insert_when_done=True)
    docker.until(lambda: docker.daemon.requests, "the job")
    docker.daemon.candidate(10)
    docker.daemon.done(10)
    docker.until(lambda: docker.editor.inserted, "the insertion")
    assert docker.desk.current is None


def test_another_seed_each_time_is_drawn_and_said(docker):
    docker.panel.settings.random.setChecked(True)
    assert docker.editor.settings.seed == -1 and not docker.panel.settings.seed.isEnabled()
    for _ in range(2):
        docker.desk.generate(insert_when_done=True)
    docker.until(lambda: len(docker.daemon.requests) == 2, "both jobs")
    assert len({request.seed for request in docker.daemon.requests}) == 2
    assert replace(docker.editor.settings, seed=0).seed == 0
