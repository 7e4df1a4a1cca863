"""The quiz's page: as text, and in a browser that nobody helps."""

import base64
import hashlib
import re

import pytest

from headstart.report.quiz import read_plan, read_quiz
from headstart.report.quiz_page import render_quiz
from tests.browser import IN_BROWSER


@pytest.mark.parametrize("language", ["en", "id", "hr"])
def test_the_page_is_well_formed_and_labelled(language, parse):
    page = parse(render_quiz(read_quiz("after", language)))

    assert page.unbalanced == []
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("fieldset")) == len(page.all("legend")) == 10
    assert (
        len([each for each in page.all("input") if each["type"] == "radio"]) == len(page.all("label")) == 40
    )
    assert len({each["id"] for _, each in page.elements if "id" in each}) == sum(
        "id" in each for _, each in page.elements
    )


def test_the_policy_allows_this_script_and_style_alone():
    page = render_quiz(read_quiz("before"))
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[0]

    assert "default-src 'none'" in policy
    for tag in ("script", "style"):
        [text] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert "innerHTML" not in page


def test_the_same_quiz_gives_the_same_bytes():
    assert render_quiz(read_quiz("before", seed=1)) == render_quiz(read_quiz("before", seed=1))
    assert render_quiz(read_quiz("before", seed=1)) != render_quiz(read_quiz("before", seed=2))


@pytest.fixture
def open_page(browser, tmp_path):
    """Writes a quiz, opens it; the tab knows what it asked for or complained of."""
    context = browser.new_context(viewport={"width": 390, "height": 844})

    def go(quiz, before=None):
        file = tmp_path / f"{quiz.part}.html"
        file.write_text(render_quiz(quiz), encoding="utf-8")
        tab = context.new_page()
        tab.set_default_timeout(5000)
        tab.heard = []
        tab.on("console", lambda message: tab.heard.append(message.text))
        tab.on("pageerror", lambda error: tab.heard.append(str(error)))
        tab.on("request", lambda asked: tab.heard.append(asked.url) if asked.url != file.as_uri() else None)
        if before:
            tab.add_init_script(before)
        tab.goto(file.as_uri())
        return tab

    yield go
    context.close()


def answer_all(tab, part, wrong=()):
    for topic, planned in getattr(read_plan(), part).items():
        key = planned.right if topic not in wrong else ("b" if planned.right == "a" else "a")
        tab.locator(f"#{topic} input[value={key}]").check()
        tab.locator(f"#{topic} button").click()


class TestInABrowser:
    pytestmark = IN_BROWSER

    def test_an_answer_is_explained_once_and_by_the_keyboard_too(self, open_page):
        tab = open_page(read_quiz("before"))
        form = tab.locator("#freezing")

        form.locator("button").click()
        assert form.locator(".verdict").inner_text() == "Choose an answer first."
        assert form.locator(".why:visible").count() == 0
        form.locator("input").first.focus()
        tab.keyboard.press("Space")
        tab.keyboard.press("Enter")
        assert form.locator(".verdict").inner_text() == "Not right: the answer is b."
        assert tab.evaluate("document.activeElement.className") == "verdict"
        assert form.locator(".why:visible").count() == 4
        assert form.locator("input:disabled").count() == 4
        assert form.locator(".is-right").get_attribute("data-key") == "b"
        assert "tricks" in form.locator(".more").inner_text()
        assert tab.locator("#score").is_hidden()
        assert tab.heard == []

    @pytest.mark.parametrize("language", ["en", "id", "hr"])
    def test_nothing_scrolls_sideways_on_a_phone_and_the_score_is_right(self, open_page, language):
        quiz = read_quiz("after", language, seed=5)
        tab = open_page(quiz)

        answer_all(tab, "after", wrong=("dropout", "ideal"))
        assert tab.locator("#right").inner_text() == quiz.words.score.format(right=8, of=10)
        again = tab.locator("#again li").all_inner_texts()
        assert [each.split(": ")[0] for each in again] == [
            each.title for each in quiz.questions if each.topic in {"dropout", "ideal"}
        ]
        assert tab.locator("#earlier").is_hidden()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        small = """() => [...document.querySelectorAll('button, .choice label')].filter(each =>
            each.checkVisibility() && each.getBoundingClientRect().height < 40).length"""
        assert tab.evaluate(small) == 0
        assert tab.heard == []

    def test_answers_are_kept_until_started_again_and_shown_after_the_lesson(self, open_page):
        tab = open_page(read_quiz("before"))
        answer_all(tab, "before", wrong=("families",))

        mixed = open_page(read_quiz("before", "hr", seed=7))
        assert mixed.locator("#right").inner_text() == "Točnih odgovora: 9 od 10"
        later = open_page(read_quiz("after"))
        answer_all(later, "after")
        assert later.locator("#right").inner_text() == "10 of 10 right"
        assert later.locator("#earlier").inner_text() == "Before the lesson: 9 of 10 right."
        assert later.locator("#again").inner_text() == "Nothing to look at again."

        later.locator("#restart").click()
        later.wait_for_load_state()
        assert later.locator("#score").is_hidden()
        assert later.evaluate("localStorage.length") == 1
        assert [*tab.heard, *mixed.heard, *later.heard] == []

    @pytest.mark.parametrize("found", ["null", "[", '"text"', '{"freezing": "z"}', '{"freezing": ["b"]}'])
    def test_what_others_left_in_the_store_does_no_harm(self, open_page, found):
        before = f"localStorage.setItem('headstart quiz before', {found!r})"
        tab = open_page(read_quiz("before"), before)

        assert tab.locator(".why:visible").count() == 0
        answer_all(tab, "before")
        assert tab.locator("#right").inner_text() == "10 of 10 right"
        assert tab.heard == []

    def test_a_browser_that_keeps_nothing_says_so(self, open_page):
        closed = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('closed'); }})"
        tab = open_page(read_quiz("before"), closed)

        answer_all(tab, "before")
        assert tab.locator("#right").inner_text() == "10 of 10 right"
        assert "keeps nothing" in tab.locator("#kept").inner_text()
        assert tab.heard == []
