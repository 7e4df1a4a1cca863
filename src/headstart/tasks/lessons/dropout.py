"""(written digits, a share) => the lesson's small network, trained with that much dropout."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.tasks.lessons.figures import DIGITS, FIGURES
from headstart.tasks.lessons.linear import fewer_steps
from headstart.tasks.lessons.measured import Measured
from headstart.tasks.trials.ground import Parts, Scratch
from headstart.tasks.trials.known import known_pictures, mnist_files
from headstart.tasks.trials.networks import Dropout, draw_weights
from headstart.tasks.trials.recipe import Recipe
from headstart.tasks.trials.runs import Job, run_all

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from headstart.storage.home import Home
    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.figures import Figure
    from headstart.tasks.trials.runs import Outcome

_PLAIN = "digits"
_TRIED = 640  # pictures whose training shows the pace
_SMALL = 20  # px: below this the convolutions would leave nothing without a border


def pictures_name(desk: Desk) -> str | None:
    """Which digits are at hand: those that were given, else MNIST where it was fetched.

    Raises:
        UsageError: something else was given.
    """
    given = desk.given.get(DIGITS)
    if given not in (None, _PLAIN):
        raise UsageError(f"--photos {DIGITS}={given}: expected {_PLAIN}, those of scikit-learn")
    return given or (DIGITS if _fetched(desk.home) else None)


def _fetched(home: Home) -> bool:
    return all((home.datasets / DIGITS / each.filename).is_file() for each in mnist_files())


def dropout(figure: Figure, desk: Desk) -> Measured:
    """Train the network with a share of the numbers left out, and have it judge.

    Raises:
        UsageError: Lightning Fabric is not installed.
        NotMeasuredError: it would take too long.
    """
    from headstart.finetune.fabric import require_fabric

    require_fabric()
    digits = desk.once("digits", lambda: _digits(desk))
    parts = digits.parts
    pace = desk.once("digits-pace", lambda: _pace(figure, digits))
    desk.afford(figure, pace * len(parts.train) * figure.epochs * len(_wanted(desk)))
    found = desk.once("digits-runs", lambda: _run_all(digits, desk))[figure.share]
    return Measured(
        value=float(found.right.mean()),
        photos=len(found.right),
        learned_from=len(parts.train),
        reasons=(*_other(digits), *_fewer(figure, parts), *fewer_steps(figure, len(parts.train))),
        also=(f"after the first epoch {found.curve[1]:.3f}",),
    )


def _other(digits: Digits) -> list[str]:
    if digits.name == DIGITS:
        return []
    height, width = digits.pixels.shape[2:]
    small = [f"{height} x {width} pictures of scikit-learn instead of MNIST's 28 x 28"]
    if not _border((height, width)):
        return small
    return [*small, "a border of zeros around what each convolution sees; the lesson has none"]


def _fewer(figure: Figure, parts: Parts) -> list[str]:
    if (len(parts.train), len(parts.held_out)) == (figure.learn, figure.judge):
        return []
    return [
        f"{len(parts.train):,} pictures learned from and {len(parts.held_out):,} judge instead of "
        f"{figure.learn:,} and {figure.judge:,}"
    ]


def _wanted(desk: Desk) -> list[Figure]:
    every = [each for each in FIGURES if each.way == "dropout"]
    return [each for each in every if not desk.only or each.key in desk.only]


@dataclass(frozen=True, eq=False)
class Digits:
    """Pictures of digits.

    Attributes:
        name: "mnist" or "digits".
        pixels: (n, 1, h, w) in [0, 1].
        parts: who is learned from.
    """

    name: str
    pixels: NDArray[np.float32]
    parts: Parts

    def ground(self, parts: Parts | None = None) -> Scratch:
        """What a training is run on: all pictures, or some."""
        return _Lesson(self.pixels, self.parts if parts is None else parts, self.name)


class _Lesson(Scratch):
    """Digits, and the lesson's network for them."""

    def build(self, recipe: Recipe, seed: int) -> nn.Module:
        """The lesson's network."""
        return lesson_network(self._shape, len(self.parts.classes), recipe.dropout, seed)


def _digits(desk: Desk) -> Digits:
    """All pictures: MNIST's own 60,000 and 10,000, or scikit-learn's in the same proportion."""
    name = pictures_name(desk)
    assert name is not None  # noqa: S101  (`Desk.require` has asked)
    pictures = known_pictures(name, desk.home, most=None, seed=desk.seed)
    total = len(pictures.pixels)
    order = np.arange(total) if name == DIGITS else np.random.default_rng(desk.seed).permutation(total)
    cut = round(total * 6 / 7)
    learn, judge = np.sort(order[:cut]), np.sort(order[cut:])
    return Digits(
        name, pictures.pixels, Parts(pictures.parts.codes, pictures.parts.classes, learn, judge, judge)
    )


def lesson_network(shape: tuple[int, int, int], classes: int, share: float, seed: int) -> nn.Module:
    """Two convolutions of 32 and 64 channels, each with a pooling, dropout, one layer.

    Args:
        shape: channels, height, width.
        classes: how many.
        share: of the numbers before the last layer that each step leaves out.
        seed: of first weights and dropout.

    Example:
        >>> import torch
        >>> lesson_network((1, 28, 28), 10, 0.5, 0)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    from torch import nn

    channels, height, width = shape
    border = _border((height, width))
    first, second = nn.Conv2d(channels, 32, 3, padding=border), nn.Conv2d(32, 64, 3, padding=border)
    left = [((each + 2 * border - 2) // 2 + 2 * border - 2) // 2 for each in (height, width)]
    network = nn.Sequential(
        first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        Dropout(share, seed), nn.Linear(64 * left[0] * left[1], classes),
    )  # fmt: skip
    draw_weights(network, "xavier", seed)
    return network


def _border(size: tuple[int, int]) -> int:
    return 0 if min(size) >= _SMALL else 1


def _recipe(figure: Figure, epochs: int) -> Recipe:
    return Recipe(pixels="unit", dropout=figure.share).trained(
        epochs=epochs, batch_size=figure.batch, optimiser="adam", learning_rate=1e-3
    )


def _pace(figure: Figure, digits: Digits) -> float:
    """Seconds of training that a picture takes."""
    parts = digits.parts
    one = parts.held_out[:1]
    few = replace(parts, train=parts.train[:_TRIED], validation=one, held_out=one)
    began = time.perf_counter()
    run_all([Job(digits.ground(few), _recipe(figure, 1), 0)])
    return (time.perf_counter() - began) / len(few.train)


def _run_all(digits: Digits, desk: Desk) -> dict[float, Outcome]:
    """The trainings of all shares that are wanted: several at a time."""
    ground = digits.ground()
    jobs = {each.share: Job(ground, _recipe(each, each.epochs), desk.seed) for each in _wanted(desk)}
    found = run_all(jobs.values(), desk.progress)
    return {share: found[job] for share, job in jobs.items()}
