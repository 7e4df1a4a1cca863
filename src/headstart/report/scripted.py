"""(names of our own style and script files) -> the parts of a page with a script, and their digests."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

_IN_SCRIPT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def script_json(value: Any) -> Markup:
    r"""JSON that may stand inside a script element: ASCII alone, nothing that could end or open a tag.

    Example:
        >>> print(script_json({"name": "</script>"}))
        {"name":"\u003c/script\u003e"}
    """
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_IN_SCRIPT))  # noqa: S704 - no letter of it can be read as HTML


@cache
def page_parts(styles: tuple[str, ...], scripts: tuple[str, ...]) -> dict[str, Any]:
    """Style and script of a page, and their digests for its policy.

    Args:
        styles: names of files beside this one, one after the other.
        scripts: the same; each gives functions to those after it, and the last one has `start`.

    Example:
        >>> sorted(page_parts(("report.css",), ("quiz.js",)))
        ['css', 'css_digest', 'script', 'script_digest']
    """
    from markupsafe import Markup

    css = "".join(_own(name) for name in styles)
    files = "\n".join(_own(name) for name in scripts)
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
