"""The pages of the lesson are run: with real photos and weights where there are any, else without."""

import os
import re
from pathlib import Path

import pytest

from headstart.heads.metrics import wilson
from headstart.tasks.lessons.figures import FIGURES
from website.compare import differences, printed_shares
from website.outputs import recorded
from website.pages import LESSON, PICTURES, cells, pages, prepare, prose, run

ASSETS = Path(os.environ["HEADSTART_ASSETS"]) if "HEADSTART_ASSETS" in os.environ else None
PAGES = pages()
# With real photos at hand the bare machine is tried before a release only.
BARE = pytest.mark.slow if ASSETS is None else pytest.mark.exhaustive

# `make test` has a quarter of an hour: the longest pages are run with real photos before a release.
LONG = ("03", "04", "08-pets-lab-solution", "09", "10")

# Shares that a page takes from elsewhere: <!-- quoted: 0.761 0.716 -->
QUOTED = re.compile(r"<!-- quoted: ([\d. ]+) -->")
ENOUGH_TO_TELL = 10  # characters


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One for all pages of a process: what one has computed the next one finds."""
    return tmp_path_factory.mktemp("home")


def _marked(page):
    mark = pytest.mark.exhaustive if page.stem.startswith(LONG) else pytest.mark.slow
    return pytest.param(page, marks=mark, id=page.stem)


@pytest.mark.skipif(ASSETS is None, reason="HEADSTART_ASSETS names no real photos")
@pytest.mark.parametrize("page", [_marked(page) for page in PAGES])
def test_a_page_prints_what_it_says_it_prints(page, home, tmp_path):
    prepare(tmp_path, home, ASSETS)

    printed = run(page, tmp_path, home)

    text = page.read_text("utf-8")
    assert not differences(cells(text), recorded(text, "python"), printed), "make lesson records it again"


@BARE
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_on_a_bare_machine(page, tmp_path):
    prepare(tmp_path, tmp_path / "home", None)

    printed = run(page, tmp_path, tmp_path / "home")

    told = recorded(page.read_text("utf-8"), "python")
    assert [bool(each.strip()) for each in printed] == [bool(each.strip()) for each in told]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_pictures_that_are_there_and_small_and_told_in_words(page):
    for told, name in re.findall(rf"!\[([^\]]*)\]\({PICTURES}/([^)]*)\)", page.read_text("utf-8")):
        assert (LESSON / PICTURES / name).stat().st_size < 200_000
        assert len(told) >= ENOUGH_TO_TELL, f"{name} needs words for those who can't see it"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_speaks_of_no_share_that_neither_it_nor_the_lesson_has_measured(page):
    text = page.read_text("utf-8")
    quoted = " ".join(QUOTED.findall(text))
    known = printed_shares("\n".join(recorded(text, "python"))) | {float(each) for each in quoted.split()}

    unknown = printed_shares(QUOTED.sub("", prose(text))) - known - the_lessons_shares()
    assert not unknown, "measure it, correct it, or name it in <!-- quoted: ... -->"


def the_lessons_shares():
    """What the lesson reports, the ends of its intervals too, as written and to three digits."""
    found = set()
    for each in FIGURES:
        if each.value is not None and each.kind != "count":
            ends = wilson(round(each.value * each.photos), each.photos) if each.photos else ()
            found |= {round(value, digits) for value in (each.value, *ends) for digits in (3, 4)}
    return found
