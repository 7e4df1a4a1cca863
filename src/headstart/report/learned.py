"""LearnedFacts -> str: one HTML page of what a model learned after its training, and what that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.report.facts import SetsFacts, SkippedFile, UnknownFacts
from headstart.report.page import environment, style
from headstart.report.robustness import Figure
from headstart.report.text import shell_word

SHOWN = 200
"""Photos of one kind that the page lists."""


@dataclass(frozen=True, slots=True)
class SaidPhoto:
    """A photo that was corrected or added: its class now, its class before, what the model calls it now."""

    file: str
    label: str
    was: str | None
    called: str


@dataclass(frozen=True, slots=True)
class MovedPhoto:
    """A photo that is called something else now; `label` is its class, None where nobody has said."""

    file: str
    label: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TaughtClass:
    """A class of the new model: of its photos the share found, of those called so the share that is."""

    label: str
    recall: float | None
    precision: float | None
    photos: int


@dataclass(frozen=True, slots=True)
class LearnedStep:
    """One step of the history; accuracies of the same held-out photos, as they were before and after it."""

    verb: str
    at: str
    corrected: int
    added: int
    removed: int
    new_classes: Sequence[str]
    gone_classes: Sequence[str]
    before: float | None
    after: float | None
    difference: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFacts:
    """Everything that stands on the page.

    Attributes:
        model: the model folder as it was written.
        verb: "learn" or "forget".
        command: what was asked.
        version: of headstart.
        created: when, ISO 8601; "" leaves it out.
        before: accuracy before, on held-out photos whose class stayed the same; None where there are none.
        after: on the same photos.
        difference: after less before, with both ends of its 95 % interval.
        method: "folds" or "held-out"; "" where no photo was held out.
        said: photos that were corrected or added.
        removed: photos that were forgotten.
        new_classes: that the model did not know.
        gone_classes: that it does not know any more.
        moved: held-out photos that are called something else now.
        catalogue: photos of a catalogue that are; None where none was named.
        catalogue_photos: how many of them were asked.
        classes: of the new model.
        steps: of the history, the oldest first.
        times: how many there were.
        levels: how many can be undone.
        photos: that the new model has learned from.
        figures: further ones, by name.
        notes: what people should know.
        skipped: corrections that were not used.
        held_out: photos that were held out, those that can't be compared too.
        overall: accuracy of the new model on all of them; None where it is `after`.
        apart: lines on those that can't be compared.
        unknown: when a photo is called unknown; None where there is no threshold.
        sets: of classes that an answer names; None where they were not measured.
        sets_not_measured: why not; empty where nothing is to be said.
    """

    model: str
    verb: str
    command: str
    version: str
    created: str
    before: Figure | None
    after: Figure | None
    difference: tuple[float, float, float] | None
    method: str
    said: Sequence[SaidPhoto]
    removed: int
    new_classes: Sequence[str]
    gone_classes: Sequence[str]
    moved: Sequence[MovedPhoto]
    catalogue: Sequence[MovedPhoto] | None
    catalogue_photos: int
    classes: Sequence[TaughtClass]
    steps: Sequence[LearnedStep]
    times: int
    levels: int
    photos: int
    figures: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()
    skipped: Sequence[SkippedFile] = ()
    held_out: int = 0
    overall: Figure | None = None
    apart: Sequence[str] = ()
    unknown: UnknownFacts | None = None
    sets: SetsFacts | None = None
    sets_not_measured: str = ""

    @property
    def worse(self) -> bool:
        """Whether the accuracy fell by more than chance explains."""
        return self.difference is not None and self.difference[2] < 0

    @property
    def better(self) -> bool:
        """Whether it rose by more than chance explains."""
        return self.difference is not None and self.difference[1] > 0


def render_learned(facts: LearnedFacts) -> str:
    """The page as one HTML document: no script, no network; names are escaped as in `render`.

    Example:
        >>> page = render_learned(LearnedFacts(
        ...     model="<pets>", verb="learn", command="headstart learn", version="1", created="",
        ...     before=Figure(0.5, 0.4, 0.6, 99), after=Figure(0.75, 0.7, 0.8, 99),
        ...     difference=(0.25, 0.1, 0.4), method="folds", said=[SaidPhoto("1.jpg", "cat", "dog", "cat")],
        ...     removed=0, new_classes=(), gone_classes=(), moved=[], catalogue=None, catalogue_photos=0,
        ...     classes=[], steps=[], times=1, levels=1, photos=99, figures=[],
        ... ))
        >>> "&lt;pets&gt;" in page, "<script" in page, "25.0 points" in page
        (True, False, True)
    """
    template = environment().get_template("learned.html")
    return template.render(
        facts=facts,
        points=points,
        shown=SHOWN,
        undo=f"headstart learn {shell_word(facts.model)} --undo",
        still=[each for each in facts.said if each.called != each.label],
        reasons=Counter(entry.reason for entry in facts.skipped).most_common(),
        **style(),
    )


def points(difference: tuple[float, float, float]) -> str:
    """A difference of shares, with its interval, in points.

    Example:
        >>> points((0.25, -0.1, 0.4))
        '+25.0 points (95 % interval -10.0 to +40.0)'
    """
    value, low, high = (100 * each for each in difference)
    return f"{value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"
