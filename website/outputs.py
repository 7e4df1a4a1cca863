"""(a page, what its cells or commands print) => the page with that behind each, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from website.blocks import Block, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_outputs(text: str, outputs: Sequence[str], language: str) -> str:
    """Put what was printed behind each block of a language, in place of what stood there.

    Args:
        text: of the page.
        outputs: one for each block; "" where nothing was printed.
        language: of the blocks that are run: "python" or "sh".

    Example:
        >>> page = chr(10).join(["```python", "print(1)", "```", ""])
        >>> print(with_outputs(page, ["1"], "python"))
        ```python
        print(1)
        ```
        <BLANKLINE>
        ```text
        1
        ```
        <BLANKLINE>
    """
    found = blocks(text)
    for place, printed in reversed(list(zip(_places(found, language), outputs, strict=True))):
        end = _end_of_output(text, found, place)
        behind = f"\n\n```text\n{printed.rstrip()}\n```" if printed.strip() else ""
        text = text[: found[place].end] + behind + text[end:]
    return text


def recorded(text: str, language: str) -> list[str]:
    """What stands behind each block of a language; "" where nothing does."""
    found = blocks(text)
    return [
        found[place + 1].code if _end_of_output(text, found, place) > found[place].end else ""
        for place in _places(found, language)
    ]


def _places(found: list[Block], language: str) -> list[int]:
    return [place for place, block in enumerate(found) if block.language == language]


def _end_of_output(text: str, found: list[Block], place: int) -> int:
    """Where a block with its output ends: a text block counts if nothing but white space is between."""
    end = found[place].end
    follows = found[place + 1] if place + 1 < len(found) else None
    if follows and follows.language == "text" and not text[end : follows.start].strip():
        return follows.end
    return end
