"""The quiz's texts: complete, the same in each language, every command and document there."""

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from headstart.report.quiz import Language, Part, Texts, read_plan, read_quiz, read_texts

LANGUAGES = get_args(Language)
PARTS = get_args(Part)
ROOT = Path(__file__).parents[2]
EACH = [(part, topic) for part in PARTS for topic in getattr(read_plan(), part)]


def figures(text):
    """The numbers of a text, however a language writes their decimals and thousands."""
    return sorted(re.sub("[.,]", "", each) for each in re.findall(r"\d+(?:[.,/]\d+)*", text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_ten_questions_with_four_answers_one_of_them_right(part, language):
    quiz = read_quiz(part, language)

    assert len(quiz.questions) == 10
    for question in quiz.questions:
        assert [answer.letter for answer in question.answers] == list("abcd")
        assert sum(answer.right for answer in question.answers) == 1
        assert len({answer.text for answer in question.answers}) == 4
        assert len({answer.why for answer in question.answers}) == 4


def test_both_parts_ask_about_the_same_topics_in_the_same_order():
    plan = read_plan()

    assert list(plan.before) == list(plan.after)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_topics_of_the_plan(language):
    texts, topics = read_texts(language), list(read_plan().before)

    assert [*texts.topics] == [*texts.before] == [*texts.after] == topics


@pytest.mark.parametrize("part", PARTS)
def test_the_right_letter_gives_nothing_away(part):
    letters = Counter(question.right for question in read_quiz(part).questions)

    assert set(letters) == set("abcd")
    assert max(letters.values()) <= 4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_the_longest_answer_is_not_as_a_rule_the_right_one(part, language):
    questions = read_quiz(part, language).questions
    longest = [max(question.answers, key=lambda answer: len(answer.text)) for question in questions]

    assert sum(answer.right for answer in longest) <= 4


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
@pytest.mark.parametrize(("part", "topic"), EACH)
def test_a_translation_has_the_figures_of_the_original_in_each_answer(part, topic, language):
    here, there = (getattr(read_texts(name), part)[topic] for name in (language, "en"))

    pairs = [(here.question, there.question), *zip(here.answers, there.answers, strict=True)]
    pairs += zip(here.why, there.why, strict=True)
    for own, english in pairs:
        assert figures(own) == figures(english)
        assert own != english


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_keep_their_places_to_fill_in(language):
    own, english = read_texts(language).words.model_dump(), read_texts("en").words.model_dump()

    for name, text in own.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english[name])), name


@pytest.mark.parametrize(("part", "topic"), EACH)
def test_the_document_has_the_heading_to_read(part, topic):
    name, _, heading = getattr(read_plan(), part)[topic].document.partition("#")

    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    headings = [re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()) for line in lines if line.startswith("#")]
    assert heading in {each.replace(" ", "-") for each in headings}


def test_every_command_can_be_typed_as_it_stands():
    from headstart.cli.app import build_app

    app = build_app()
    for part, topic in EACH:
        program, *arguments = shlex.split(getattr(read_plan(), part)[topic].command)
        assert program == "headstart"
        app.parse_args(arguments, exit_on_error=False, print_error=False)


@pytest.mark.slow
def test_tricks_that_commands_name_are_there():
    from headstart.tasks.tricks import listed_tricks

    grounds = {trick["name"]: set(trick["arms"]) for trick in listed_tricks()}
    commands = [getattr(read_plan(), part)[topic].command for part, topic in EACH]
    found = [re.search(r"tricks (\S+) --only (\S+)(?: --on (\S+))?", command) for command in commands]
    for match in filter(None, found):
        photos, name, on = match.groups()
        assert (photos if on is None else on) in grounds[name]


def test_a_seed_mixes_answers_alike_in_every_language():
    plain, mixed, again = read_quiz("after"), read_quiz("after", seed=3), read_quiz("after", seed=3)
    other = read_quiz("after", "hr", seed=3)

    assert mixed == again
    assert mixed != plain
    for one, two in zip(mixed.questions, other.questions, strict=True):
        assert [answer.key for answer in one.answers] == [answer.key for answer in two.answers]
        assert (
            next(answer.key for answer in one.answers if answer.right) == read_plan().after[one.topic].right
        )


@pytest.mark.parametrize(
    "change",
    [{"answers": ["a", "b", "c"]}, {"why": ["a", "b", "c", ""]}, {"question": ""}, {"hint": "none"}],
)
def test_texts_that_lack_something_are_refused(change):
    texts = read_texts("en").model_dump()
    texts["before"]["freezing"] |= change

    with pytest.raises(ValidationError):
        Texts.model_validate(texts)
