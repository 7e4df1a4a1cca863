"""A page for each verb, with everything that its help has."""

import pytest

from website.gather import guides
from website.options import boxes
from website.verbs import verb_groups, verb_pages

VERBS = [verb for verbs in verb_groups().values() for verb in verbs]
EVERY = [each for verb in VERBS for each in (verb, *verb.parts)]


@pytest.fixture(scope="module")
def pages():
    return verb_pages({str(page): page for page in guides()})


@pytest.mark.parametrize("verb", EVERY, ids=lambda verb: verb.title)
def test_a_page_names_every_argument_and_option_of_its_verb(verb, pages):
    page = pages[verb.page]

    for entries in boxes(verb.app).values() if verb.app.default_command else ():
        for entry in entries:
            typed = [*entry.positive_names, *entry.positive_shorts, *entry.negative_names]
            for name in filter(None, [entry.positional_label, *typed]):
                assert f"`{name}`" in page or f"`{name} {entry.metavar}`" in page, name
            for choice in entry.choices or ():
                assert f"`{choice}`" in page


def test_the_list_names_every_verb_with_what_it_does(pages):
    for verb in VERBS:
        assert f"[`{verb.title}`]({verb.page}) | {verb.summary[:20]}" in pages["index.md"]


def test_a_verb_shows_commands_of_the_guides_and_where_they_stand(pages):
    assert "headstart learn pets corrections.csv" in pages["learn.md"]
    assert "/docs/catalogue.md)" in pages["learn.md"]


def test_commands_come_from_english_documents(pages):
    for page in pages.values():
        assert "Lekcija" not in page
        assert "Pelajaran" not in page


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.title)
def test_every_verb_has_an_example(verb, pages):
    assert f"\nheadstart {verb.title}" in pages[verb.page].split("```sh", 1)[1]


def test_a_default_of_nothing_is_not_told(pages):
    assert not [name for name, page in pages.items() if 'default `""`' in page or "default ``" in page]
