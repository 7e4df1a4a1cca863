"""The site as it is built: every link, anchor and picture of every page, and nothing from elsewhere."""

from urllib.parse import urlsplit

import pytest

from tests.website.reading import Page, inside, target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]  # built once


@pytest.fixture(scope="module")
def pages(site):
    return {file.resolve(): Page(file) for file in site.rglob("*.html")}


def test_every_link_leads_to_a_page_and_an_anchor_that_are_there(site, pages):
    lost = []
    for page in pages.values():
        for address in filter(inside, page.links):
            file, anchor = target(page, address)
            if not file.is_file() or (anchor and file in pages and anchor not in pages[file].anchors):
                lost.append((page.file.relative_to(site).as_posix(), address))

    assert lost == []


def test_everything_that_a_page_loads_is_a_file_of_the_site(site, pages):
    for page in pages.values():
        for address in page.loaded:
            assert inside(address), (page.file, address)
            file, _ = target(page, address)
            assert file.is_file(), (page.file, address)
            assert file.is_relative_to(site.resolve())


def test_links_to_elsewhere_are_encrypted(pages):
    elsewhere = {link for page in pages.values() for link in page.links if not inside(link)}

    assert {urlsplit(link).scheme for link in elsewhere} <= {"https"}


def test_every_page_has_a_title_of_its_own_kind(pages):
    assert [page.file for page in pages.values() if len(page.title) < len("headstart")] == []


@pytest.mark.parametrize("language", ["id", "hr"])
def test_translated_pages_say_their_language_and_lead_to_the_others(language, site, pages):
    for name in ("index", "lesson", "quiz", "quiz-before", "quiz-after"):
        page = pages[(site / language / f"{name}.html").resolve()]
        english = pages[(site / f"{name}.html").resolve()]

        assert (page.language, english.language) == (language, "en")
        assert f"../{name}.html" in page.links
        assert f"{language}/{name}.html" in english.links


def test_every_document_is_in_the_navigation(site, pages):
    start = pages[(site / "index.html").resolve()]
    reached, waiting = {start.file.resolve()}, [start]
    while waiting:
        page = waiting.pop()
        for address in filter(inside, page.links):
            file, _ = target(page, address)
            if file in pages and file not in reached:
                reached.add(file)
                waiting.append(pages[file])

    assert set(pages) == reached


def test_the_same_files_give_the_same_pages(site, tmp_path):
    from website.build import build_site

    again = build_site(tmp_path)

    files = {file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()}
    assert files == {
        file.relative_to(again): file.read_bytes() for file in again.rglob("*") if file.is_file()
    }
