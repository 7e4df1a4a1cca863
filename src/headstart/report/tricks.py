"""TricksFacts -> str: one HTML page of what each trick of training did on these photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.report import tricks_charts
from headstart.report.facts import SkippedFile
from headstart.report.page import environment, style


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: mean over seeds, the least and the most of them; None where nothing is known.

    Attributes:
        name: of the arm.
        mean: at each place.
        low: likewise; () where no spread is drawn.
        high: likewise.
    """

    name: str
    mean: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFacts:
    """One of the things compared.

    Attributes:
        name: within its trick.
        accuracy: mean over seeds, 0 to 1.
        least: of the seeds.
        most: of the seeds.
        diverged: how many seeds ended with a loss that is no number.
        learning_rate: that was used.
        effect: accuracy beyond that of the first arm; None for that one.
        low: lower end of the effect's 95 % interval.
        high: upper end.
        noise: whether no effect is within that interval.
    """

    name: str
    accuracy: float
    least: float
    most: float
    diverged: int
    learning_rate: float
    effect: float | None = None
    low: float = 0.0
    high: float = 0.0
    noise: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrickFacts:
    """A trick, what it is, and what it did."""

    name: str
    title: str
    says: str
    source: str
    note: str
    arms: Sequence[ArmFacts]
    lines: Sequence[Line]
    gradients: Sequence[Line] = ()
    rates_differ: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """What tricks were tried on.

    Attributes:
        name: of the network.
        about: one sentence.
        settings: of the training that tricks are added to.
        tricks: in the order of the list.
    """

    name: str
    about: str
    settings: str
    tricks: Sequence[TrickFacts]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of effects."""

    title: str
    anchor: str
    without: ArmFacts
    arm: ArmFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class TricksFacts:
    """Everything that stands on the page.

    Attributes:
        source: the photos, as the user wrote them.
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        noun: what the photos are called: "photo" or "picture".
        train: how many were learned from.
        validation: how many chose.
        held_out: how many judged.
        classes: how many.
        seeds: how many trainings each figure rests on.
        seed: the first.
        seconds: wall time.
        networks: what was tried on what.
        skipped: files not used.
        notes: what people should know.
    """

    source: str
    command: str
    version: str
    created: str
    noun: str
    train: int
    validation: int
    held_out: int
    classes: int
    seeds: int
    seed: int
    seconds: float
    networks: Sequence[NetworkFacts]
    skipped: Sequence[SkippedFile] = ()
    notes: Sequence[str] = ()


def render_tricks(facts: TricksFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> arm = ArmFacts(name="0", accuracy=0.5, least=0.4, most=0.6, diverged=0, learning_rate=0.02)
        >>> more = ArmFacts(
        ...     name="0.5", accuracy=0.6, least=0.5, most=0.7, diverged=0, learning_rate=0.02, effect=0.1
        ... )
        >>> trick = TrickFacts(
        ...     name="dropout", title="Dropout", says="", source="", note="", arms=[arm, more],
        ...     lines=[Line("0", [0.4, 0.5], [0.3, 0.4], [0.5, 0.6])],
        ... )
        >>> page = render_tricks(TricksFacts(
        ...     source="<b>", command="headstart tricks", version="1", created="", noun="photo", train=4,
        ...     validation=1, held_out=3, classes=2, seeds=3, seed=0, seconds=1,
        ...     networks=[NetworkFacts(name="small", about="", settings="", tricks=[trick])],
        ... ))
        >>> "&lt;b&gt;" in page, "<script" in page
        (True, False)
    """
    tables = {network.name: effect_rows(network, number) for number, network in enumerate(facts.networks)}
    rows = [row for table in tables.values() for row in table]
    return (
        environment()
        .get_template("tricks.html")
        .render(
            facts=facts,
            drawn=tricks_charts,
            tables=tables,
            compared=len(rows),
            beyond=sum(not row.arm.noise for row in rows),
            by_chance=by_chance(len(rows)),
            span=span(rows),
            reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
            **style(),
        )
    )


def by_chance(compared: int) -> str:
    """How many of so many 95 % intervals leave out 0 by chance alone, in words.

    Example:
        >>> by_chance(45), by_chance(3)
        ('about 2.2', 'less than one')
    """
    return f"about {compared / 20:.1f}" if compared >= 20 else "less than one"


def effect_rows(network: NetworkFacts, number: int) -> list[Row]:
    """Every comparison of a network, the largest effect first, what is beyond the noise before the rest."""
    rows = [
        Row(f"{trick.title}: {arm.name}", f"{trick.name}-{number}", trick.arms[0], arm)
        for trick in network.tricks
        for arm in trick.arms[1:]
    ]
    return sorted(rows, key=lambda row: (row.arm.noise, -abs(row.arm.effect or 0.0)))


def span(rows: Sequence[Row]) -> float:
    """The end of the axis of effects: the largest end of an interval, rounded up to tenths.

    Example:
        >>> span([])
        0.1
    """
    largest = max((max(abs(row.arm.low), abs(row.arm.high)) for row in rows), default=0.0)
    return max(0.1, min(1.0, -(-largest // 0.1) / 10))
