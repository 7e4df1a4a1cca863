"""The journey picture speaks the language of its page, and nothing runs over an edge."""

import re
import xml.etree.ElementTree as ET

import pytest

from tests.browser import IN_BROWSER
from website.journey import PICTURE, journey

LANGUAGES = ["id", "hr"]
SVG = "{http://www.w3.org/2000/svg}"
EDGES = """kind => [...document.querySelectorAll(kind)].map(each => each.getBBox())
.map(box => [box.x, box.x + box.width, box.y, box.y + box.height])"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_the_same_drawing_with_other_words(language):
    english, other = PICTURE.read_text("utf-8"), journey(language)

    words = [[each.text for each in ET.fromstring(text).iter(f"{SVG}text")] for text in (english, other)]
    assert len(words[0]) == len(words[1]) == 13
    assert sum(one == another for one, another in zip(*words, strict=True)) <= 1  # head
    bare = [re.sub(r">[^<]+<", "><", text) for text in (english, other)]
    assert bare[0] == bare[1]


@pytest.mark.slow
@pytest.mark.xdist_group("site")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_show_it(language, site):
    for page in ("index.html", "lesson.html"):
        assert 'src="journey.svg"' in (site / language / page).read_text("utf-8")
    assert (site / language / "journey.svg").read_text("utf-8") == journey(language)


class TestInABrowser:
    pytestmark = IN_BROWSER

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_word_has_its_place(self, language, browser, tmp_path):
        file = tmp_path / "journey.html"
        file.write_text(f"<meta charset=utf-8>{journey(language)}", encoding="utf-8")
        tab = browser.new_page(viewport={"width": 736, "height": 450})
        tab.goto(file.as_uri())
        words, boxes = tab.evaluate(EDGES, "text"), tab.evaluate(EDGES, "rect.box")

        assert min(word[0] for word in words) >= 14
        assert max(word[1] for word in words) <= 706
        for left, right, top, bottom in boxes:
            held = [
                word
                for word in words
                if left < (word[0] + word[1]) / 2 < right and top < (word[2] + word[3]) / 2 < bottom
            ]
            assert len(held) == 1
            assert left + 4 <= held[0][0]
            assert held[0][1] <= right - 4
