"""Quiz -> str: one HTML page that asks, explains and counts; no network, answers stay in the browser."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from headstart.report.page import environment
from headstart.report.quiz import read_plan
from headstart.report.scripted import page_parts, script_json

if TYPE_CHECKING:
    from headstart.report.quiz import Question, Quiz


def render_quiz(quiz: Quiz) -> str:
    """The quiz as one HTML document; the right answers stand in it, since nobody is examined.

    Example:
        >>> from headstart.report.quiz import read_quiz
        >>> page = render_quiz(read_quiz("before", "hr"))
        >>> '<html lang="hr">' in page, page.count("<fieldset"), "http://" in page
        (True, 10, False)
    """
    template = environment().get_template("quiz.html")
    return template.render(
        quiz=quiz,
        words=quiz.words,
        data=script_json(_data(quiz)),
        version=metadata.version("headstart"),
        **page_parts(("report.css", "quiz.css"), ("quiz.js",)),
    )


def _data(quiz: Quiz) -> dict[str, Any]:
    """What the script needs; answers go by their key, so that kept ones hold in each language and order."""
    names = ("correct", "incorrect", "score", "earlier", "perfect", "choose", "unkept")
    return {
        "part": quiz.part,
        "words": {name: getattr(quiz.words, name) for name in names},
        "questions": [_question_data(question) for question in quiz.questions],
        "before": {topic: planned.right for topic, planned in read_plan().before.items()},
    }


def _question_data(question: Question) -> dict[str, str]:
    right = next(answer.key for answer in question.answers if answer.right)
    return {
        "topic": question.topic,
        "title": question.title,
        "right": right,
        "letter": question.right,
        "document": question.document,
    }
