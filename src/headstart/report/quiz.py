"""(before or after, language) -> the quiz: ten questions with four answers each, one right, all explained."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Part = Literal["before", "after"]
Language = Literal["en", "id", "hr"]
LETTERS = "abcd"

_Text = Annotated[str, Field(min_length=1, pattern=r"^\S")]
_Four = Annotated[tuple[_Text, ...], Field(min_length=4, max_length=4)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Planned(_Strict):
    """What of a question does not depend on the language.

    Attributes:
        right: the letter of the right answer.
        command: what shows it, as one types it.
        document: where to read on, with the heading.
        source: who says so; "" where it needs no one.
    """

    right: Literal["a", "b", "c", "d"]
    command: _Text
    document: _Text
    source: str = ""


class Plan(_Strict):
    """Both parts by topic."""

    before: dict[str, Planned]
    after: dict[str, Planned]


class Written(_Strict):
    """A question in one language, its answers and why each is right or wrong, in the same order."""

    question: _Text
    answers: _Four
    why: _Four


class Words(_Strict):
    """The words of the terminal and of the page in one language; {braces} are filled in."""

    name: _Text
    before: _Text
    after: _Text
    intro_before: _Text
    intro_after: _Text
    number: _Text
    check: _Text
    choose: _Text
    correct: _Text
    incorrect: _Text
    see: _Text
    read: _Text
    source: _Text
    score: _Text
    earlier: _Text
    again: _Text
    perfect: _Text
    restart: _Text
    kept: _Text
    unkept: _Text
    noscript: _Text
    keys: _Text
    prompt: _Text
    stopped: _Text
    answers: _Text


class Texts(_Strict):
    """A file of texts: one language."""

    words: Words
    topics: dict[str, _Text]
    before: dict[str, Written]
    after: dict[str, Written]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of four answers: its letter, its words, why it is right or wrong.

    `key` is its letter in the texts: the same in every language and however answers are mixed.
    """

    key: str
    letter: str
    text: str
    why: str
    right: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question, ready to be asked; `topic` names it in every language and part, `title` is for people."""

    topic: str
    title: str
    text: str
    answers: tuple[Answer, ...]
    command: str
    document: str
    source: str

    @property
    def right(self) -> str:
        """The letter of the right answer."""
        return next(answer.letter for answer in self.answers if answer.right)


@dataclass(frozen=True, slots=True)
class Quiz:
    """One part of the quiz in one language."""

    part: Part
    language: Language
    words: Words
    questions: tuple[Question, ...]

    @property
    def title(self) -> str:
        """What the part is called."""
        return self.words.before if self.part == "before" else self.words.after

    @property
    def intro(self) -> str:
        """What the part is for."""
        return self.words.intro_before if self.part == "before" else self.words.intro_after


def read_quiz(part: Part, language: Language = "en", *, seed: int | None = None) -> Quiz:
    """One part of the quiz.

    Args:
        part: "before" or "after" the lesson; both ask about the same topics in the same order.
        language: "en", "id" (Indonesian) or "hr" (Croatian).
        seed: mixes the answers of each question, the same way in every language; None: as they are written.

    Example:
        >>> quiz = read_quiz("before")
        >>> len(quiz.questions), quiz.questions[0].title, quiz.questions[0].right
        (10, 'Freezing', 'b')
    """
    plan, texts = read_plan(), read_texts(language)
    planned: dict[str, Planned] = getattr(plan, part)
    written: dict[str, Written] = getattr(texts, part)
    chance = None if seed is None else random.Random(seed)  # noqa: S311 - no secret
    questions = [
        _question(topic, texts.topics[topic], each, written[topic], chance) for topic, each in planned.items()
    ]
    return Quiz(part, language, texts.words, tuple(questions))


def _question(
    topic: str, title: str, planned: Planned, written: Written, chance: random.Random | None
) -> Question:
    order = list(range(4))
    if chance is not None:
        chance.shuffle(order)
    answers = tuple(
        Answer(LETTERS[at], letter, written.answers[at], written.why[at], right=LETTERS[at] == planned.right)
        for letter, at in zip(LETTERS, order, strict=True)
    )
    return Question(
        topic, title, written.question, answers, planned.command, planned.document, planned.source
    )


@cache
def read_plan() -> Plan:
    """What does not depend on the language, from the package."""
    return Plan.model_validate(_toml("plan"))


@cache
def read_texts(language: Language) -> Texts:
    """The texts of one language, from the package."""
    return Texts.model_validate(_toml(language))


def _toml(name: str) -> dict[str, Any]:
    file = resources.files(__package__).joinpath("quiz_texts", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
