"""The command line and the documents => a page for each verb: usage, options, examples that the tests run."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.cli.app import build_app
from website.docstrings import cell
from website.examples import Example, examples
from website.options import boxes, means, names, usage

if TYPE_CHECKING:
    from pathlib import Path

    from cyclopts import App

_MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Verb:
    """One verb of the command line, such as `train` or `datasets fetch`."""

    words: tuple[str, ...]
    app: App

    @property
    def title(self) -> str:
        """What is typed."""
        return " ".join(self.words)

    @property
    def parts(self) -> tuple[Verb, ...]:
        """The verbs below it: list, fetch, verify."""
        return tuple(Verb((*self.words, name), self.app[name]) for name in self.app if name[0] != "-")

    @property
    def page(self) -> str:
        """The file of its page."""
        return f"{self.words[0]}.md"

    @property
    def summary(self) -> str:
        """Its first sentence."""
        return self.text.split("\n", 1)[0]

    @property
    def text(self) -> str:
        """What it does, without its arguments."""
        doing = self.app.default_command
        text = inspect.getdoc(doing) if callable(doing) else self.app.help
        return (text or "").split("\nArgs:", 1)[0].strip()


def verb_groups() -> dict[str, list[Verb]]:
    """Every verb in the groups and the order of `headstart --help`.

    Example:
        >>> [verb.title for verb in verb_groups()["Into the network's mind"]]
        ['maps', 'explain', 'ideal', 'attack', 'robustness']
    """
    from cyclopts import Group

    groups: dict[Group, list[Verb]] = {}
    for verb in Verb((), build_app()).parts:
        told = verb.app.group
        for group in told if isinstance(told, tuple) else ():
            if isinstance(group, Group):
                groups.setdefault(group, []).append(verb)
    return {group.name: groups[group] for group in sorted(groups, key=lambda each: str(each.sort_key))}


def verb_pages(documents: dict[str, Path]) -> dict[str, str]:
    """File name -> Markdown: a page for each verb, and the list of all.

    Args:
        documents: the documents whose commands serve as examples, by their address seen from these pages.
    """
    found = examples(documents)
    groups = verb_groups()
    pages = {verb.page: verb_page(verb, found) for verbs in groups.values() for verb in verbs}
    return {"index.md": _index(groups), **pages}


def _index(groups: dict[str, list[Verb]]) -> str:
    lines = ["# The verbs", "", "Each page is made from the verb's own help, `headstart VERB --help`."]
    for name, verbs in groups.items():
        rows = (f"| [`{verb.title}`]({verb.page}) | {cell(verb.summary)} |" for verb in verbs)
        lines += ["", f"## {name}", "", "| verb | what it does |", "|---|---|", *rows]
    return "\n".join([*lines, ""])


def verb_page(verb: Verb, found: dict[str, list[Example]]) -> str:
    """One verb with those below it."""
    of_parts = [each for part in verb.parts for each in found.get(part.title, [])]
    own = [each for each in found.get(verb.title, []) if each not in of_parts]
    lines = [f"# headstart {verb.title}", "", verb.text, *_usage(verb), *_shown(own), *_options(verb)]
    for part in verb.parts:
        lines += ["", f"## {part.title}", "", part.text, *_usage(part)]
        lines += [*_shown(found.get(part.title, [])), *_options(part, "###")]
    return "\n".join([*lines, ""])


def _usage(verb: Verb) -> list[str]:
    return ["", "```text", usage(verb.title, verb.app), "```"] if verb.app.default_command else []


def _options(verb: Verb, level: str = "##") -> list[str]:
    lines: list[str] = []
    for title, entries in boxes(verb.app).items() if verb.app.default_command else ():
        head = "argument" if title == "Arguments" else "option"
        anchor = "-".join([*verb.words[1:], *title.lower().split()])
        lines += ["", f"{level} {title} {{: #{anchor} }}", "", f"| {head} | what it means |", "|---|---|"]
        lines += [f"| {names(entry)} | {means(entry)} |" for entry in entries]
    return lines


def _shown(found: list[Example]) -> list[str]:
    if not found:
        return []
    chosen = found[:_MOST_EXAMPLES]
    sources = {each.document: each.title for each in chosen}
    named = ", ".join(f"[{title}]({document})" for document, title in sources.items())
    return ["", "```sh", *(each.line for each in chosen), "```", "", f"From {named}."]
