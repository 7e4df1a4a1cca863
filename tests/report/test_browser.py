"""A real browser: the page fits a phone, asks for nothing and complains of nothing."""

import pytest

from headstart.report.page import render
from tests.browser import IN_BROWSER, LONG

pytestmark = IN_BROWSER


@pytest.fixture
def visit(browser, tmp_path):
    """Opens facts as a page; gives the tab and what it asked for or complained of."""
    tabs = []

    def go(given, **options):
        file = tmp_path / "report.html"
        file.write_text(render(given), encoding="utf-8")
        tab = browser.new_page(**options)
        tabs.append(tab)
        heard = []
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("request", lambda asked: heard.append(asked.url))
        tab.goto(file.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        quiet = [line for line in heard if line != file.as_uri() and not line.startswith("data:")]
        return tab, quiet

    yield go
    for tab in tabs:
        tab.close()


@pytest.fixture(params=["two", "thirty-seven", "thousand", "nasty", "unmeasured"])
def example(request, facts, measured, mistakes, many):
    if request.param == "two":
        wrong = measured(["cat", "dog"], [[97, 3], [2, 98]], mistakes=mistakes(["cat/1.jpg"] * 5))
        return facts(measured=wrong)
    if request.param == "nasty":
        confusion = [[3 + 9 * (row == column) for column in range(8)] for row in range(8)]
        wrong = measured(LONG, confusion, mistakes=mistakes(LONG, LONG))
        return facts(
            LONG, confusion, measured=wrong, title=LONG[0], command=LONG[0], notes=LONG, source=LONG[0]
        )
    if request.param == "unmeasured":
        return facts(confusion=None, not_measured="One photo a class.")
    return many(37 if request.param == "thirty-seven" else 1000)


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
def test_it_never_scrolls_sideways_and_is_quiet(visit, example, width):
    tab, heard = visit(example, viewport={"width": width, "height": 800})
    assert heard == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.body.scrollWidth") <= width


def test_the_style_is_applied_in_both_schemes_and_print_is_light(visit, facts):
    grounds = {}
    for scheme in ("light", "dark"):
        tab, _ = visit(facts(), color_scheme=scheme)
        grounds[scheme] = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.emulate_media(media="print", color_scheme="dark")
    grounds["print"] = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {
        "light": "rgb(251, 250, 246)",
        "dark": "rgb(21, 24, 26)",
        "print": "rgb(255, 255, 255)",
    }
