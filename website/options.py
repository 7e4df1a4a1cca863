"""(a verb of the command line) => its usage and its options as Markdown, the same as in its help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from website.docstrings import cell

if TYPE_CHECKING:
    from cyclopts import App
    from cyclopts.help import HelpEntry

_TITLES = {"Parameters": "Options"}


def boxes(app: App) -> dict[str, list[HelpEntry]]:
    """The boxes that the verb's help shows on the terminal, by their titles."""
    from cyclopts import Group
    from cyclopts.help import create_parameter_help_panel

    arguments = app.assemble_argument_collection(parse_docstring=True).filter_by(show=True)
    told = [each.parameter.group for each in arguments]
    groups = {group: None for each in told for group in (each if isinstance(each, tuple) else ())}
    panels = (
        (group.name, create_parameter_help_panel(group, arguments.filter_by(group=group), "plaintext"))
        for group in groups
        if isinstance(group, Group)
    )
    return {_TITLES.get(name, name): panel.entries for name, panel in panels}


def usage(title: str, app: App) -> str:
    """The verb with what it cannot do without.

    Example:
        >>> from headstart.cli.app import build_app
        >>> usage("ideal", build_app()["ideal"])
        'headstart ideal MODEL [CLASS] --output PATH [OPTIONS]'
    """
    entries = [entry for box in boxes(app).values() for entry in box]
    placed = [each for each in entries if each.positional_label]
    words = [str(each.positional_label) if each.required else f"[{each.positional_label}]" for each in placed]
    needed = [each for each in entries if each.required and not each.positional_label]
    words += [f"{each.positive_names[0]} {each.metavar}" for each in needed]
    return " ".join(["headstart", title, *words, "[OPTIONS]"])


def names(entry: HelpEntry) -> str:
    """What is typed, a name a line: `-o`, `--output PATH`."""
    typed = [entry.positional_label] if entry.positional_label else []
    typed += [*entry.positive_shorts, *entry.positive_names, *entry.negative_names]
    if entry.metavar and not entry.choices and not entry.positional_label:
        typed[-1] = f"{typed[-1]} {entry.metavar}"
    return "<br>".join(f"`{name}`" for name in typed)


def means(entry: HelpEntry) -> str:
    """What it does, what it may be, and what it is where it is not given."""
    said = str(getattr(entry.description, "primary_renderable", entry.description or ""))
    facts = ["may be left out"] if entry.positional_label and not entry.required else []
    facts += ["required"] if entry.required else []
    if entry.choices:
        facts.append("one of " + ", ".join(f"`{choice}`" for choice in entry.choices))
    if entry.default not in {None, "", "False", "()", '""', "''"}:
        facts.append(f"default `{_default(entry)}`")
    return cell(said) + (f" *({'; '.join(facts)})*" if facts else "")


def _default(entry: HelpEntry) -> str:
    """An option that can be switched off is called by the name that stands for its default."""
    if entry.default == "True" and entry.negative_names:
        return entry.positive_names[0]
    return str(entry.default)
