"""Catalogue -> str: one HTML page to look through and correct, data and script inside; no network."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from headstart.report.page import environment
from headstart.report.scripted import page_parts, script_json

if TYPE_CHECKING:
    from headstart.report.catalogue_facts import Catalogue

# Each file gives functions to those after it; together they are the page's one script.
SCRIPTS = ("text", "corrections", "view", "grid", "picker", "detail", "page")
_STYLES = ("report.css", "catalogue.css")


def render_catalogue(facts: Catalogue) -> str:
    r"""The catalogue as one HTML document; its photos are files in `thumbnails/` beside it.

    All names reach the page as JSON and are shown as text, never as HTML. The page's policy allows
    its own script and style, pictures from where it lies, and nothing else.

    Example:
        >>> from headstart.report.catalogue_facts import *
        >>> photo = PhotoEntry(sha256="0" * 64, name="</script>.jpg", path="/p", label="cat", shares=[])
        >>> page = render_catalogue(Catalogue(key="k", title="Pets", intro="", model="m", classes=["cat"],
        ...     photos=[photo], learn="headstart learn m corrections.csv"))
        >>> "\\u003c/script\\u003e.jpg" in page, "</script>.jpg" in page
        (True, False)
    """
    template = environment().get_template("catalogue.html")
    data = script_json(facts.model_dump(exclude_defaults=True))
    parts = page_parts(_STYLES, tuple(f"catalogue_{name}.js" for name in SCRIPTS))
    return template.render(facts=facts, data=data, version=metadata.version("headstart"), **parts)
