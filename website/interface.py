"""The package's source and the documents => pages of the public interface, one for each module.

What is public is what people are told of: the names at the root, the functions that the verbs call, what the
documents import, and the classes that these give back. Nothing of it is imported, only read.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from website import PROJECT
from website.blocks import blocks
from website.docstrings import cell, described, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from griffe import Class, Function, Module

SOURCE = PROJECT / "src"
PACKAGE = "headstart"
_TASK_DOTS = 3  # headstart.tasks.train.train


@cache
def package() -> Module:
    """The package as griffe reads it."""
    import griffe

    loaded = griffe.load(PACKAGE, search_paths=[SOURCE], docstring_parser="google", resolve_aliases=True)
    assert isinstance(loaded, griffe.Module)  # noqa: S101 - for mypy: a package is a module
    return loaded


def found(path: str) -> Class | Function | None:
    """The class or function of a full name such as `headstart.tasks.train.train`, in its own module."""
    inner = path.removeprefix(f"{PACKAGE}.")
    try:
        target: Any = package()[inner]
        target = target.final_target if target.is_alias else target
    except KeyError:
        return None
    return target if target.is_class or target.is_function else None


def root_names() -> dict[str, Class | Function]:
    """The names of `import headstart`, and what they stand for."""
    exported = package().exports or ()
    named = {str(name): found(f"{PACKAGE}.{name}") for name in exported}
    return {name: target for name, target in named.items() if target is not None}


def public_names(documents: Iterable[Path]) -> dict[str, Class | Function]:
    """Everything public by its full name, sorted."""
    verbs = (file.read_text("utf-8") for file in sorted((SOURCE / PACKAGE / "cli").glob("*.py")))
    told = [target.path for target in root_names().values()] + _errors()
    told += [path for code in verbs for path in _imported(code) if _of_a_task(path)]
    told += [path for document in documents for code in _cells(document) for path in _imported(code)]
    chosen = {target.path: target for target in map(found, told) if target is not None}
    waiting = list(chosen.values())
    while waiting:
        new = {each.path: each for each in _given_back(waiting.pop()) if each.path not in chosen}
        chosen |= new
        waiting += new.values()
    return dict(sorted(chosen.items()))


def _imported(code: str) -> Iterator[str]:
    """Full names that a file imports, or takes from a module that it imports."""
    nodes = list(ast.walk(ast.parse(code)))
    known: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    yield from known.values()
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield f"{known[node.value.id]}.{node.attr}"


def _errors() -> list[str]:
    members: Any = package()["errors"].members.values()
    return [each.path for each in members if each.is_class]


def _of_a_task(path: str) -> bool:
    """Of a verb's own module, not of a helper below it."""
    own = path.startswith(f"{PACKAGE}.tasks.") and path.count(".") == _TASK_DOTS
    target = found(path) if own else None
    return target is not None and target.is_function


def _cells(document: Path) -> Iterator[str]:
    return (block.code for block in blocks(document.read_text("utf-8")) if block.language == "python")


def _given_back(target: Class | Function) -> Iterator[Class | Function]:
    """The classes of the package that a function returns, or that a class is a sequence of."""
    told: Any = [getattr(target, "returns", None), *getattr(target, "bases", ())]
    parts = [part for each in told if hasattr(each, "iterate") for part in each.iterate(flat=True)]
    for part in parts:
        path = getattr(part, "canonical_path", "")
        result = found(path) if path.startswith(f"{PACKAGE}.") else None
        if result is not None and result.is_class:
            yield result


def page_of(target: Class | Function) -> str:
    """The file of a module's page."""
    return f"{target.module.path.removeprefix(PACKAGE + '.')}.md"


def interface_pages(documents: Iterable[Path]) -> dict[str, str]:
    """File name -> Markdown: the list of all, and a page for each module."""
    names = public_names(documents)
    modules: dict[str, list[Class | Function]] = {}
    for target in names.values():
        modules.setdefault(page_of(target), []).append(target)
    return {"index.md": _index(modules), **{file: _page(targets) for file, targets in modules.items()}}


def _page(targets: list[Class | Function]) -> str:
    module = targets[0].module
    about = module.docstring.value if module.docstring else ""
    functions_first = sorted(targets, key=lambda each: (each.is_class, each.lineno or 0))
    parts = (described(target) for target in functions_first)
    return "\n".join(
        [f"# {module.path}", "", _as_text(about), "", *(line for part in parts for line in part)]
    )


def _as_text(docstring: str) -> str:
    """The docstring of a module: its first paragraph, in which `=>` and `->` stand as they are."""
    return " ".join(docstring.split("\n\n", 1)[0].split()).replace("<", "&lt;").replace("*", "\\*")


def _index(modules: dict[str, list[Class | Function]]) -> str:
    lines = [
        "# In Python",
        "",
        "Made from the code's docstrings; their examples are run as tests. What `import headstart` gives:",
        *_table(root_names().items()),
        "",
        "Everything else is public in its module.",
    ]
    packages: dict[str, list[Class | Function]] = {}
    for targets in modules.values():
        packages.setdefault(targets[0].path.split(".")[1], []).extend(targets)
    for name, targets in packages.items():
        lines += ["", f"## headstart.{name}", *_table((_short(each), each) for each in targets)]
    return "\n".join([*lines, ""])


def _short(target: Class | Function) -> str:
    return target.path.removeprefix(f"{PACKAGE}.{target.path.split('.')[1]}.")


def _table(rows: Iterable[tuple[str, Class | Function]]) -> list[str]:
    cells = (
        f"| [`{name}`]({page_of(target)}#{target.name}) | {cell(summary(target))} |" for name, target in rows
    )
    return ["", "| name | what it is |", "|---|---|", *cells]
