"""A quiz and a terminal -> one question after the other, each answer explained, the score at the end."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from headstart.cli.output import say
from headstart.report.quiz import LETTERS

if TYPE_CHECKING:
    from headstart.report.quiz import Question, Quiz, Words
    from headstart.tasks.quiz import Score

_STOP = "q"
_WIDEST = 90
_NARROWEST = 30

Read = Callable[[], str]
Say = Callable[..., None]


def ask_all(asked: Quiz, read: Read | None = None, tell: Say = say) -> Score:
    """Ask every question; `q` or the end of the input stops, and what was answered until then is counted.

    Args:
        asked: the quiz.
        read: gives a line, "" at the end of the input; None: the terminal.
        tell: shows lines.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> lines = iter(["b", "q"])
        >>> found = ask_all(read_quiz("before"), lambda: next(lines), lambda *shown: None)
        >>> found.right, found.of
        (1, 1)
    """
    from headstart.tasks.quiz import Score

    words = asked.words
    read_line = read or (lambda: _from_terminal(words.prompt))
    tell(asked.title, *_wrapped(asked.intro), *_wrapped(words.keys))
    answered: list[tuple[Question, str]] = []
    for at, question in enumerate(asked.questions):
        tell("", *question_lines(asked, at), "")
        letter = _letter(read_line, words, tell)
        if letter is None:
            tell("", words.stopped)
            break
        answered.append((question, letter))
        tell("", _verdict(words, question, letter), *explained(words, question))
    again = tuple(question for question, letter in answered if letter != question.right)
    found = Score(len(answered) - len(again), len(answered), again)
    if answered:
        tell("", *closing(words, found))
    return found


def _from_terminal(prompt: str) -> str:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    return sys.stdin.readline()


def _letter(read: Read, words: Words, tell: Say) -> str | None:
    """The next letter; None where the reader stops."""
    while line := read():
        given = line.strip().lower()
        if given == _STOP:
            return None
        if len(given) == 1 and given in LETTERS:
            return given
        tell(words.keys)
    return None


def _verdict(words: Words, question: Question, letter: str) -> str:
    return words.correct if letter == question.right else words.incorrect.format(letter=question.right)


def question_lines(asked: Quiz, at: int) -> list[str]:
    """A question with its four answers."""
    question = asked.questions[at]
    number = asked.words.number.format(number=at + 1, of=len(asked.questions))
    lines = [f"{number}: {question.title}", *_wrapped(question.text)]
    for answer in question.answers:
        lines += _wrapped(f"{answer.letter}  {answer.text}", "  ", "     ")
    return lines


def explained(words: Words, question: Question) -> list[str]:
    """Why each answer is right or wrong, what shows it, where to read on.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> quiz = read_quiz("before")
        >>> explained(quiz.words, quiz.questions[0])[-1]
        'Read: docs/tune.md#training-the-network-on'
    """
    lines = []
    for answer in question.answers:
        mark = "✓" if answer.right else "✗"
        lines += _wrapped(f"{mark} {answer.letter}  {answer.why}", "", "     ")
    lines.append(f"{words.see}: {question.command}")
    lines.append(f"{words.read}: {question.document}")
    return [*lines, f"{words.source}: {question.source}"] if question.source else lines


def closing(words: Words, found: Score) -> list[str]:
    """The score, and the topics to look at again with what explains them."""
    lines = [words.score.format(right=found.right, of=found.of)]
    if not found.again:
        return [*lines, words.perfect]
    return [*lines, f"{words.again}:", *(f"  {each.title}: {each.document}" for each in found.again)]


def _wrapped(text: str, first: str = "", other: str = "") -> list[str]:
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=other)
