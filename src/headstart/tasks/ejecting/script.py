"""(facts of a model) => the text of a plain script, from the templates in this folder."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

MARK = '"headstart eject" wrote it'
"""Stands in every script: a file without it is somebody else's and is never replaced."""


def script(framework: str, facts: Mapping[str, Any]) -> str:
    """The script's text, in ASCII whatever the names in it.

    Args:
        framework: "torch" or "keras".
        facts: what the templates ask for.
    """
    return _environment().get_template(f"{framework}.py.jinja").render(facts)


def literal(value: Any) -> str:
    r"""A value as Python writes it, in ASCII: no name can end the text that it stands in.

    Example:
        >>> print(literal("a'b\"\n\u202e"))
        "a'b\"\n\u202e"
        >>> literal("cat"), literal(0.1), literal(None)
        ('"cat"', '0.1', 'None')
    """
    if not isinstance(value, str):
        return ascii(value)
    inside = ascii('"' + value)[2:-1]  # with a quotation mark in it, Python writes the text between two of '
    return '"' + inside.replace("\\'", "'").replace('"', '\\"') + '"'


def triple(values: Sequence[float]) -> str:
    """Three numbers as a tuple.

    Example:
        >>> triple([0.5, 0.4, 0.3])
        '(0.5, 0.4, 0.3)'
    """
    return f"({', '.join(map(repr, values))})"


def arguments(options: Mapping[str, Any]) -> str:
    """Keyword arguments that follow others in a call.

    Example:
        >>> arguments({"transform_input": True}), arguments({})
        (', transform_input=True', '')
    """
    return "".join(f", {name}={literal(value)}" for name, value in options.items())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(  # noqa: S701  (Python and not HTML: what users name passes through `literal`)
        loader=PackageLoader("headstart.tasks.ejecting", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(literal=literal, triple=triple)
    return made
