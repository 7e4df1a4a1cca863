"""(how many photos stay right under which attack) => whether that speaks against the figures, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERIES = 200
"""Answers that the blind search asks for, for each photo."""

MORE_STEPS = 3
"""Times as many, to see whether the walk has arrived."""

FEW = 0.05
"""A share of the photos; fewer that change sides are chance."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: a word, for JSON.
        raised: whether it speaks against the figures.
        sentence: what was found, with the figures.
    """

    name: str
    raised: bool
    sentence: str


def check_one_step(one_step: int, many: int, photos: int) -> Check:
    """Whether a single step (FGSM) does better than many (PGD); both: how many photos stay right."""
    raised = one_step < many - _few(photos)
    return Check(
        "one step beats many",
        raised,
        f"One step (FGSM) leaves {of_photos(one_step, photos)} right, many steps (PGD) {many}: "
        + (
            "walking along the gradient should never be worse than one leap."
            if raised
            else "as it should be."
        ),
    )


def check_larger(right: Sequence[int], epsilons: Sequence[str], photos: int) -> Check:
    """Whether a larger epsilon, attacked from the start again, leaves fewer photos right.

    Args:
        right: how many stay right at each epsilon, none carried on from smaller ones.
        epsilons: as people write them, ascending.
        photos: how many there are.
    """
    for smaller, larger, before, after in zip(epsilons, epsilons[1:], right, right[1:], strict=False):
        if after > before + _few(photos):
            return Check(
                "larger epsilon does not help",
                raised=True,
                sentence=f"A larger epsilon helps less: {of_photos(before, photos)} stay right at {smaller}, "
                f"{after} at {larger}.",
            )
    return Check(
        "larger epsilon does not help",
        raised=False,
        sentence="A larger epsilon never leaves more photos right, also where nothing is carried on.",
    )


def check_large(right: int, photos: int, epsilon: str) -> Check:
    """Whether an epsilon at which any picture can be anything leaves no photo right."""
    return Check(
        "a very large epsilon does not suffice",
        right > 0,
        f"At epsilon {epsilon}, where any photo can be turned into plain grey, "
        + (
            f"{of_photos(right, photos)} stay right: the attack loses its way."
            if right
            else f"none of {photos} photos stays right."
        ),
    )


def check_steps(fewer: int, more: int, photos: int, steps: int) -> Check:
    """Whether more steps break more photos: then the figures are too high."""
    raised = fewer - more > _few(photos)
    return Check(
        "more steps break more",
        raised,
        f"{steps} steps of PGD leave {of_photos(fewer, photos)} right, {MORE_STEPS * steps} steps {more}"
        + (
            ": figures of so few steps are too high; give more --steps."
            if raised
            else ": the walk has arrived."
        ),
    )


def check_method(method: str, claimed: int, by_pgd: int, photos: int) -> Check:
    """Whether PGD breaks photos that the method did not break, whose figures are shown."""
    raised = by_pgd < claimed - _few(photos)
    return Check(
        "pgd beats the method",
        raised,
        f"{method} leaves {of_photos(claimed, photos)} right, PGD {by_pgd}"
        + (f": the figures here are those of a weak attack; leave --method {method} out." if raised else "."),
    )


def check_blind(broken: int, survivors: int) -> Check:
    """Whether an attack without gradients breaks photos that gradients did not."""
    return Check(
        "blind search beats gradients",
        broken > 0,
        (
            f"Of {survivors} photos that the gradient did not break, a blind search of {QUERIES} tries "
            f"breaks {broken}" + (": the gradient hides a way." if broken else ".")
        )
        if survivors
        else "Gradients broke every photo, so a blind search has nothing left to find.",
    )


def check_transfer(source: str, broken: int, survivors: int) -> Check:
    """Whether pictures made for another network break photos that the network's own gradients did not."""
    return Check(
        f"transfer from {source} beats gradients",
        broken > 0,
        f"Of {survivors} photos that its own gradient did not break, pictures made for {source} break "
        f"{broken}" + (": its gradient hides a way." if broken else "."),
    )


def _few(photos: int) -> float:
    return max(1.0, FEW * photos)


def of_photos(some: int, photos: int) -> str:
    """Write how many of how many."""
    return f"{some} of {photos} photos"
