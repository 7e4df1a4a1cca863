"""(a language) => the quiz as pages of the site: before and after the lesson, with a way back and across."""

from __future__ import annotations

from html import escape
from typing import get_args

from headstart.report.quiz import Language, Part, read_quiz
from headstart.report.quiz_page import render_quiz

LANGUAGES: dict[Language, str] = {"en": "English", "id": "Bahasa Indonesia", "hr": "Hrvatski"}
MARK = "<!-- site: quiz -->"
"""Where a document shows the links to the two pages, which only the site has."""

_BODY = '<body class="quiz">\n'


def folder_of(language: Language) -> str:
    """Where the pages of a language lie: English ones at the root."""
    return "" if language == "en" else f"{language}/"


def quiz_pages() -> dict[str, str]:
    """Address -> HTML of both parts in every language."""
    return {
        f"{folder_of(language)}quiz-{part}.html": _page(part, language)
        for language in LANGUAGES
        for part in get_args(Part)
    }


def _page(part: Part, language: Language) -> str:
    """The quiz's own page, with links above it."""
    page = render_quiz(read_quiz(part, language))
    if _BODY not in page:
        raise ValueError(f"the quiz's page has no {_BODY!r} behind which links could stand")
    return page.replace(_BODY, f"{_BODY}{_links(part, language)}\n", 1)


def _links(part: Part, language: Language) -> str:
    up = "" if language == "en" else "../"
    ways = ['<a href="quiz.html">headstart</a>']
    for other, name in LANGUAGES.items():
        address = f"{up}{folder_of(other)}quiz-{part}.html"
        ways.append(
            escape(name) if other == language else f'<a href="{address}" lang="{other}">{escape(name)}</a>'
        )
    return f"<nav><p>{' · '.join(ways)}</p></nav>"


def with_quiz_links(text: str, language: Language) -> str:
    """A document whose mark has become links to the two pages.

    Example:
        >>> print(with_quiz_links(MARK, "hr").splitlines()[0])
        * [Kviz prije lekcije](quiz-before.html)
    """
    quizzes = [read_quiz(part, language) for part in get_args(Part)]
    lines = (f"* [{quiz.title}](quiz-{quiz.part}.html)" for quiz in quizzes)
    return text.replace(MARK, "\n".join(lines))
