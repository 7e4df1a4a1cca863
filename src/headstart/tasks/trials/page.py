"""(what tricks did) => their page."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from headstart.report.text import shell_word
from headstart.report.tricks import ArmFacts, Line, NetworkFacts, TrickFacts, TricksFacts, render_tricks
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.again import skipped_facts
from headstart.tasks.trials.known import KNOWN
from headstart.tasks.trials.measured import settings_of, typical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.finetune.settings import Training
    from headstart.tasks.trials.measured import ArmResult, TrickResult
    from headstart.tasks.tricks import Tricks

_ABOUT = {
    "small network": "Trained from scratch on the photos at 32 pixels: three convolutions and a hidden "
    "layer; for the first weights, ten convolutions. It knows nothing but these photos, so it is far from "
    "what a pretrained network reaches: here the question is what a trick changes.",
    "perceptron": "Two hidden layers of 512, on few pictures, which such a network can learn by heart.",
}


def write_page(path: Path, found: Tricks) -> None:
    """Write the page; an existing one is replaced.

    Raises:
        StorageError: the disk refuses.
    """
    atomic_write_text(path, render_tricks(page_facts(found)))


def page_facts(found: Tricks) -> TricksFacts:
    """Everything that stands on the page, as plain values."""
    parts = found.pictures.parts
    return TricksFacts(
        source=found.pictures.source,
        command=" ".join(
            shell_word(word)
            for word in ("headstart", "tricks", found.pictures.source, *found.asked.words(found.backbone))
        ),
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        noun="picture" if found.pictures.source in KNOWN else "photo",
        train=len(parts.train),
        validation=len(parts.validation),
        held_out=len(parts.held_out),
        classes=len(parts.classes),
        seeds=len(found.seeds),
        seed=found.seeds[0],
        seconds=found.seconds,
        networks=[
            _network(name, [result for result in found.results if result.network == name], found)
            for name in dict.fromkeys(result.network for result in found.results)
        ],
        skipped=skipped_facts(found.pictures.skipped),
        notes=found.pictures.notes,
    )


def _network(name: str, results: Sequence[TrickResult], found: Tricks) -> NetworkFacts:
    about = _ABOUT.get(
        name,
        f"Pretrained, and trained on from {found.part!r} with a new linear layer for these classes; what "
        "comes before stays as it is.",
    )
    return NetworkFacts(
        name=name,
        about=about,
        settings=settings_of(_usual(results)),
        tricks=[_trick(result) for result in results],
    )


def _usual(results: Sequence[TrickResult]) -> Training:
    """The training that most arms have: the one to which tricks are added."""
    trainings = Counter(arm.recipe.training for result in results for arm in result.arms)
    return trainings.most_common(1)[0][0]


def _trick(result: TrickResult) -> TrickFacts:
    trick = result.trick
    return TrickFacts(
        name=trick.name,
        title=trick.title,
        says=trick.says,
        source=trick.source,
        note=trick.note,
        arms=[_arm(arm) for arm in result.arms],
        lines=[_curve(arm) for arm in result.arms if arm.curves],
        gradients=[_gradient(arm) for arm in result.arms] if trick.gradients else (),
        rates_differ=len({arm.recipe.training.learning_rate for arm in result.arms}) > 1,
    )


def _arm(arm: ArmResult) -> ArmFacts:
    per_seed = arm.right.mean(axis=1)
    facts = ArmFacts(
        name=arm.name,
        accuracy=arm.accuracy,
        least=float(per_seed.min()),
        most=float(per_seed.max()),
        diverged=arm.diverged,
        learning_rate=arm.recipe.training.learning_rate,
    )
    if (effect := arm.effect) is None:
        return facts
    return replace(facts, effect=effect.value, low=effect.low, high=effect.high, noise=effect.within_noise)


def _curve(arm: ArmResult) -> Line:
    """Mean, least and most of the seeds after each epoch."""
    # Where one seed ends, so does the line: a mean of those that are left would jump.
    columns = list(zip(*arm.curves, strict=False))
    return Line(
        arm.name,
        [sum(column) / len(column) for column in columns],
        [min(column) for column in columns],
        [max(column) for column in columns],
    )


def _gradient(arm: ArmResult) -> Line:
    return Line(arm.name, [None if math.isnan(norm) else math.log10(norm) for norm in typical(arm.norms)])
