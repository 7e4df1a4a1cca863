"""The documents as a site, and the pages of the lesson as notebooks."""

from pathlib import Path

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
