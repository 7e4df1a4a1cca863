"""Code blocks of a Markdown document, and a small world in which they can run word for word."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line that it begins in."""

    language: str
    code: str
    line: int


def blocks(document: Path) -> list[Block]:
    text = document.read_text("utf-8")
    return [
        Block(found["language"], found["code"], text.count("\n", 0, found.start()) + 2)
        for found in _FENCE.finditer(text)
    ]


def commands(block: Block) -> list[list[str]]:
    """Each line of a shell block as words, comments left out."""
    lines = (shlex.split(line, comments=True) for line in block.code.splitlines())
    return [words for words in lines if words]
