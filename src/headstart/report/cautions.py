"""(facts) -> the warnings that an honest friend would add. Each rests on a figure of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headstart.report.facts import MeasuredFacts, ReportFacts
from headstart.report.text import count, counted, interval, percent, shortened, shown

FEW_PHOTOS = 10  # per class: below this a class is mostly what its few photos happen to show
WIDE = 0.10  # an interval wider than ten points
UNEVEN = 3  # the largest class has so many times the photos of the smallest
MANY_SKIPPED = 0.10


@dataclass(frozen=True, slots=True)
class Baseline:
    """What always answering with the largest class would score on the measured photos."""

    label: str
    share: float


def baseline(facts: ReportFacts) -> Baseline | None:
    """The score of always answering with the class that has most photos; None without a measurement."""
    if facts.measured is None or not facts.classes:
        return None
    largest = max(facts.classes, key=lambda entry: entry.photos).label
    hits = sum(figures.photos for figures in facts.measured.per_class if figures.label == largest)
    return Baseline(largest, hits / max(facts.measured.photos, 1))


def cautions(facts: ReportFacts) -> tuple[str, ...]:
    """Sentences to read before trusting the headline; none where there is nothing to say."""
    found = [*_about_backbone(facts)]
    if facts.measured is not None:
        found += _about_figure(facts, facts.measured)
    return (*found, *_about_photos(facts), *_about_better(facts))


def _about_backbone(facts: ReportFacts) -> Iterator[str]:
    if facts.backbone.random:
        yield (
            f"The weights of {facts.backbone.name} are random: it has learned nothing from any photo. "
            "This shows how the steps fit together; the figures say nothing about what is possible."
        )


def _about_better(facts: ReportFacts) -> Iterator[str]:
    advice = facts.backbone.advice
    if advice:
        yield f"{advice[0].upper()}{advice[1:]}."


def _about_figure(facts: ReportFacts, measured: MeasuredFacts) -> Iterator[str]:
    always = baseline(facts)
    if always is not None and measured.low <= always.share:
        yield (
            f"It is not shown to be better than always answering “{_name(always.label)}”, which scores "
            f"{percent(always.share)}: the interval {interval(measured.low, measured.high)} "
            "reaches down to it."
        )
    width = measured.high - measured.low
    if width > WIDE:
        yield (
            f"The interval is {width * 100:.0f} points wide, since the figure rests on "
            f"{counted(measured.photos, 'photo')} only. About four times as many would halve it."
        )
    thin = [figures for figures in measured.per_class if figures.photos < FEW_PHOTOS]
    if thin:
        yield (
            "Read the figures of single classes as hints: "
            f"{_which(len(thin), len(measured.per_class))} measured on fewer than {FEW_PHOTOS} photos."
        )


def _about_photos(facts: ReportFacts) -> Iterator[str]:
    few = [entry for entry in facts.classes if entry.photos < FEW_PHOTOS]
    if few:
        least = min(few, key=lambda entry: entry.photos)
        yield (
            f"Few photos: {_which(len(few), len(facts.classes))} taught with fewer than {FEW_PHOTOS}; "
            f"“{_name(least.label)}” has {count(least.photos)}. "
            "More photos there are the surest way to a better model."
        )
    yield from _about_balance(facts)
    files = facts.used + len(facts.skipped)
    if files and len(facts.skipped) / files >= MANY_SKIPPED:
        share = percent(len(facts.skipped) / files)
        yield (
            f"{count(len(facts.skipped))} of {counted(files, 'file')} ({share}) could not be used; "
            "the reasons stand below."
        )


def _about_balance(facts: ReportFacts) -> Iterator[str]:
    most = max(facts.classes, key=lambda entry: entry.photos, default=None)
    least = min(facts.classes, key=lambda entry: entry.photos, default=None)
    if most is not None and least is not None and most.photos >= UNEVEN * max(least.photos, 1):
        yield (
            f"The classes are uneven: “{_name(most.label)}” has {counted(most.photos, 'photo')}, "
            f"“{_name(least.label)}” {count(least.photos)}. "
            "Look at the balanced accuracy beside the accuracy."
        )


def _which(some: int, of_all: int) -> str:
    if some == of_all:
        return "every class was"
    return f"{count(some)} of {counted(of_all, 'class', 'classes')} {'was' if some == 1 else 'were'}"


def _name(label: str) -> str:
    return shortened(shown(label), 40)
