"""`headstart quiz`: parse, ask, show."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, SWITCH, Common

if TYPE_CHECKING:
    from headstart.report.quiz import Quiz
    from headstart.tasks.quiz import Score


def quiz(
    part: Literal["before", "after"] = "before",
    /,
    *,
    language: Literal["en", "id", "hr"] = "en",
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    answers: Annotated[bool, SWITCH] = False,
    given: str | None = None,
    answers_file: str | None = None,
    seed: int | None = None,
    common: Common = COMMON,
) -> int:
    """Ask ten questions before the lesson, and ten harder ones after it, and explain each answer.

    On a terminal it asks one after the other and keeps nothing; into a file or pipe it prints them all.

    Args:
        part: before or after the lesson; both ask about the same ideas.
        language: en, id (Indonesian) or hr (Croatian).
        output: An .html file to write instead: it asks, explains and counts by itself, without a network.
        answers: Print all questions with their answers and why each is right or wrong.
        given: Your answers, to be counted: a letter for each question, - for none, like bdac-bdcab.
        answers_file: The same from a JSON file: a list of letters, or an object of letters by topic.
        seed: Mixes the answers of each question.
    """
    from headstart.cli.output import print_json, say
    from headstart.errors import UsageError
    from headstart.tasks.quiz import quiz as open_quiz
    from headstart.tasks.quiz import read_answers, score

    if given is not None and answers_file is not None:
        raise UsageError("--given and --answers-file were both given; expected one of them")
    asked = open_quiz(part, language=language, seed=seed, output=output)
    told: Any = given if answers_file is None else read_answers(answers_file)
    counted = None if told is None else score(asked, told)
    if common.json:
        print_json(json_of(asked, counted, with_answers=answers) | {"page": output})
        return 0
    if output is not None:
        say(f"written: {output}")
    if counted is not None:
        say(*score_lines(asked, counted))
    if answers or (output is None and counted is None and not _on_terminal()):
        say(*printed(asked, with_answers=answers))
    elif output is None and counted is None:
        return _ask(asked)
    return 0


def _on_terminal() -> bool:
    # Whoever started us may have closed the input.
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _ask(asked: Quiz) -> int:
    from headstart.cli import INTERRUPTED
    from headstart.cli.asking import ask_all
    from headstart.cli.output import note

    try:
        ask_all(asked)
    except KeyboardInterrupt:
        note("", asked.words.stopped)
        return INTERRUPTED
    return 0


def json_of(asked: Quiz, counted: Score | None, *, with_answers: bool) -> dict[str, Any]:
    """The questions, or what was right of them, as JSON values.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> found = json_of(read_quiz("before"), None, with_answers=False)
        >>> sorted(found["questions"][0]), "right" in found["questions"][0]
        (['answers', 'question', 'title', 'topic'], False)
    """
    found: dict[str, Any] = {"part": asked.part, "language": asked.language, "title": asked.title}
    if counted is not None:
        found["score"] = counted.to_json()
    if counted is None or with_answers:
        found["questions"] = [_question_json(asked, at, with_answers) for at in range(len(asked.questions))]
    return found


def _question_json(asked: Quiz, at: int, with_answers: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    question = asked.questions[at]
    found: dict[str, Any] = {
        "topic": question.topic,
        "title": question.title,
        "question": question.text,
        "answers": {answer.letter: answer.text for answer in question.answers},
    }
    if with_answers:
        found["right"] = question.right
        found["why"] = {answer.letter: answer.why for answer in question.answers}
        found |= {"command": question.command, "document": question.document, "source": question.source}
    return found


def printed(asked: Quiz, *, with_answers: bool) -> list[str]:
    """All questions as lines.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> printed(read_quiz("before"), with_answers=False)[0]
        'Quiz before the lesson'
    """
    from headstart.cli.asking import explained, question_lines

    lines = [asked.title]
    for at, question in enumerate(asked.questions):
        lines += ["", *question_lines(asked, at)]
        if with_answers:
            lines += ["", *explained(asked.words, question)]
    return lines


def score_lines(asked: Quiz, counted: Score) -> list[str]:
    """The score, and what to look at again.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> from headstart.tasks.quiz import score
        >>> asked = read_quiz("before")
        >>> score_lines(asked, score(asked, "bdacbdcab-"))[0]
        '9 of 10 right'
    """
    from headstart.cli.asking import closing

    return closing(asked.words, counted)
