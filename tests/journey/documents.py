"""Code blocks of a Markdown document, and where the documents are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from website import PROJECT
from website import blocks as found
from website.blocks import Block, commands

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PROJECT", "Block", "blocks", "commands"]


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a file."""
    return found.blocks(document.read_text("utf-8"))
