"""(before or after, language) => the quiz, as a page too; (quiz, answers) => what was right of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from headstart.errors import UsageError
from headstart.report.quiz import LETTERS, Language, Part, Question, Quiz, read_quiz
from headstart.report.quiz_page import render_quiz
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.paths import check_page, given_path

NO_ANSWER = "-"
_MOST_BYTES = 100_000
_EXPECTED = "expected a to d for each question in their order, - where there is none"


@dataclass(frozen=True, slots=True)
class Score:
    """What was right of what was asked.

    Attributes:
        right: how many.
        of: how many were asked.
        again: the questions that were not answered right.
    """

    right: int
    of: int
    again: tuple[Question, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        again = [
            {"topic": each.topic, "title": each.title, "document": each.document, "command": each.command}
            for each in self.again
        ]
        return {"right": self.right, "of": self.of, "again": again}


def quiz(
    part: Part = "before",
    *,
    language: Language = "en",
    seed: int | None = None,
    output: str | Path | None = None,
) -> Quiz:
    """One part of the lesson's quiz, and its page where one is asked for.

    Args:
        part: "before" or "after" the lesson.
        language: "en", "id" (Indonesian) or "hr" (Croatian).
        seed: mixes the answers of each question; None: as they are written.
        output: an HTML file to write; it asks, explains and counts by itself.

    Raises:
        UsageError: a part or language that is not there, or an output that can't be.
        StorageError: the disk refuses.

    Example:
        >>> asked = quiz("after", language="id")
        >>> asked.title, len(asked.questions)
        ('Kuis setelah pelajaran', 10)
    """
    _require(part, get_args(Part), "part")
    _require(language, get_args(Language), "language")
    target = None if output is None else check_page(output)
    asked = read_quiz(part, language, seed=seed)
    if target is not None:
        atomic_write_text(target, render_quiz(asked))
    return asked


def _require(given: str, known: tuple[str, ...], what: str) -> None:
    if given not in known:
        raise UsageError(f"{what} is {given!r}; expected one of {', '.join(known)}")


def score(asked: Quiz, given: str | Sequence[str] | Mapping[str, str]) -> Score:
    """Count the right answers.

    Args:
        asked: the quiz.
        given: a letter for each question in their order ("-" for no answer), or letters by topic; topics
            that are left out have no answer.

    Raises:
        UsageError: no such letters or topics, or not one for each question.

    Example:
        >>> found = score(quiz("before"), "bdacbdcab-")
        >>> found.right, found.of, found.again[0].topic
        (9, 10, 'adversarial')
    """
    letters = by_topic(asked, given)
    again = tuple(each for each in asked.questions if letters.get(each.topic) != each.right)
    return Score(len(asked.questions) - len(again), len(asked.questions), again)


def by_topic(asked: Quiz, given: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Letters by topic, checked; see `score`."""
    topics = [each.topic for each in asked.questions]
    if not isinstance(given, Mapping):
        if len(given) != len(topics):
            raise UsageError(f"{len(given)} answers were given to {len(topics)} questions; {_EXPECTED}")
        given = dict(zip(topics, given, strict=True))
    if unknown := [topic for topic in given if topic not in topics]:
        raise UsageError(f"there is no topic {unknown[0]!r}; expected {', '.join(topics)}")
    return {topic: _letter(letter) for topic, letter in given.items()}


def _letter(given: object) -> str:
    letter = given.lower() if isinstance(given, str) else ""
    if len(letter) != 1 or letter not in LETTERS + NO_ANSWER:
        raise UsageError(f"{given!r} is no answer; {_EXPECTED}")
    return letter


def read_answers(path: str | Path) -> list[str] | dict[str, str]:
    """Answers from a JSON file: a list of letters in the order of the questions, or an object by topic.

    Raises:
        UsageError: no file, no JSON, or something else in it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "answers.json"
        ...     _ = file.write_text('{"freezing": "b"}')
        ...     read_answers(file)
        {'freezing': 'b'}
    """
    file = Path(given_path(path, "answers-file"))
    expected = "expected a list of letters, or an object of letters by topic"
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"answers-file {str(path)!r} can't be read ({error.strerror}); {expected}") from None
    try:
        found = json.loads(text) if len(text) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        raise UsageError(f"answers-file {str(path)!r} is no JSON; {expected}") from None
    if not isinstance(found, list | dict):
        raise UsageError(f"answers-file {str(path)!r} holds something else; {expected}")
    return found
