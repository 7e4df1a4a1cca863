"""What is asked of an attack: checked when it is made, gaps filled in by the method's own defaults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite
from typing import Literal, get_args

from headstart.errors import UsageError
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.constraints import Norm

Loss = Literal["log_probability", "margin"]
Keep = Literal["best", "last"]
EPSILONS: dict[Norm, float] = {"linf": 8 / 255, "l2": 3.0}
"""Budgets where none is given: 8/255, and 3.0, which the robustness library takes for ImageNet."""


@dataclass(frozen=True, slots=True)
class AttackSettings:
    """How to attack; None leaves it to the method (`Method` has the defaults and their sources).

    Attributes:
        method: a name in `METHODS`.
        norm: what epsilon is measured in; None: the method's first.
        epsilon: how far a photo may be changed, in pixels of [0, 1]; None: 8/255 in "linf", 3.0 in "l2".
        steps: how many; 0 leaves the photo as it is.
        step_size: the length of a step, in the same norm.
        restarts: how often to begin anew, elsewhere in the ball, while the attack has not succeeded.
        random_start: begin somewhere in the ball rather than at the photo.
        loss: what grows: a log probability (cross-entropy with its sign turned), or the margin between two
            classes' logits, whose gradient does not vanish where the network is very sure.
        keep: of all steps, the picture that is surest to succeed ("best"), or the last step's ("last").
        on_lattice: give whole 255ths, as a PNG file holds them, still inside the ball.
        seed: of all chance, together with the photo's pixels.

    Raises:
        UsageError: a value that can't be meant.

    Example:
        >>> AttackSettings(method="fgsm").resolved().steps
        1
        >>> AttackSettings(epsilon=8.0)
        Traceback (most recent call last):
        headstart.errors.UsageError: epsilon is 8; pixels are in [0, 1], so 8 of 255 is written 8/255
    """

    method: str = "pgd"
    norm: Norm | None = None
    epsilon: float | None = None
    steps: int | None = None
    step_size: float | None = None
    restarts: int = 1
    random_start: bool | None = None
    loss: Loss = "log_probability"
    keep: Keep = "best"
    on_lattice: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        method = find_method(self.method)
        method.require_packages()
        if self.norm is not None and self.norm not in method.norms:
            raise UsageError(f"--norm is {self.norm!r}; {method.name} knows {' and '.join(method.norms)}")
        if self.epsilon is not None:
            _check_epsilon(self.epsilon, self._norm)
            if not method.budget:
                raise UsageError(
                    f"{method.name} has no budget, it goes as far as it must; leave --epsilon out"
                )
        if self.steps is not None and (self.steps < 0 or (method.one_step and self.steps > 1)):
            raise UsageError(
                f"--steps is {self.steps}; "
                + (f"{method.name} takes one; pgd takes several" if method.one_step else "expected 0 or more")
            )
        if self.step_size is not None and not (isfinite(self.step_size) and self.step_size > 0):
            raise UsageError(f"--step-size is {self.step_size:g}; expected a length above 0")
        if self.restarts < 1:
            raise UsageError(f"--restarts is {self.restarts}; expected 1 or more")
        if self.loss not in get_args(Loss):
            raise UsageError(f"--loss is {self.loss!r}; expected {' or '.join(get_args(Loss))}")

    def resolved(self) -> ResolvedSettings:
        """The same with every gap filled in."""
        method, norm = find_method(self.method), self._norm
        epsilon = self.epsilon
        if epsilon is None:
            epsilon = EPSILONS[norm] if method.budget else inf
        step_size = method.step_size if self.step_size is None else self.step_size
        if step_size is None:
            step_size = method.relative_step[norm] * epsilon if method.relative_step else 0.0
        return ResolvedSettings(
            method=self.method,
            norm=norm,
            epsilon=epsilon,
            steps=method.steps[norm] if self.steps is None else self.steps,
            step_size=step_size,
            restarts=self.restarts,
            random_start=method.random_start if self.random_start is None else self.random_start,
            loss=self.loss,
            keep=self.keep,
            on_lattice=self.on_lattice,
            seed=self.seed,
        )

    @property
    def _norm(self) -> Norm:
        return find_method(self.method).norms[0] if self.norm is None else self.norm


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """`AttackSettings` without gaps: what a method is given.

    Attributes:
        epsilon: infinite for a method without a budget.
        step_size: 0 where the method has a rule of its own.
    """

    method: str
    norm: Norm
    epsilon: float
    steps: int
    step_size: float
    restarts: int
    random_start: bool
    loss: Loss
    keep: Keep
    on_lattice: bool
    seed: int


def parse_epsilon(text: str | float, option: str = "--epsilon") -> float:
    """Read an epsilon as people write it: a fraction or a number.

    Args:
        text: as written.
        option: what it stands for, for the message.

    Raises:
        UsageError: it is neither.

    Example:
        >>> parse_epsilon("8/255") == 8 / 255, parse_epsilon("0.03")
        (True, 0.03)
    """
    if not isinstance(text, str):
        return float(text)
    try:
        above, slash, below = text.partition("/")
        return float(above) / float(below) if slash else float(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{option} is {text!r}; expected a number such as 8/255 or 0.03") from None


def show_epsilon(value: float, norm: Norm) -> str:
    """Write an epsilon as people write it: whole or half 255ths as such.

    Example:
        >>> show_epsilon(8 / 255, "linf"), show_epsilon(0.5 / 255, "linf"), show_epsilon(0.03, "linf")
        ('8/255', '0.5/255', '0.03')
        >>> show_epsilon(3.0, "l2")
        '3'
    """
    of_255 = Fraction(round(value * 255 * 2), 2)
    if norm == "linf" and value > 0 and abs(float(of_255) - value * 255) < 1e-4:
        return f"{float(of_255):g}/255"
    return f"{value:.4g}"


def _check_epsilon(epsilon: float, norm: Norm) -> None:
    if not isfinite(epsilon) or epsilon < 0:
        raise UsageError(f"epsilon is {epsilon:g}; expected 0 or more, such as 8/255")
    if norm == "linf" and epsilon > 1:
        raise UsageError(
            f"epsilon is {epsilon:g}; pixels are in [0, 1], so {epsilon:g} of 255 is written {epsilon:g}/255"
        )
