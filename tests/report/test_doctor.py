"""The page of a check-up: bounded, self-contained, safe with any name, readable on a phone."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.report.doctor import DoctorFacts, Group, Item, Shown, render_doctor
from headstart.report.thumbnails import thumbnail
from tests.browser import LONG, NEEDS_CHROMIUM

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DRAWN = "[...document.images].every(image => image.loading === 'lazy' || image.naturalWidth > 0)"


def facts(names=("a.jpg", "b.jpg"), count=None):
    picture = thumbnail(np.full((40, 60, 3), 99, np.uint8))
    files = [Shown(name, name, picture) for name in names]

    def group(name, items, *, grouped=False):
        number = len(items) if count is None else count
        return Group(
            name=name,
            title=name,
            severity="high",
            why="It matters.",
            suggestion="look",
            count=number,
            items=items,
            grouped=grouped,
        )

    return DoctorFacts(
        source=names[0],
        command=f"headstart doctor {names[0]}",
        version="0.1.0",
        files=len(names),
        classes=2,
        parts=list(names[:2]),
        groups=[
            group("leak", [Item(f"the same photo in {names[0]!r}", files[:4], more=3)], grouped=True),
            group("wrong_label", [Item(f"{each.label!r} (1 %)", [each]) for each in files]),
            group("broken", [Item("empty: it has no bytes", [Shown(name)]) for name in names]),
            group("tiny_class", [Item(f"class {name!r} has 1 photo only") for name in names]),
        ],
        notes=[f"a note on {names[0]}"],
        corrections=True,
    )


def test_the_same_facts_give_the_same_page_without_script_and_addresses():
    page = render_doctor(facts())
    assert page == render_doctor(facts())
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("data:image/jpeg") == 4


def test_what_does_not_fit_is_counted():
    page = render_doctor(facts(count=314))
    assert "and 312 more in findings.csv" in page
    assert "and 3 more files" in page


@pytest.mark.parametrize("name", LONG)
def test_no_name_breaks_the_page(name):
    page = render_doctor(facts((name, "y.jpg")))
    assert "<b>&" not in page
    assert "\u202e" not in page
    page.encode("utf-8")


@pytest.mark.slow
@NEEDS_CHROMIUM
def test_the_page_fits_and_asks_for_nothing(browser, tmp_path):
    file = tmp_path / "index.html"
    file.write_text(render_doctor(facts(LONG)), encoding="utf-8")
    heard = []
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("request", lambda asked: heard.append(asked.url))
    tab.goto(file.as_uri())
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate(WIDER) <= 0
        assert tab.evaluate(DRAWN)
        tab.click("a[href='#broken']")
        assert -1 <= tab.locator("#broken").bounding_box()["y"] < 800
        tab.evaluate("scrollTo(0, 0)")
    assert [line for line in heard if line.split("#")[0] != file.as_uri() and line[:5] != "data:"] == []
