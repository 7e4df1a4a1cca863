"""Catalogue -> str: one HTML page to look through and correct, data and script inside; no network."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from headstart.report.page import environment

if TYPE_CHECKING:
    from markupsafe import Markup

    from headstart.report.catalogue_facts import Catalogue

# Each file gives functions to those after it; together they are the page's one script.
SCRIPTS = ("text", "corrections", "view", "grid", "picker", "detail", "page")
_STYLES = ("report.css", "catalogue.css")
_IN_SCRIPT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


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
    data = _json(facts.model_dump(exclude_defaults=True))
    return template.render(facts=facts, data=data, version=metadata.version("headstart"), **_parts())


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element: ASCII alone, nothing that could end or open a tag."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_IN_SCRIPT))  # noqa: S704 - no letter of it can be read as HTML


@cache
def _parts() -> dict[str, Any]:
    """Style and script, and their digests for the page's policy."""
    from markupsafe import Markup

    css = "".join(_own(name) for name in _STYLES)
    files = "\n".join(_own(f"catalogue_{name}.js") for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{files}\nstart();\n}})();\n'
    return {
        "css": Markup(css),  # noqa: S704 - our own files
        "css_digest": _digest(css),
        "script": Markup(script),  # noqa: S704
        "script_digest": _digest(script),
    }


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
