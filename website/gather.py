"""docs/, and what is made from the code => one folder of Markdown whose links all lead inside it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from website import DOCS, PROJECT
from website.interface import interface_pages
from website.journey import PICTURE, journey
from website.quizzes import LANGUAGES, folder_of, quiz_pages, with_quiz_links
from website.titles import title_of
from website.verbs import verb_pages

if TYPE_CHECKING:
    from headstart.report.quiz import Language

_LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")


def documents() -> list[Path]:
    """Every document that people write, and whose commands the tests run."""
    return sorted(DOCS.rglob("*.md"))


def guides() -> list[Path]:
    """Those in English that show how things are done: what the pages of verbs and interface draw on."""
    return [page for page in documents() if not {"decisions", *LANGUAGES} & set(page.relative_to(DOCS).parts)]


def gather(target: Path) -> None:
    """Write everything that zensical makes pages of.

    Args:
        target: a folder, made anew.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS, target, ignore=shutil.ignore_patterns(".*"))
    sources = guides()
    _write(target / "verbs", verb_pages({_from(target / "verbs", page, target): page for page in sources}))
    _write(target / "interface", interface_pages(sources))
    _write(target, quiz_pages())
    _list_decisions(target / "decisions")
    for language in LANGUAGES:
        _translate(target / folder_of(language), language)
    _bring_in(target)


def _from(folder: Path, document: Path, target: Path) -> str:
    """The address of a document, seen from a folder of the gathered ones."""
    return Path(os.path.relpath(target / document.relative_to(DOCS), folder)).as_posix()


def _write(folder: Path, pages: dict[str, str]) -> None:
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _translate(folder: Path, language: Language) -> None:
    """Links to the quiz, the journey picture, and the language of the words around the text."""
    if language != "en":
        _write(folder, {PICTURE.name: journey(language)})
    for page in folder.glob("*.md"):
        text = with_quiz_links(page.read_text("utf-8"), language)
        text = text.replace(f"](../pictures/{PICTURE.name})", f"]({PICTURE.name})")
        front = "" if language == "en" else f"---\nlang: {language}\n---\n\n"
        page.write_text(front + text, encoding="utf-8")


def _bring_in(target: Path) -> None:
    """Copy the files of the project that documents link to, and have the links lead to the copies."""
    waiting = {page: DOCS / page.relative_to(target) for page in target.rglob("*.md")}
    while waiting:
        page, source = waiting.popitem()
        text, new = _inside(page, source, target)
        page.write_text(text, encoding="utf-8")
        for copy, original in new.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, copy)
            waiting |= {copy: original} if copy.suffix == ".md" else {}


def _inside(page: Path, source: Path, target: Path) -> tuple[str, dict[Path, Path]]:
    new: dict[Path, Path] = {}

    def lead(link: re.Match[str]) -> str:
        address = link[2]
        original = Path(os.path.normpath(source.parent / address))
        copy = _place(original, target)
        if copy is None:
            return link[0]
        if copy.is_dir():
            address = f"{address.rstrip('/')}/index.md"
            return f"{link[1]}{address}{link[3]}"
        if not copy.exists():
            new[copy] = original
        return f"{link[1]}{Path(os.path.relpath(copy, page.parent)).as_posix()}{link[3]}"

    return _LINK.sub(lead, page.read_text("utf-8")), new


def _place(original: Path, target: Path) -> Path | None:
    """Where a linked file lies among the gathered ones; None where the documents have no such file."""
    if original.is_relative_to(DOCS):
        copy = target / original.relative_to(DOCS)
        return copy if copy.exists() else None
    if original.is_file() and original.is_relative_to(PROJECT):
        return target / "project" / original.relative_to(PROJECT)
    return None


def _list_decisions(folder: Path) -> None:
    """A first page for the folder that documents link to as a whole."""
    pages = sorted(folder.glob("[0-9]*.md"))
    lines = (f"* [{title_of(page.read_text('utf-8'))}]({page.name})" for page in pages)
    _write(folder, {"index.md": "\n".join(["# Decisions", "", *lines, ""])})
