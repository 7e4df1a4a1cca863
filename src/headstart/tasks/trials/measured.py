"""(tricks, what they are tried on, seeds) => accuracies, effects with their spread, gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.finetune.settings import Training
from headstart.tasks.trials.effects import effect_of
from headstart.tasks.trials.runs import Job, run_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from headstart.features.progress import Progress
    from headstart.tasks.trials.catalogue import Arm, Trick
    from headstart.tasks.trials.effects import Effect
    from headstart.tasks.trials.ground import Ground
    from headstart.tasks.trials.recipe import Recipe
    from headstart.tasks.trials.runs import Outcome

_SEARCH_SEED = 1_000_003
"""Added to the seed of the search for a learning rate: no measured run has it."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmResult:
    """What one arm came to.

    Attributes:
        name: of the arm.
        recipe: what was trained, its learning rate chosen.
        right: (seeds, photos) which held-out photos were named right.
        curves: accuracy on the held-out photos after each epoch, from 0 on, a row for each seed; shorter
            where a training ended.
        diverged: how many seeds ended with a loss that is not finite.
        norms: (seeds, layers) gradients, as `Outcome.norms`.
        effect: against the first arm; None for that one.
    """

    name: str
    recipe: Recipe
    right: NDArray[np.bool_]
    curves: tuple[tuple[float, ...], ...]
    diverged: int
    norms: NDArray[np.float64]
    effect: Effect | None = None

    @property
    def accuracy(self) -> float:
        """Mean over seeds and photos."""
        return float(self.right.mean())

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "name": self.name,
            "accuracy": self.accuracy,
            "per_seed": [float(row.mean()) for row in self.right],
            "diverged": self.diverged,
            "learning_rate": self.recipe.training.learning_rate,
            "curves": [list(curve) for curve in self.curves],
        }


@dataclass(frozen=True, slots=True, eq=False)
class TrickResult:
    """A trick that was tried.

    Attributes:
        trick: which.
        network: what it was tried on, as people read it.
        arms: the first is without the trick.
    """

    trick: Trick
    network: str
    arms: tuple[ArmResult, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """One entry for each arm but the first."""
        return [
            {
                "name": f"{self.trick.name}: {arm.name}",
                "trick": self.trick.name,
                "network": self.network,
                "note": self.trick.note,
                "with": arm.to_json(),
                "without": self.arms[0].to_json(),
                "effect": None if arm.effect is None else arm.effect.to_json(),
            }
            for arm in self.arms[1:]
        ]


def measure_all(
    asked: Sequence[tuple[Ground, Sequence[Trick]]],
    seeds: Sequence[int],
    progress: Progress | None = None,
    workers: int | None = None,
) -> list[TrickResult]:
    """Try tricks; a recipe that several of them share is trained once a seed.

    Args:
        asked: what is tried on what.
        seeds: at least three.
        progress: told of each epoch.
        workers: how many trainings at a time; None: as many as there are processors.
    """
    found = _with_rates(asked, seeds, progress, workers)
    pairs = [(ground, arm.recipe) for ground, tricks in found for trick in tricks for arm in trick.arms]
    # Early stopping is drawn over the course of the same training that goes on to the end.
    pairs += [(ground, _unstopped(recipe)) for ground, recipe in pairs if recipe.stops]
    outcomes = run_all((Job(*pair, seed) for seed in seeds for pair in pairs), progress, workers)
    return [_result(ground, trick, seeds, outcomes) for ground, tricks in found for trick in tricks]


def _with_rates(
    asked: Sequence[tuple[Ground, Sequence[Trick]]],
    seeds: Sequence[int],
    progress: Progress | None,
    workers: int | None,
) -> list[tuple[Ground, list[Trick]]]:
    """The same tricks, each arm with the best of its learning rates on the validation part."""
    seed = seeds[0] + _SEARCH_SEED
    searched = [
        Job(ground, arm.recipe.trained(learning_rate=rate), seed, search=True)
        for ground, tricks in asked
        for trick in tricks
        for arm in trick.arms
        for rate in arm.rates
    ]
    if not searched:
        return [(ground, list(tricks)) for ground, tricks in asked]
    outcomes = run_all(searched, progress, workers)

    def best(ground: Ground, arm: Arm) -> Arm:
        tried = [Job(ground, arm.recipe.trained(learning_rate=rate), seed, search=True) for rate in arm.rates]
        order = [(-outcomes[job].curve[-1], outcomes[job].log_loss, at) for at, job in enumerate(tried)]
        return replace(arm, recipe=tried[min(order)[-1]].recipe) if tried else arm

    return [
        (ground, [replace(trick, arms=tuple(best(ground, arm) for arm in trick.arms)) for trick in tricks])
        for ground, tricks in asked
    ]


def _result(
    ground: Ground, trick: Trick, seeds: Sequence[int], outcomes: Mapping[Job, Outcome]
) -> TrickResult:
    arms = [_arm(ground, arm, seeds, outcomes) for arm in trick.arms]
    if trick.averaged:
        arms[1] = _together(ground, arms[1], [outcomes[Job(ground, arms[1].recipe, seed)] for seed in seeds])
    compared = [replace(arm, effect=effect_of(arm.right, arms[0].right)) for arm in arms[1:]]
    return TrickResult(trick, ground.name, (arms[0], *compared))


def _arm(ground: Ground, arm: Arm, seeds: Sequence[int], outcomes: Mapping[Job, Outcome]) -> ArmResult:
    runs = [outcomes[Job(ground, arm.recipe, seed)] for seed in seeds]
    curves = [run.curve for run in runs]
    if arm.recipe.stops:
        unstopped = [outcomes[Job(ground, _unstopped(arm.recipe), seed)] for seed in seeds]
        curves = [_kept_curve(run, whole) for run, whole in zip(runs, unstopped, strict=True)]
        longest = max(map(len, curves))
        # What was kept stays what it is after the end.
        curves = [curve + curve[-1:] * (longest - len(curve)) for curve in curves]
    return ArmResult(
        arm.name,
        arm.recipe,
        np.stack([run.right for run in runs]),
        tuple(curves),
        sum(bool(run.diverged) for run in runs),
        np.array([run.norms for run in runs]),
    )


def _unstopped(recipe: Recipe) -> Recipe:
    return replace(recipe.trained(patience=None), stops=False)


def _kept_curve(stopped: Outcome, whole: Outcome) -> tuple[float, ...]:
    """Held-out accuracy of the network that early stopping would keep, after each epoch until it stopped."""
    return (whole.curve[0], *(whole.curve[number] for number in stopped.kept))


def _together(ground: Ground, arm: ArmResult, runs: Sequence[Outcome]) -> ArmResult:
    """All networks answering together: the same answers stand beside each one of them."""
    parts = ground.parts
    mean = np.mean([run.probabilities for run in runs], axis=0)
    right = mean.argmax(axis=1) == parts.codes[parts.held_out]
    return replace(arm, right=np.tile(right, (len(runs), 1)), curves=())


def typical(norms: ArrayLike) -> list[float]:
    """The geometric mean over seeds of each layer's gradient; nan where no seed had a finite one above 0.

    Example:
        >>> [round(norm, 3) for norm in typical([[1.0, 10.0], [1.0, 1000.0]])]
        [1.0, 100.0]
    """
    table = np.asarray(norms, float)
    table = np.where(np.isfinite(table) & (table > 0), table, np.nan)
    seen = ~np.isnan(table).all(axis=0)
    means = np.full(table.shape[1], np.nan)
    means[seen] = np.exp(np.nanmean(np.log(table[:, seen]), axis=0))
    return [float(mean) for mean in means]


def settings_of(training: Training) -> str:
    """The settings of a training in words, for the page.

    Example:
        >>> settings_of(Training(epochs=5, optimiser="momentum", learning_rate=0.02))
        '5 epochs in batches of 32, momentum, learning rate 0.02'
    """
    return (
        f"{training.epochs} epochs in batches of {training.batch_size}, {training.optimiser}, "
        f"learning rate {training.learning_rate:g}"
    )
