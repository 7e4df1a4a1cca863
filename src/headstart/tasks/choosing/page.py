"""(what was compared) => its page."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from headstart.report.choosing import ChoosingFacts, NetworkRow, render_choosing
from headstart.report.robustness import Figure
from headstart.report.text import shell_word
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.again import skipped_facts
from headstart.tasks.choosing.prediction import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.tasks.choose import Comparison
    from headstart.tasks.choosing.ranking import Ranked


def write_page(path: Path, found: Comparison) -> None:
    """Write the page; an existing one is replaced.

    Raises:
        StorageError: the disk refuses.
    """
    atomic_write_text(path, render_choosing(page_facts(found)))


def page_facts(found: Comparison) -> ChoosingFacts:
    """Everything that stands on the page, as plain values."""
    return ChoosingFacts(
        source=found.source,
        command=command_of(found),
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        rows=[_row(row) for row in found.ranking],
        chosen=None if found.chosen is None else found.ranking.index(found.chosen),
        rule=found.rule,
        budget=found.budget.words(),
        photos=found.used,
        classes=len(found.classes),
        folds=found.folds,
        seed=found.seed,
        stages=found.stages,
        passes=found.passes,
        without_halving=found.used * len(found.networks),
        evidence=[each.sentence() for each in found.evidence],
        fetchable=[(each.backbone, each.megabytes, each.address) for each in found.fetchable],
        skipped=skipped_facts(found.skipped),
        notes=found.notes,
        next_step=next_step(found),
    )


def next_step(found: Comparison) -> str:
    """The command that trains on what was chosen; "" where no network was."""
    if found.chosen is None or found.chosen.is_floor:
        return ""
    return f"headstart train {shell_word(found.source)} -o MODEL --backbone {shell_word(found.chosen.word)}"


def command_of(found: Comparison) -> str:
    """The command that compares the same again."""
    words = ["headstart", "choose", found.source]
    words += ["--backbones", ",".join(row.word for row in found.networks)]
    budget = found.budget
    words += [] if budget.milliseconds is None else ["--budget-ms", f"{budget.milliseconds:g}"]
    words += [] if budget.megabytes is None else ["--budget-mb", f"{budget.megabytes:g}"]
    words += ["--cv", str(found.folds), "--seed", str(found.seed), *found.asked.words()]
    return " ".join(shell_word(word) for word in words)


def _row(row: Ranked) -> NetworkRow:
    measured, behind = row.measured, row.behind
    return NetworkRow(
        name=row.backbone,
        figure=Figure(measured.accuracy, measured.low, measured.high, measured.photos),
        behind=None if row.is_best else Figure(behind.value, behind.low, behind.high, behind.photos),
        milliseconds=row.milliseconds,
        megabytes=row.megabytes,
        engine=f"{row.engine} {row.precision}",
        fast=row.front_milliseconds,
        small=row.front_megabytes,
        is_floor=row.is_floor,
        learned=row.learned,
        dropped={"worse": "worse on a part", "": ""}.get(row.dropped, row.dropped),
        fits=row.fits,
        scores=() if row.scores is None else [row.scores[name] for name in NAMES],
    )
