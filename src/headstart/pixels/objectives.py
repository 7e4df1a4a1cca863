"""(what a network saw) => how much of what is wanted is there, for each picture: values that add and scale.

An objective is made larger by `optimise`. A picture's value depends on that picture alone, so that several
at a time give what each gives by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from headstart.pixels.network import Seen


@dataclass(frozen=True)
class Objective:
    """What is wanted of a picture.

    Attributes:
        value: what was seen => (n,), a number for each picture.
        layers: the layer references that `value` looks up in `Seen.activations`.
        name: for people.

    Example:
        >>> wanted = 2 * logit(0) - logit(1)
        >>> wanted.name
        '2 x logit of class 0 - logit of class 1'
    """

    value: Callable[[Seen], Tensor]
    layers: tuple[str, ...] = ()
    name: str = "objective"

    def __add__(self, other: Objective) -> Objective:
        return Objective(
            lambda seen: self.value(seen) + other.value(seen),
            tuple(dict.fromkeys((*self.layers, *other.layers))),
            f"{self.name} + {other.name}",
        )

    def __sub__(self, other: Objective) -> Objective:
        return Objective(
            lambda seen: self.value(seen) - other.value(seen),
            tuple(dict.fromkeys((*self.layers, *other.layers))),
            f"{self.name} - {other.name}",
        )

    def __mul__(self, factor: float) -> Objective:
        return Objective(lambda seen: factor * self.value(seen), self.layers, f"{factor:g} x {self.name}")

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return self * -1.0


def logit(index: int) -> Objective:
    """The score of a class before the softmax."""
    return Objective(lambda seen: seen.logits[:, index], name=f"logit of class {index}")


def log_probability(index: int) -> Objective:
    """The logarithm of a class's probability: cross-entropy with its sign turned."""
    return Objective(
        lambda seen: functional.log_softmax(seen.logits, dim=1)[:, index],
        name=f"log probability of class {index}",
    )


def margin(index: int) -> Objective:
    """A class's logit less the largest other one: above 0 where the class is the answer."""
    return Objective(lambda seen: ahead(seen.logits, index), name=f"margin of class {index}")


def ahead(logits: Tensor, index: int) -> Tensor:
    """(n, classes) => (n,): a class's logit less the largest other one."""
    others = logits.clone()
    others[:, index] = -float("inf")
    return logits[:, index] - others.amax(dim=1)


def channel(layer: str, number: int, maps: Callable[[Tensor], Tensor] | None = None) -> Objective:
    """The mean activation of one channel of a layer (of a row: one of its numbers).

    Args:
        layer: a layer reference.
        number: of the channel, from 0.
        maps: what the layer gives => (n, channels, …), where channels do not come first: `Layout.maps`.
    """

    def value(seen: Seen) -> Tensor:
        found = seen.activations[layer]
        picked = (found if maps is None else maps(found))[:, number]
        return picked.reshape(len(picked), -1).mean(dim=1)

    return Objective(
        value,
        (layer,),
        f"channel {number} of {layer}",
    )


def total_variation(pixels: Tensor) -> Tensor:
    """(n, 3, h, w) => (n,): the absolute differences of neighbouring values, down and across, summed.

    As TensorFlow's `tf.image.total_variation` (Rudin, Osher and Fatemi 1992, the anisotropic form).

    Example:
        >>> import torch
        >>> float(total_variation(torch.tensor([[0.0, 1.0], [0.0, 0.0]]).expand(1, 3, 2, 2)))
        6.0
    """
    down = (pixels[:, :, 1:] - pixels[:, :, :-1]).abs().flatten(1).sum(dim=1)
    across = (pixels[:, :, :, 1:] - pixels[:, :, :, :-1]).abs().flatten(1).sum(dim=1)
    return down + across
