"""RobustnessFacts -> str: one HTML page of how little it takes to fool a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.report import robustness_charts
from headstart.report.facts import SkippedFile
from headstart.report.page import environment, style

NORMS = {"linf": "largest change of a value", "l2": "length of the change"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A share in [0, 1], its 95 % interval, and how many photos it rests on."""

    value: float
    low: float
    high: float
    photos: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The accuracy at one epsilon.

    Attributes:
        epsilon: the budget.
        written: as people write it.
        figure: of the network as it is.
        defended: after each defence, in the order of `RobustnessFacts.defences`.
    """

    epsilon: float
    written: str
    figure: Figure
    defended: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of the gradients came to."""

    name: str
    raised: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Fallen:
    """A photo and the picture that fooled the network.

    Attributes:
        label: what it is.
        said: what the network then says.
        probability: how sure it is of that.
        epsilon: of the attack, as people write it.
        photo: data URI.
        difference: data URI.
        picture: data URI.
        amplified: by how much the difference is.
    """

    label: str
    said: str
    probability: float
    epsilon: str
    photo: str
    difference: str
    picture: str
    amplified: float


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """Who is fooled by pictures made for whom: a row for each source, a column for each network asked."""

    epsilon: str
    networks: Sequence[str]
    rows: Sequence[Sequence[Figure | None]]


@dataclass(frozen=True, slots=True)
class EnsembleFacts:
    """What an ensemble says when it is attacked through no one, each member, and all of them."""

    epsilon: str
    networks: Sequence[str]
    photos: int
    classes: int
    sentence: str
    rows: Sequence[tuple[str, Sequence[Figure]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessFacts:
    """Everything that stands on the page.

    Attributes:
        model: as the user named it.
        source: the photos, likewise.
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        method: the attack's name.
        says: what it does.
        norm: "linf" or "l2".
        steps: of each attack.
        seed: of all chance.
        budget: whether the attack keeps within epsilon, rather than looking for the smallest change.
        used: photos attacked.
        skipped: files that can't be used.
        notes: what people should know.
        points: the curve, ascending, at least two.
        defences: their titles.
        findings: what the checks of the gradients came to.
        transfer: the matrix, or None.
        ensemble: likewise.
        fallen: examples.
    """

    model: str
    source: str
    command: str
    version: str
    created: str
    method: str
    says: str
    norm: str
    steps: int
    seed: int
    budget: bool
    used: int
    skipped: Sequence[SkippedFile] = ()
    notes: Sequence[str] = ()
    points: Sequence[CurvePoint]
    defences: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    transfer: TransferFacts | None = None
    ensemble: EnsembleFacts | None = None
    fallen: Sequence[Fallen] = ()


def render_robustness(facts: RobustnessFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> points = [CurvePoint(0.0, "0", Figure(1, 0.5, 1, 4)), CurvePoint(1.0, "1", Figure(0, 0, 0.5, 4))]
        >>> page = render_robustness(RobustnessFacts(
        ...     model="<b>", source="photos", command="headstart robustness", version="1", created="",
        ...     method="pgd", says="steps", norm="l2", steps=40, seed=0, budget=True, used=4, points=points,
        ... ))
        >>> "&lt;b&gt;" in page, "<script" in page
        (True, False)
    """
    return (
        environment()
        .get_template("robustness.html")
        .render(
            facts=facts,
            robust=robustness_charts,
            headline=headline(facts),
            raised=[finding for finding in facts.findings if finding.raised],
            reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
            unit=f"epsilon: {NORMS[facts.norm]}",
            **style(),
        )
    )


def headline(facts: RobustnessFacts) -> CurvePoint:
    """The first epsilon at which less than half of what was right still is; else the largest.

    Example:
        >>> points = [CurvePoint(0.0, "0", Figure(1, 0.5, 1, 4)), CurvePoint(1.0, "1", Figure(0, 0, 0.5, 4))]
        >>> headline(RobustnessFacts(
        ...     model="m", source="p", command="", version="", created="", method="pgd", says="", norm="l2",
        ...     steps=1, seed=0, budget=True, used=4, points=points)).written
        '1'
    """
    clean = facts.points[0].figure.value
    broken = [point for point in facts.points[1:] if point.figure.value < clean / 2]
    return broken[0] if broken else facts.points[-1]
