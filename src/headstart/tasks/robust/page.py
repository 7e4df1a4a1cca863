"""(what was measured of a network's robustness) => its page."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from headstart.images.pixels import to_pictures
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.robustness.defences import simple_defences
from headstart.report.facts import SkippedFile
from headstart.report.robustness import (
    CurvePoint,
    EnsembleFacts,
    Fallen,
    Figure,
    Finding,
    RobustnessFacts,
    TransferFacts,
    render_robustness,
)
from headstart.report.text import shell_word
from headstart.report.thumbnails import thumbnail
from headstart.storage.atomic import atomic_write_text
from headstart.tasks.robust.curve import share_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.pixels.network import Differentiable
    from headstart.tasks.robust.curve import Example, Share
    from headstart.tasks.robustness import Robustness

_SIDE = 160


def write_page(path: Path, found: Robustness, network: Differentiable) -> None:
    """Write the page; an existing one is replaced.

    Raises:
        StorageError: the disk refuses.
    """
    atomic_write_text(path, render_robustness(page_facts(found, network)))


def page_facts(found: Robustness, network: Differentiable) -> RobustnessFacts:
    """Everything that stands on the page, as plain values."""
    plan, walked = found.plan, found.walked
    method = find_method(plan.method)
    titles = {defence.name: defence.title for defence in simple_defences()}
    return RobustnessFacts(
        model=found.model,
        source=found.chosen.source,
        command=command_of(found),
        version=metadata.version("headstart"),
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        method=plan.method,
        says=method.says,
        norm=plan.norm,
        steps=plan.settings(plan.epsilons[-1]).resolved().steps,
        seed=plan.seed,
        budget=plan.budget,
        used=len(found.chosen.hashed),
        skipped=[SkippedFile(each.name, each.reason.value, each.detail) for each in found.chosen.skipped],
        notes=found.notes,
        points=[
            CurvePoint(
                epsilon,
                plan.written(epsilon),
                _figure(share_of(walked.right[row])),
                [_figure(share_of(right[row])) for right in walked.defended.values()],
            )
            for row, epsilon in enumerate(plan.epsilons)
        ],
        defences=[titles[name] for name in walked.defended],
        findings=[Finding(check.name, check.raised, check.sentence) for check in found.checks],
        transfer=_transfer(found),
        ensemble=_ensemble(found),
        fallen=[_fallen(example, found, network) for example in walked.examples],
    )


def command_of(found: Robustness) -> str:
    """The command that measures the same again."""
    plan = found.plan
    words = ["headstart", "robustness", found.model, found.chosen.source]
    words += ["--epsilons", ",".join(plan.written(epsilon) for epsilon in plan.epsilons)]
    words += ["--method", plan.method, "--norm", plan.norm]
    words += [] if plan.steps is None else ["--steps", str(plan.steps)]
    words += ["--photos", str(len(found.chosen.hashed)), "--seed", str(plan.seed)]
    words += [] if found.transfer is None else ["--against", ",".join(found.transfer.networks[1:])]
    words += [] if found.ensemble is None else ["--ensemble", ",".join(found.ensemble.networks)]
    return " ".join(shell_word(word) for word in words)


def _figure(share: Share) -> Figure:
    return Figure(share.value, share.low, share.high, share.photos)


def _transfer(found: Robustness) -> TransferFacts | None:
    if found.transfer is None:
        return None
    names, cells = found.transfer.networks, iter(found.transfer.cells)
    shares = [[next(cells).fooled for _ in names] for _ in names]
    rows = [[None if share is None else _figure(share) for share in row] for row in shares]
    return TransferFacts(found.transfer.epsilon, names, rows)


def _ensemble(found: Robustness) -> EnsembleFacts | None:
    together = found.ensemble
    if together is None:
        return None
    rows = [(row.way, [_figure(share) for share in (*row.members, row.ensemble)]) for row in together.rows]
    return EnsembleFacts(
        together.epsilon, together.networks, together.photos, together.classes, together.sentence, rows
    )


def _fallen(example: Example, found: Robustness, network: Differentiable) -> Fallen:
    photo = found.chosen.pixels[example.place]
    change = example.picture - photo
    amplified = max(1.0, float(np.floor(0.5 / max(float(np.abs(change).max()), 1 / 255))))
    return Fallen(
        label=network.classes[int(found.chosen.labels[example.place])],
        said=network.classes[example.said],
        probability=example.probability,
        epsilon=found.plan.written(example.epsilon),
        photo=_drawn(photo),
        difference=_drawn(0.5 + amplified * change),
        picture=_drawn(example.picture),
        amplified=amplified,
    )


def _drawn(picture: NDArray[np.float32]) -> str:
    return thumbnail(to_pictures(picture[None])[0], _SIDE)
