"""ReportFacts -> str: one HTML page with everything in it; no script, no network."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from headstart.report import cautions, charts, confusion, text, tuning_charts
from headstart.report.steps import usual_steps

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from headstart.report.facts import MeasuredFacts, ReportFacts

# A place to break a line: after one of these, where more follows.
_MARKS = re.compile(r"(?<=[_/:@.,-])(?=[^_/:@.,-])")

SHOWN_SKIPPED = 200
SHOWN_MISTAKES = 24
SHOWN_PAIRS = 20
SHOWN_CLASSES = 40  # more than these stand behind "all classes", the weakest in front


def render(facts: ReportFacts) -> str:
    r"""The report as one HTML document, valid as UTF-8 whatever the names in it.

    The same facts give the same text. Names are escaped twice over: for HTML by the template, and
    what can't be seen or encoded (control characters, lone surrogates, marks that turn the direction
    of text) as a backslash escape.

    Example:
        >>> from headstart.report.facts import *
        >>> page = render(ReportFacts(
        ...     title="<pets>", command="headstart train", version="0.1.0", model="m", source="pets",
        ...     backbone=BackboneFacts(name="b", parameters=10, input_size=(8, 8), layer="l", width=4),
        ...     head=HeadFacts(name="prototypes"), classes=[ClassFacts("cat", 1), ClassFacts("dog", 1)],
        ...     measured=None, not_measured="One photo a class leaves none to measure on.",
        ...     effort=EffortFacts(computed=2, reused=0, features_seconds=1, head_seconds=1, total_seconds=2),
        ... ))
        >>> "&lt;pets&gt;" in page, "<script" in page
        (True, False)
    """
    template = environment().get_template("train.html")
    return template.render(facts=facts, **style(), **_derived(facts), **_measured(facts.measured))


def _derived(facts: ReportFacts) -> dict[str, Any]:
    return {
        "always": cautions.baseline(facts),
        "cautions": cautions.cautions(facts),
        "reasons": Counter(entry.reason for entry in facts.skipped).most_common(),
        "steps": facts.next_steps or usual_steps(facts.model),
        "trained": {entry.label: entry.photos for entry in facts.classes},
    }


def _measured(measured: MeasuredFacts | None) -> dict[str, Any]:
    if measured is None:
        return {}
    found = confusion.pairs(measured)
    weakest = sorted(measured.per_class, key=lambda figures: (figures.recall is None, figures.recall))
    return {
        "heat_rows": confusion.heat_rows(measured),
        "density": confusion.density(len(measured.per_class)),
        "top_pairs": _top_pairs(found, measured),
        "wrong": sum(pair.count for pair in found),
        "weakest": weakest[:SHOWN_CLASSES],
    }


def _top_pairs(found: tuple[confusion.Pair, ...], measured: MeasuredFacts) -> list[confusion.Pair]:
    pictured = len(measured.per_class) <= confusion.TABLE_CLASSES
    return [pair for pair in found if pair.count > 1][: SHOWN_PAIRS // 2 if pictured else SHOWN_PAIRS]


@cache
def environment() -> Environment:
    """The templates of every page, with the words and marks that they use; made once."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    made = Environment(
        loader=DictLoader(_templates()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for tool in (
        text.percent,
        text.interval,
        text.count,
        text.counted,
        text.figure,
        text.duration,
        text.shortened,
        _breakable,
    ):
        made.filters[tool.__name__.lstrip("_")] = tool
    made.globals.update(
        charts=charts,
        tuning_charts=tuning_charts,
        shown_skipped=SHOWN_SKIPPED,
        shown_mistakes=SHOWN_MISTAKES,
        shown_classes=SHOWN_CLASSES,
    )
    return made


def _finalize(value: object) -> object:
    """Runs over every value that the template prints, so that no name can be forgotten."""
    from markupsafe import Markup

    return text.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(name: str) -> Markup:
    """A name that may be broken after its marks, rather than in the middle of a word."""
    from markupsafe import Markup, escape

    parts = _MARKS.split(text.shown(name))
    return Markup("<wbr>").join(escape(part) for part in parts)


def _templates() -> dict[str, str]:
    folder = resources.files(__package__)
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".html")
    }


@cache
def style() -> dict[str, Any]:
    """The style sheet, and its digest: the page's policy allows this style and nothing else."""
    from markupsafe import Markup

    css = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    return {"css": Markup(css), "css_digest": digest}  # noqa: S704 - our own file
