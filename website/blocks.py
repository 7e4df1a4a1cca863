"""(text of a Markdown document) => its fenced blocks, and where each stands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document.

    Attributes:
        language: "python", "sh", "text" or "".
        code: what stands in it, with its last line break.
        line: in which it begins, counted from 1.
        start: where its fence begins in the text, in characters.
        end: behind its last fence.
    """

    language: str
    code: str
    line: int
    start: int
    end: int


def blocks(text: str) -> list[Block]:
    """Find the fenced blocks of a document, in their order.

    Example:
        >>> text = chr(10).join(["Look:", "```sh", "ls", "```"])
        >>> [(each.language, each.code.strip(), each.line) for each in blocks(text)]
        [('sh', 'ls', 3)]
    """
    return [
        Block(found["language"], found["code"], text.count("\n", 0, found.start()) + 2, *found.span())
        for found in _FENCE.finditer(text)
    ]


def commands(block: Block) -> list[list[str]]:
    """Each line of a shell block as words, comments left out.

    Example:
        >>> commands(Block("sh", "headstart quiz before  # ten questions", 1, 0, 0))
        [['headstart', 'quiz', 'before']]
    """
    lines = (shlex.split(line, comments=True) for line in block.code.splitlines())
    return [words for words in lines if words]
