"""ChoosingFacts -> str: one HTML page of networks, how good, how fast and how large each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.report import choosing_charts
from headstart.report.choosing_charts import Place
from headstart.report.page import environment, style

if TYPE_CHECKING:
    from headstart.report.facts import SkippedFile
    from headstart.report.robustness import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """One network.

    Attributes:
        name: as `--backbone` takes it.
        figure: its accuracy, and how many photos that rests on.
        behind: how far behind the best within the budget; None for the best itself.
        milliseconds: for one photo.
        megabytes: of its weights; 0 for none.
        engine: what runs it.
        fast: nothing as fast is as good.
        small: nothing as small is as good.
        is_floor: the raw pixels.
        learned: False for random weights.
        dropped: why it was judged on a part only; "" where it was judged on all photos.
        fits: within the budget.
        scores: LogME and H-score, where they are shown.
    """

    name: str
    figure: Figure
    behind: Figure | None
    milliseconds: float
    megabytes: float
    engine: str
    fast: bool
    small: bool
    is_floor: bool = False
    learned: bool = True
    dropped: str = ""
    fits: bool = True
    scores: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosingFacts:
    """Everything that stands on the page.

    Attributes:
        source: the photos, as the user named them.
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        rows: the best first, with exactly one that is the raw pixels.
        chosen: the place of the chosen row in `rows`; None where nothing fits the budget.
        rule: how it was chosen.
        budget: in words.
        photos: how many were compared on.
        classes: of them.
        folds: how many.
        seed: of folds and parts.
        stages: photos of each stage.
        passes: photos through networks in all.
        without_halving: what it would have been.
        evidence: a sentence on each score.
        fetchable: (name, megabytes, address) of what could be fetched.
        skipped: files that can't be used.
        notes: what people should know.
        next_step: the command to go on with; "" where there is none.
    """

    source: str
    command: str
    version: str
    created: str
    rows: Sequence[NetworkRow]
    chosen: int | None
    rule: str
    budget: str
    photos: int
    classes: int
    folds: int
    seed: int
    stages: Sequence[int]
    passes: int
    without_halving: int
    evidence: Sequence[str] = ()
    fetchable: Sequence[tuple[str, float, str]] = ()
    skipped: Sequence[SkippedFile] = ()
    notes: Sequence[str] = ()
    next_step: str = ""


def render_choosing(facts: ChoosingFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> from headstart.report.robustness import Figure
        >>> figure = Figure(0.9, 0.8, 1.0, 20)
        >>> rows = [NetworkRow(name=name, figure=figure, behind=None, milliseconds=2.0, megabytes=5.0,
        ...     engine="torch f32", fast=True, small=True, is_floor=name == "raw") for name in ("<b>", "raw")]
        >>> page = render_choosing(ChoosingFacts(
        ...     source="photos", command="headstart choose", version="1", created="", rows=rows, chosen=0,
        ...     rule="", budget="no limit", photos=20, classes=2, folds=5, seed=0, stages=[20], passes=20,
        ...     without_halving=20))
        >>> "&lt;b&gt;" in page, "<script" in page
        (True, False)
    """
    below = next(row.figure.value for row in facts.rows if row.is_floor)
    return (
        environment()
        .get_template("choosing.html")
        .render(
            facts=facts,
            networks=sum(not row.is_floor for row in facts.rows),
            chosen=None if facts.chosen is None else facts.rows[facts.chosen],
            fast=_picture(facts, below, speed=True),
            small=_picture(facts, below, speed=False),
            partly=any(row.dropped for row in facts.rows),
            scored=any(row.scores for row in facts.rows),
            key=choosing_charts.key,
            written=choosing_charts.written,
            points=points,
            marks=marks,
            reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
            **style(),
        )
    )


def marks(row: NetworkRow, is_chosen: bool) -> list[str]:  # noqa: FBT001 - the template calls it
    """What is said below a network's name."""
    fronts = [word for word, there in (("speed", row.fast), ("size", row.small)) if there]
    said = ["chosen"] if is_chosen else []
    said += [f"front of {' and '.join(fronts)}"] if fronts else []
    said += ["random weights: has learned nothing"] if not (row.learned or row.is_floor) else []
    said += ["no network at all"] if row.is_floor else []
    said += [f"dropped out: {row.dropped}"] if row.dropped else []
    return said if row.fits or row.dropped else [*said, "over the budget"]


def points(share: float) -> str:
    """A difference of shares in percentage points, without the sign of what is behind.

    Example:
        >>> points(0.197), points(-0.031), points(0.0)
        ('19.7', '-3.1', '0.0')
    """
    return f"{100 * share:.1f}".replace("-0.0", "0.0")


def _picture(facts: ChoosingFacts, below: float, *, speed: bool) -> str:
    """The picture of one cost; "" where no network has it."""
    places = [
        Place(
            number,
            row.milliseconds if speed else row.megabytes,
            row.figure,
            row.fast if speed else row.small,
            bool(row.dropped),
        )
        for number, row in enumerate(facts.rows, 1)
        if not row.is_floor and (speed or row.megabytes > 0)
    ]
    unit = "milliseconds for one photo" if speed else "megabytes of weights"
    return choosing_charts.cost_picture(places, below, unit) if places else ""
