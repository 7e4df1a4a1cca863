"""(the gathered documents) => the site's navigation: from the files, each named by its first heading."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from website.quizzes import LANGUAGES
from website.titles import title_of

if TYPE_CHECKING:
    from pathlib import Path

Entry = tuple[str, Any]
"""A title, and its page or the entries below it."""

_START = ("index.md", "start.md")
_GUIDES = ("guide.md", "catalogue.md", "mind.md", "tune.md", "keras.md")
_LESSON = ("lesson.md", "quiz.md")
_FIGURES = ("performance.md", "reliability.md")
_PICTURES = ("gallery.md",)
_ELSEWHERE = {*_START, *_GUIDES, *_LESSON, *_FIGURES, *_PICTURES}


def navigation(docs: Path) -> list[Entry]:
    """(title, page or entries), in reading order; what is nowhere else stands among the guides."""
    others = sorted(page.name for page in docs.glob("*.md") if page.name not in _ELSEWHERE)
    lesson = [f"lesson/{name}.md" for name in sorted(page.stem for page in docs.glob("lesson/[0-9]*.md"))]
    entries: list[Entry] = [
        *_entries(docs, _START),
        ("Guides", _entries(docs, (*_GUIDES, *others))),
        ("The lesson", _entries(docs, (_LESSON[0], *lesson, *_LESSON[1:]))),
        *_entries(docs, _PICTURES),
        ("Figures", _entries(docs, _FIGURES)),
        ("Reference", [_folder(docs, "verbs"), _folder(docs, "interface")]),
        ("Background", [_folder(docs, "decisions"), *_project(docs)]),
        *((name, _folder(docs, language)[1]) for language, name in LANGUAGES.items() if language != "en"),
    ]
    return [entry for entry in entries if entry[1]]


def _entries(docs: Path, pages: tuple[str, ...]) -> list[Entry]:
    return [(_short(docs / page), page) for page in pages if (docs / page).is_file()]


def _folder(docs: Path, folder: str) -> tuple[str, list[Entry]]:
    """Its pages by name, the first page first, whose title is the folder's."""
    pages = sorted((docs / folder).glob("*.md"), key=lambda page: (page.name != "index.md", page.name))
    entries = _entries(docs, tuple(f"{folder}/{page.name}" for page in pages))
    return (entries[0][0] if entries else folder, entries)


def _project(docs: Path) -> list[Entry]:
    """What the documents link to outside their folder: the changelog, the model card."""
    pages = sorted((docs / "project").rglob("*.md"), key=lambda page: page.as_posix())
    return _entries(docs, tuple(page.relative_to(docs).as_posix() for page in pages))


def _short(page: Path) -> str:
    title = title_of(page.read_text("utf-8"))
    return title.removeprefix("headstart ").removeprefix("headstart.")


def as_toml(entries: list[Entry]) -> str:
    """The navigation as zensical reads it.

    Example:
        >>> as_toml([("Start", "index.md"), ("Guides", [("Guide", "guide.md")])])
        '[{"Start" = "index.md"}, {"Guides" = [{"Guide" = "guide.md"}]}]'
    """
    parts = (f"{{{_quoted(title)} = {_value(below)}}}" for title, below in entries)
    return f"[{', '.join(parts)}]"


def _value(below: str | list[Entry]) -> str:
    return _quoted(below) if isinstance(below, str) else as_toml(below)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
