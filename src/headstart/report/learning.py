"""LearningFacts -> str: one HTML page of how much a pretrained network helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from headstart.report import learning_charts
from headstart.report.facts import SkippedFile
from headstart.report.page import environment, style
from headstart.report.robustness import Figure


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy after learning from so many photos a class.

    Attributes:
        size: photos a class, 1 or more.
        figure: the mean over the draws, with the interval for the chance in which photos were measured.
        draws: the accuracy of each draw.
    """

    size: int
    figure: Figure
    draws: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One way of learning.

    Attributes:
        style: "transfer", "scratch" or "pixels".
        title: for people.
        short: where there is little room.
        points: ascending by size, at least one.
    """

    style: str
    title: str
    short: str
    points: Sequence[CurvePoint]

    def at(self, size: int) -> CurvePoint | None:
        """The point of that size, if there is one."""
        return next((point for point in self.points if point.size == size), None)


@dataclass(frozen=True, slots=True)
class Level:
    """What no photo is needed for: a line across.

    Attributes:
        style: "untrained" or "chance".
        title: for people.
        short: where there is little room.
        value: 0 to 1.
        figure: with its interval; None for chance.
    """

    style: str
    title: str
    short: str
    value: float
    figure: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningFacts:
    """Everything that stands on the page.

    Attributes:
        source: the photos, as the user wrote it.
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        backbone: the pretrained network.
        classes: how many.
        measured: how many photos every point was measured on.
        how: which those are, in words.
        curves: the first is transfer.
        levels: no training, chance.
        sentences: what the picture says, in words, the most important first.
        fair: how far the comparison was fair, a sentence each.
        absent: why a line is not there, a sentence each.
        own: the network's own classes by the user's class; () where they were not used.
        making: further facts, by name.
        skipped: files not used.
        notes: what people should know.
    """

    source: str
    command: str
    version: str
    created: str
    backbone: str
    classes: int
    measured: int
    how: str
    curves: Sequence[Curve]
    levels: Sequence[Level]
    sentences: Sequence[str]
    fair: Sequence[str]
    absent: Sequence[str] = ()
    own: Sequence[tuple[str, Sequence[str]]] = ()
    making: Sequence[tuple[str, str]] = ()
    skipped: Sequence[SkippedFile] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def render_learning(facts: LearningFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> points = [CurvePoint(size, Figure(0.8, 0.7, 0.9, 50), [0.8]) for size in (1, 10)]
        >>> page = render_learning(LearningFacts(
        ...     source="<pets>", command="", version="1", created="", backbone="pocket", classes=2,
        ...     measured=50, how="held out", curves=[Curve("transfer", "pretrained", "transfer", points)],
        ...     levels=[], sentences=[], fair=[],
        ... ))
        >>> "&lt;pets&gt;" in page, "<script" in page
        (True, False)
    """
    sizes = sorted({point.size for curve in facts.curves for point in curve.points})
    return (
        environment()
        .get_template("learning.html")
        .render(
            facts=facts,
            chart=learning_charts,
            size=headline(facts.curves),
            rows=[(size, [curve.at(size) for curve in facts.curves]) for size in sizes],
            reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
            **style(),
        )
    )


def headline(curves: Sequence[Curve]) -> int:
    """The size to speak of: 20 photos a class where all lines have it, else the largest that all have.

    Example:
        >>> points = [CurvePoint(size, Figure(1, 1, 1, 1), [1.0]) for size in (5, 20, 50)]
        >>> headline([Curve("transfer", "", "", points)]), headline([Curve("transfer", "", "", points[:1])])
        (20, 5)
    """
    shared = set.intersection(*({point.size for point in curve.points} for curve in curves))
    return 20 if 20 in shared else max(shared or {curves[0].points[-1].size})
