"""The pages of the lesson are run: with real photos and weights where there are any, else without."""

import os
from pathlib import Path

import pytest

from website.pages import LESSON, PICTURES, pages, prepare, recorded, run, words

ASSETS = Path(os.environ["HEADSTART_ASSETS"]) if "HEADSTART_ASSETS" in os.environ else None
PAGES = pages()
# With real photos at hand the bare machine is tried before a release only.
BARE = pytest.mark.slow if ASSETS is None else pytest.mark.exhaustive


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One for all pages of a process: what one has computed the next one finds."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.slow
@pytest.mark.skipif(ASSETS is None, reason="HEADSTART_ASSETS names no real photos")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says_it_prints(page, home, tmp_path):
    prepare(tmp_path, home, ASSETS)

    printed = run(page, tmp_path, home)

    for told, found in zip(recorded(page.read_text("utf-8")), printed, strict=True):
        assert words(found) == words(told), "make lesson records it again"


@BARE
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_on_a_bare_machine(page, tmp_path):
    prepare(tmp_path, tmp_path / "home", None)

    printed = run(page, tmp_path, tmp_path / "home")

    told = recorded(page.read_text("utf-8"))
    assert [bool(each.strip()) for each in printed] == [bool(each.strip()) for each in told]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_pictures_that_are_there_and_small(page):
    shown = [part.split(")")[0] for part in page.read_text("utf-8").split(f"]({PICTURES}/")[1:]]

    for name in shown:
        assert (LESSON / PICTURES / name).stat().st_size < 200_000
