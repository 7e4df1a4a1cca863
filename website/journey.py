"""The journey picture in another language: the same drawing, other words."""

from __future__ import annotations

import re
import tomllib
from html import escape, unescape
from pathlib import Path

from website import DOCS

PICTURE = DOCS / "pictures" / "journey.svg"
_WORDS = Path(__file__).with_name("journey.toml")
_TEXT = re.compile(r"(<(title|desc|text)\b[^>]*>)([^<]+)(</\2>)")


def journey(language: str) -> str:
    """The picture as SVG.

    Args:
        language: "id" or "hr".

    Raises:
        KeyError: the picture says something that has no translation.

    Example:
        >>> ">piksel<" in journey("id"), ">pixels<" in journey("id")
        (True, False)
    """
    words = tomllib.loads(_WORDS.read_text("utf-8"))[language]

    def translated(text: re.Match[str]) -> str:
        return f"{text[1]}{escape(words[unescape(text[3])], quote=False)}{text[4]}"

    return _TEXT.sub(translated, PICTURE.read_text("utf-8"))
