"""NewKindFacts -> str: one HTML page of how well a network carries over to a new kind of image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from headstart.report.charts import element
from headstart.report.facts import SkippedFile
from headstart.report.page import environment, style
from headstart.report.robustness import Figure


@dataclass(frozen=True, slots=True)
class WayRow:
    """One way to turn a photo into a row.

    Attributes:
        title: for people.
        where: the layer, and how many numbers it gives.
        figure: how good a head on it is.
        behind: how far the late layers are ahead; None for themselves.
        own: it comes from the pretrained network.
    """

    title: str
    where: str
    figure: Figure
    behind: Figure | None
    own: bool


@dataclass(frozen=True, slots=True)
class FallRow:
    """One class of a model on photos of a new kind.

    Attributes:
        label: the class.
        own: how many of the model's own photos of it it finds; None where that is not known.
        now: the same of the new ones.
        breaks: it fell beyond chance.
        instead: what it is called most often where it is wrong; "" for nothing.
    """

    label: str
    own: Figure | None
    now: Figure
    breaks: bool
    instead: str


@dataclass(frozen=True, slots=True)
class SureRow:
    """How sure and how right a model is on some photos.

    Attributes:
        what: which photos.
        accuracy: share named right; None where no class matches.
        confidence: mean probability of its answers; None where that is not known.
        error: calibration error; None likewise.
        unknown: share that it calls unknown; None where it has no threshold.
    """

    what: str
    accuracy: Figure | None
    confidence: float | None
    error: float | None
    unknown: Figure | None


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What becomes of a model.

    Attributes:
        model: as the user named it.
        sentences: what was found, in words.
        rows: its own photos, the new ones.
        classes: those that match by name, the most fallen first.
    """

    model: str
    sentences: Sequence[str]
    rows: Sequence[SureRow]
    classes: Sequence[FallRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKindFacts:
    """Everything that stands on the page.

    Attributes:
        source: the photos, as the user wrote it.
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        backbone: the network.
        classes: how many.
        measured: photos, each content once.
        headline: accuracy of the late layers.
        floor: of raw pixels.
        chance: 1 / classes.
        sentences: the verdict first.
        ways: raw pixels first, late layers last.
        scratch: ways on the photos of one fold, training from scratch among them; () without it.
        fair: how far the comparison is fair, a sentence each.
        absent: what is not there, and why.
        shift: what becomes of a model; None without one.
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
    headline: Figure
    floor: Figure
    chance: float
    sentences: Sequence[str]
    ways: Sequence[WayRow]
    scratch: Sequence[WayRow] = ()
    fair: Sequence[str] = ()
    absent: Sequence[str] = ()
    shift: ShiftFacts | None = None
    making: Sequence[tuple[str, str]] = ()
    skipped: Sequence[SkippedFile] = ()
    notes: Sequence[str] = ()


def render_newkind(facts: NewKindFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> figure = Figure(0.9, 0.8, 1.0, 20)
        >>> page = render_newkind(NewKindFacts(
        ...     source="<b>", command="", version="1", created="", backbone="pocket", classes=2, measured=20,
        ...     headline=figure, floor=figure, chance=0.5, sentences=["It carries over."],
        ...     ways=[WayRow("late layers", "top", figure, None, True)]))
        >>> "&lt;b&gt;" in page, "<script" in page
        (True, False)
    """
    return (
        environment()
        .get_template("newkind.html")
        .render(
            facts=facts,
            strip=strip,
            points=points,
            reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
            **style(),
        )
    )


def points(share: float) -> str:
    """A difference of shares in percentage points.

    Example:
        >>> points(0.197), points(-0.031), points(-0.0)
        ('+19.7', '-3.1', '0.0')
    """
    written = f"{100 * share:+.1f}"
    return "0.0" if written in {"+0.0", "-0.0"} else written


def strip(figure: Figure, chance: float | None = None) -> Markup:
    """A share and its interval on a line from 0 to 100 %, a mark at chance; the text beside says the same."""
    parts = [
        element("line", x1="0%", y1=9, x2="100%", y2=9, class_="grid"),
        element(
            "rect",
            x=_across(figure.low),
            y=5,
            width=_across(max(figure.high - figure.low, 0.004)),
            height=8,
            rx=4,
            class_="range",
        ),
    ]
    if chance is not None:
        parts.append(element("line", x1=_across(chance), y1=0, x2=_across(chance), y2=18, class_="mark"))
    parts.append(element("circle", cx=_across(figure.value), cy=9, r=4.5, class_="dot"))
    return element(
        "svg", Markup("").join(parts), class_="strip effect", aria_hidden="true", width="100%", height=18
    )


def _across(share: float) -> str:
    return f"{100 * share:.2f}%"
