"""A real browser opens every page from the file system: it fits a phone and asks for nothing else."""

import pytest

from tests.browser import IN_BROWSER

pytestmark = [*IN_BROWSER, pytest.mark.xdist_group("site")]
PHONE = {"width": 390, "height": 844}
# Folders of pages that are made alike: a few of each are looked at, all of them before a release.
ALIKE = ("decisions", "interface", "verbs")


def some_pages(site, of_a_folder):
    pages = sorted(site.rglob("*.html"))
    alike = [[page for page in pages if page.parent.name == folder] for folder in ALIKE]
    return [page for page in pages if page.parent.name not in ALIKE] + [
        page for folder in alike for page in folder[:of_a_folder]
    ]


@pytest.mark.parametrize("of_a_folder", [5, pytest.param(999, marks=pytest.mark.exhaustive)])
def test_no_page_is_wider_than_a_phone_or_asks_for_anything_from_elsewhere(browser, site, of_a_folder):
    tab = browser.new_page(viewport=PHONE)
    asked, wide = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: asked.append(str(error)))
    for file in some_pages(site, of_a_folder):
        tab.goto(file.as_uri(), wait_until="load")
        if tab.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(file.relative_to(site).as_posix())
    tab.close()

    assert wide == []
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:", "blob:"))] == []


def test_search_works_from_the_file_system(browser, site):
    tab = browser.new_page()
    tab.goto((site / "index.html").as_uri())
    tab.keyboard.press("Control+k")
    tab.keyboard.type("epsilon", delay=20)
    found = tab.locator("a[href*='mind.html']", has_text="fooled").first

    found.wait_for(timeout=10_000)
    tab.close()
