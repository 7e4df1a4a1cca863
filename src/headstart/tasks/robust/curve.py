"""(network, photos, an attack, epsilons) => which photos stay right at which epsilon, defended or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from headstart.heads.metrics import wilson
from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.attacks.settings import show_epsilon
from headstart.pixels.robustness.answers import answers_of, logits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.pixels.constraints import Norm
    from headstart.pixels.network import Differentiable
    from headstart.pixels.robustness.defences import Defence

EXAMPLES = 6


@dataclass(frozen=True, slots=True)
class Share:
    """A share of photos.

    Attributes:
        value: 0 to 1.
        low: lower end of its 95 % interval (Wilson 1927).
        high: upper end.
        photos: how many it rests on, at least 1.
    """

    value: float
    low: float
    high: float
    photos: int

    def to_json(self) -> dict[str, float | int]:
        """Give it as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high, "photos": self.photos}


def share_of(which: NDArray[np.bool_]) -> Share:
    """(n,) => the share that is True, n at least 1.

    Example:
        >>> share_of(np.array([True, False])).value
        0.5
    """
    right, photos = int(which.sum()), len(which)
    return Share(right / photos, *wilson(right, photos), photos)


@dataclass(frozen=True, slots=True)
class AttackPlan:
    """What is tried at each epsilon.

    Attributes:
        method: a name in `headstart.pixels.attacks.METHODS`.
        norm: of epsilon.
        epsilons: ascending, 0 or more.
        steps: how many; None: the method's own.
        seed: of all chance.
    """

    method: str
    norm: Norm
    epsilons: tuple[float, ...]
    steps: int | None
    seed: int

    @property
    def budget(self) -> bool:
        """Whether the method takes an epsilon; the others are run once."""
        return find_method(self.method).budget

    def settings(self, epsilon: float) -> AttackSettings:
        """The attack at one epsilon; its pictures are what a file of 8 bits holds.

        Fewer steps than the method's own are longer, so that they still lead as far.
        """
        known, size = find_method(self.method), None
        if self.steps is not None and 0 < self.steps < known.steps[self.norm] and known.relative_step:
            size = known.relative_step[self.norm] * epsilon * known.steps[self.norm] / self.steps
        return AttackSettings(
            method=self.method,
            norm=self.norm,
            epsilon=epsilon if self.budget else None,
            steps=self.steps,
            step_size=size or None,
            on_lattice=True,
            seed=self.seed,
        )

    def written(self, epsilon: float) -> str:
        """An epsilon as people write it."""
        return show_epsilon(epsilon, self.norm)


@dataclass(frozen=True, slots=True)
class Example:
    """A photo and the picture that it first fell to.

    Attributes:
        place: of the photo.
        epsilon: at which it fell.
        picture: (3, h, w) in [0, 1].
        said: the place of the class that the network gives it.
        probability: how sure it is.
    """

    place: int
    epsilon: float
    picture: NDArray[np.float32]
    said: int
    probability: float


@dataclass
class Walked:
    """What the attacks came to; rows are epsilons, columns photos.

    Attributes:
        right: still right; what broke at a smaller epsilon stays broken.
        alone: right under this epsilon's own attack, nothing carried on.
        defended: likewise carried on, by the name of the defence: right after it.
        largest: (n, 3, h, w) the pictures of the largest epsilon.
        examples: photos that were right and fell.
    """

    right: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    defended: dict[str, NDArray[np.bool_]]
    largest: NDArray[np.float32]
    examples: list[Example] = field(default_factory=list)


def walk_epsilons(
    network: Differentiable,
    pixels: NDArray[np.float32],
    labels: NDArray[np.intp],
    plan: AttackPlan,
    defences: Sequence[Defence] = (),
    *,
    progress: Progress | None = None,
) -> Walked:
    """Attack every photo at every epsilon, and see what the network says of the pictures.

    Also photos that the network gets wrong by itself are attacked: after a defence it may get them right.

    Args:
        network: what is attacked.
        pixels: (n, 3, h, w), whole 255ths.
        labels: (n,) their classes.
        plan: the attack.
        defences: applied to what the attack made, which knew nothing of them.
        progress: told of each photo.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> photos = np.full((1, 3, 32, 32), 128 / 255, np.float32)
        >>> plan = AttackPlan("pgd", "linf", (0.0, 8 / 255), steps=2, seed=0)
        >>> walk_epsilons(network, photos, answers_of(network, photos), plan).right[0].tolist()
        [True]
    """
    shape = len(plan.epsilons), len(pixels)
    walked = Walked(
        right=np.ones(shape, bool),
        alone=np.ones(shape, bool),
        defended={defence.name: np.ones(shape, bool) for defence in defences},
        largest=pixels,
    )
    clean = answers_of(network, pixels) == labels
    smallest = (
        None if plan.budget else _attacked(network, pixels, labels, plan, float("inf"), progress=progress)
    )
    for row, epsilon in enumerate(plan.epsilons):
        if smallest is None:
            pictures = _attacked(network, pixels, labels, plan, epsilon, progress=progress)
        else:
            pictures = _within(smallest, pixels, plan.norm, epsilon)
        walked.largest = pictures
        logits = logits_of(network, pictures)
        walked.alone[row] = logits.argmax(axis=1) == labels
        before = walked.right[row - 1] if row else clean
        walked.right[row] = before & walked.alone[row]
        _add_examples(walked, before & ~walked.alone[row], pictures, logits, epsilon)
        for defence in defences:
            after = answers_of(network, _defended(defence, pictures)) == labels
            kept = walked.defended[defence.name]
            kept[row] = after & (kept[row - 1] if row else True)
    return walked


def _attacked(
    network: Differentiable,
    pixels: NDArray[np.float32],
    labels: NDArray[np.intp],
    plan: AttackPlan,
    epsilon: float,
    *,
    progress: Progress | None,
) -> NDArray[np.float32]:
    if epsilon == 0:
        return pixels
    words = f"photos attacked by {plan.method}" + (f" within {plan.written(epsilon)}" if plan.budget else "")
    told = None if progress is None else Named(progress, words)
    return attack_pixels(network, pixels, labels, settings=plan.settings(epsilon), progress=told)


def _within(
    found: NDArray[np.float32], pixels: NDArray[np.float32], norm: Norm, epsilon: float
) -> NDArray[np.float32]:
    """Where the smallest change that was found is larger than epsilon, the photo stays as it is."""
    change = (found - pixels).reshape(len(pixels), -1)
    size = np.abs(change).max(axis=1) if norm == "linf" else np.linalg.norm(change, axis=1)
    return np.where((size <= epsilon * (1 + 1e-5) + 1e-7)[:, None, None, None], found, pixels)


def _add_examples(
    walked: Walked,
    fell: NDArray[np.bool_],
    pictures: NDArray[np.float32],
    logits: NDArray[np.float32],
    epsilon: float,
) -> None:
    from headstart.heads.softmax import softmax

    for place in np.flatnonzero(fell)[: EXAMPLES - len(walked.examples)]:
        probabilities = softmax(logits[place : place + 1])[0]
        said = int(probabilities.argmax())
        walked.examples.append(
            Example(int(place), epsilon, pictures[place].copy(), said, float(probabilities[said]))
        )


def _defended(defence: Defence, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    return np.asarray(defence(torch.from_numpy(pictures)).numpy(), np.float32)


class Named:
    """Progress that calls every stretch of work by one name."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress, self._what = progress, what

    def start(self, total: int, what: str) -> None:
        """Begin, under our name."""
        del what
        self._progress.start(total, self._what)

    def advance(self, count: int = 1) -> None:
        """Count on."""
        self._progress.advance(count)

    def stop(self) -> None:
        """End."""
        self._progress.stop()


def curve_json(plan: AttackPlan, walked: Walked) -> list[Mapping[str, object]]:
    """The accuracy at each epsilon, plain and after each defence, as JSON values."""
    return [
        {
            "epsilon": epsilon,
            "written": plan.written(epsilon),
            "accuracy": share_of(walked.right[row]).to_json(),
            "defended": {name: share_of(right[row]).to_json() for name, right in walked.defended.items()},
        }
        for row, epsilon in enumerate(plan.epsilons)
    ]
