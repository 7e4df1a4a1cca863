"""(documents) => the headstart commands in them, by verb; the tests run those of shell blocks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from website.blocks import blocks
from website.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Example:
    """A command as it stands in a document, with its comment."""

    line: str
    document: str
    title: str


def examples(documents: dict[str, Path]) -> dict[str, list[Example]]:
    """By verb ("train") and by verb and its part ("datasets fetch"), in the order of the documents.

    Args:
        documents: files by the address that links to them.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = Path(folder) / "guide.md"
        ...     text = ["# Guide", "```sh", "headstart quiz before   # ten questions", "```", ""]
        ...     _ = page.write_text(chr(10).join(text))
        ...     examples({"../guide.md": page})["quiz"][0].title
        'Guide'
    """
    found: dict[str, list[Example]] = {}
    for address, document in documents.items():
        text = document.read_text("utf-8")
        for line, words in _commands(text):
            example = Example(line, address, title_of(text))
            for verb in (words[1], " ".join(words[1:3])):
                known = found.setdefault(verb, [])
                if line not in (each.line for each in known):
                    known.append(example)
    return found


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Those that the tests run first, then those that need what a test has not: a network, other weights."""
    for language in ("sh", "text", ""):
        code = "".join(block.code for block in blocks(text) if block.language == language)
        for line in code.splitlines():
            if line.startswith("headstart "):
                yield line.rstrip(), shlex.split(line, comments=True)
