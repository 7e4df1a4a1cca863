"""(a function or class as griffe reads it) => Markdown: its signature, its docstring, its methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from griffe import Class, Function

_ONE_LINE = 88
_TABLES = {
    "parameters": ("Arguments", "argument"),
    "attributes": ("Attributes", "attribute"),
    "raises": ("Raises", "error"),
    "returns": ("Returns", "type"),
    "yields": ("Yields", "type"),
}


def summary(target: Any) -> str:
    """The first sentence of a docstring, as one line."""
    text = target.docstring.value if target.docstring else ""
    return " ".join(text.split("\n\n", 1)[0].split())


def described(target: Class | Function) -> list[str]:
    """One class with its public methods, or one function, under a heading of its name."""
    lines = [f"## {target.name} {{: #{target.name} }}", *_described(target)]
    for method in _methods(target):
        lines += ["", f"### {method.name} {{: #{target.name}.{method.name} }}", *_described(method)]
    return [*lines, ""]


def _methods(target: Any) -> list[Any]:
    """Public methods and properties that say what they do."""
    members = target.members.values() if target.is_class else ()
    own = (each for each in members if not each.is_alias and not each.name.startswith("_") and each.docstring)
    return [each for each in own if each.is_function or "property" in each.labels]


def _described(target: Any) -> list[str]:
    lines = ["", "```python", *signature(target), "```"] if target.is_function else []
    for section in target.docstring.parsed if target.docstring else ():
        lines += ["", *_section(section)]
    return lines


def _section(section: Any) -> Iterator[str]:
    kind = section.kind.value
    if kind in _TABLES:
        title, head = _TABLES[kind]
        yield from (f"**{title}**", "", f"| {head} | what it means |", "|---|---|")
        yield from (f"| {_name(kind, each)} | {cell(each.description)} |" for each in section.value)
    elif kind == "examples":
        yield from _example("\n\n".join(text for _, text in section.value))
    elif kind == "admonition":
        yield from _example(section.value.contents)
    else:
        yield section.value.replace("<", "&lt;")


def _example(code: str) -> Iterator[str]:
    yield from ("**Example**", "", "```pycon", code, "```")


def _name(kind: str, part: Any) -> str:
    kept = part.annotation if kind in {"raises", "returns", "yields"} else part.name
    return f"`{kept}`".replace("|", "\\|")


def cell(text: str) -> str:
    """One line of a table, with nothing that Markdown would take for more.

    Example:
        >>> cell("either a" + chr(10) + "or b, a < b")
        'either a or b, a &lt; b'
    """
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").split())


def signature(function: Any) -> list[str]:
    """`def` with one parameter a line where they do not fit into one line."""
    given = list(_parameters(function))
    back = f" -> {function.returns}" if function.returns else ""
    line = f"{function.name}({', '.join(given)}){back}"
    if len(line) <= _ONE_LINE:
        return [line]
    return [f"{function.name}(", *(f"    {each}," for each in given), f"){back}"]


def _parameters(function: Any) -> Iterator[str]:
    starred = False
    for part in function.parameters:
        kind = part.kind.value if part.kind else ""
        if part.name in {"self", "cls"}:
            continue
        if kind == "keyword-only" and not starred:
            yield "*"
        starred = starred or kind in {"keyword-only", "variadic positional"}
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        typed = f": {part.annotation}" if part.annotation else ""
        default = f" = {_value(part.default)}" if part.default is not None and not stars else ""
        yield f"{stars}{part.name}{typed}{default}"


def _value(default: Any) -> str:
    """A default as it was written; a constant that stands for a number or a text by what it stands for."""
    resolved = getattr(default, "resolved", None)
    target = resolved.final_target if resolved is not None and resolved.is_alias else resolved
    value = str(target.value) if target is not None and target.is_attribute else ""
    try:
        simple = isinstance(ast.literal_eval(value), str | int | float)
    except (SyntaxError, ValueError):
        return str(default)
    return value if simple else str(default)
