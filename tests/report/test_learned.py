"""The page of what a model learned: plain words for what fell, any name, a phone's width."""

from dataclasses import replace

import pytest

from headstart.report.facts import SetsFacts, SkippedFile, UnknownFacts
from headstart.report.learned import (
    LearnedFacts,
    LearnedStep,
    MovedPhoto,
    SaidPhoto,
    TaughtClass,
    render_learned,
)
from headstart.report.robustness import Figure
from tests.browser import LONG, NEEDS_CHROMIUM


@pytest.fixture
def facts():
    step = LearnedStep("learn", "2026-01-02T03:04:05Z", 1, 2, 0, ["elk"], [], 0.8, 0.9, (0.1, -0.1, 0.3))
    return LearnedFacts(
        model="pets",
        verb="learn",
        command="headstart learn pets corrections.csv",
        version="1",
        created="2026-01-02T03:04Z",
        before=Figure(0.8, 0.7, 0.9, 50),
        after=Figure(0.9, 0.8, 0.95, 50),
        difference=(0.1, -0.1, 0.3),
        method="folds",
        said=[SaidPhoto("1.jpg", "elk", None, "elk"), SaidPhoto("2.jpg", "cat", "dog", "cat")],
        removed=0,
        new_classes=["elk"],
        gone_classes=[],
        moved=[MovedPhoto("3.jpg", "cat", "dog", "cat")],
        catalogue=None,
        catalogue_photos=0,
        classes=[TaughtClass("cat", 0.9, 0.8, 25), TaughtClass("elk", None, None, 0)],
        steps=[step],
        times=1,
        levels=1,
        photos=51,
        figures=[("Log loss", "0.300")],
    )


def test_a_fall_beyond_chance_is_said_with_the_way_back(facts):
    page = render_learned(replace(facts, difference=(-0.2, -0.3, -0.1)))
    assert "worse than before, by more than chance explains" in page
    assert "The accuracy fell. <code>headstart learn pets --undo</code>" in page


def test_what_is_within_chance_is_neither(facts):
    page = render_learned(facts)
    assert "within what chance gives" in page
    assert "What to look at" not in page


def test_a_photo_that_was_not_taken_in_is_named(facts):
    page = render_learned(replace(facts, said=[SaidPhoto("9.jpg", "elk", "dog", "dog")]))
    assert "is still called" in page


def test_what_could_not_be_measured_is_not_printed(facts):
    page = render_learned(replace(facts, before=None, after=None, difference=None, moved=[]))
    assert "could not be measured" in page
    assert "held-out" not in page


def test_what_can_not_be_compared_stands_beside_the_comparison(facts):
    lines = ["new classes: 14 of 20 photos right now", "<b>"]
    page = render_learned(replace(facts, apart=lines, overall=Figure(0.7, 0.6, 0.8, 70), held_out=70))
    assert "<li>new classes: 14 of 20 photos right now</li>" in page
    assert "&lt;b&gt;" in page
    assert "70 held-out photos are right now" in page.replace("\u00a0", " ")


def test_when_a_photo_is_unknown_stands_on_it(facts):
    unknown = UnknownFacts(threshold=1.5, photos=50, score="distance", false_alarms=0.05, low=0.01, high=0.1)
    sets = SetsFacts(coverage=0.95, measured=(0.96, 0.9, 0.99), size=1.2, photos=50)
    page = render_learned(replace(facts, unknown=unknown, sets=sets))
    assert "Not one of yours" in page
    assert "One of these" in page


def test_the_same_facts_give_the_same_page(facts):
    assert render_learned(facts) == render_learned(facts)


@pytest.fixture
def nasty(facts):
    moved = [MovedPhoto(name, name, name, LONG[0]) for name in LONG]
    return replace(
        facts,
        model=LONG[0],
        command=LONG[0],
        said=[SaidPhoto(name, name, name, LONG[0]) for name in LONG],
        new_classes=LONG,
        gone_classes=LONG,
        moved=moved,
        catalogue=moved,
        catalogue_photos=9,
        classes=[TaughtClass(name, 0.5, 0.5, 3) for name in LONG],
        notes=LONG,
        apart=LONG,
        overall=Figure(0.7, 0.6, 0.8, 70),
        held_out=70,
        skipped=[SkippedFile(name, "missing", name) for name in LONG],
        difference=(-0.2, -0.3, -0.1),
    )


def test_no_name_breaks_the_page(nasty):
    page = render_learned(nasty)
    page.encode("utf-8")
    assert "<b>&" not in page
    assert "\u202e" not in page
    assert "<script" not in page


@pytest.mark.slow
@NEEDS_CHROMIUM
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_never_scrolls_sideways_and_asks_for_nothing(nasty, facts, browser, tmp_path, width):
    for number, given in enumerate((facts, nasty)):
        file = tmp_path / f"{number}.html"
        file.write_text(render_learned(given), encoding="utf-8")
        tab = browser.new_page(viewport={"width": width, "height": 800})
        heard = []
        tab.on("console", lambda message, heard=heard: heard.append(message.text))
        tab.on("request", lambda asked, heard=heard: heard.append(asked.url))
        tab.goto(file.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert [line for line in heard if line != file.as_uri()] == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.close()
