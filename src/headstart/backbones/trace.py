"""(network, dummy photo) => what each module took and gave in one pass, in the order in which they ran."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headstart.backbones.layers import (
    LayerInfo,
    LayerRef,
    averaged,
    first_tensor,
    here,
    spatial_axes,
    this_thread,
    usable,
)
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn


@dataclass(slots=True, eq=False)
class Visit:
    """One module in one pass; shapes have their batch axis, `*_mean` are rows averaged as `NAME:mean` is."""

    name: str
    kind: str
    own_parameters: int
    parameters: int
    calls: int = 0
    entered: int = -1
    left: int = -1
    taken: tuple[int, ...] = ()
    given: tuple[int, ...] = ()
    taken_mean: Tensor | None = None
    given_mean: Tensor | None = None

    def holds(self, other: Visit) -> bool:
        """Whether another module lies inside this one (or is this one)."""
        return not self.name or f"{other.name}.".startswith(f"{self.name}.")


@dataclass(slots=True, eq=False)
class Trace:
    """One pass over one dummy photo.

    Attributes:
        visits: by module name; "" is the whole network.
        aspect: height / width of the photo.
    """

    aspect: float
    visits: dict[str, Visit] = field(default_factory=dict)
    _clock: int = 0

    def ran(self) -> list[Visit]:
        """The modules that ran, in the order in which they finished."""
        return sorted((each for each in self.visits.values() if each.calls), key=lambda each: each.left)

    def layers(self) -> tuple[LayerInfo, ...]:
        """Every named module in the order of its definition."""
        return tuple(
            LayerInfo(each.name, each.kind, each.given[1:], each.parameters, each.calls)
            for each in self.visits.values()
            if each.name
        )

    def parameters_until(self, name: str, *, entering: bool = False) -> int:
        """How many parameters belong to what has run when a module is done (or, `entering`, starts).

        A module that has finished counts with everything inside it, one that still runs with what it holds
        itself.
        """
        layer = self.visits[name]
        if not layer.calls:
            raise BackboneError(f"layer {name!r} never runs by itself; name a layer inside or around it")
        moment = layer.entered - 1 if entering else layer.left
        entered = [each for each in self.visits.values() if each.calls and each.entered <= moment]
        done = [each for each in entered if each.left <= moment]
        whole = [each for each in done if not any(other is not each and other.holds(each) for other in done)]
        running = [
            each for each in entered if each.left > moment and not any(one.holds(each) for one in whole)
        ]
        return sum(each.parameters for each in whole) + sum(each.own_parameters for each in running)

    def outputs(self) -> int:
        """How many numbers the network gives for a photo: one for each class, if it has a classifier."""
        return math.prod(self.visits[""].given[1:])

    def width(self, text: str) -> int:
        """How many numbers a row of a layer reference has.

        Raises:
            BackboneError: as in `Backbone.activations`.
        """
        reference = LayerRef.parse(text, list(self.visits))
        visit = self.visits[reference.name]
        shape, row = (
            (visit.taken, visit.taken_mean) if reference.entering else (visit.given, visit.given_mean)
        )
        usable(text, calls=visit.calls, shape=shape, photos=1)
        if not reference.mean or row is None:
            return math.prod(shape[1:])
        return row.shape[1]

    def is_map(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape is a map with channels first and more than one place."""
        return spatial_axes(shape, self.aspect) == (2, 3) and shape[2] * shape[3] > 1

    def enter(self, visit: Visit, value: Any) -> None:
        """A module starts to run."""
        self._clock += 1
        tensor = first_tensor(value)
        if visit.calls == 0:
            visit.entered = self._clock
            visit.taken, visit.taken_mean = self._summary(tensor)
        visit.calls += 1

    def leave(self, visit: Visit, value: Any) -> None:
        """A module has run."""
        self._clock += 1
        visit.left = self._clock
        visit.given, visit.given_mean = self._summary(first_tensor(value))

    def _summary(self, tensor: Tensor | None) -> tuple[tuple[int, ...], Tensor | None]:
        if tensor is None:
            return (), None
        shape = tuple(tensor.shape)
        if tensor.ndim < 2 or not tensor.is_floating_point():
            return shape, None
        # A copy of the average, not of the map: memory stays small, and in-place operations can't reach it.
        return shape, averaged(tensor.detach().float(), self.aspect).clone()


def trace(module: nn.Module, pixels: Tensor) -> Trace:
    """Run a network once without gradients and note what every module did.

    Args:
        module: in evaluation mode.
        pixels: (1, 3, h, w), as the network takes them (normalised).
    """
    import torch

    seen = Trace(pixels.shape[2] / pixels.shape[3])
    handles = []
    try:
        for name, each in module.named_modules():
            kind = getattr(each, "layer_kind", type(each).__name__)  # one class runs all layers of Keras
            visit = Visit(name, kind, _count(each.parameters(recurse=False)), _count(each.parameters()))
            seen.visits[name] = visit
            handles.append(each.register_forward_pre_hook(_entering(seen, visit), with_kwargs=True))
            handles.append(each.register_forward_hook(_leaving(seen, visit)))
        # Not inference_mode: networks that keep tensors of a pass could give no gradients afterwards.
        with torch.no_grad():
            module(pixels)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _entering(seen: Trace, visit: Visit) -> Any:
    thread = this_thread()

    def enters(_module: nn.Module, args: Any, kwargs: Any = None) -> None:
        if here(thread):
            seen.enter(visit, (args, kwargs))

    enters.thread = thread  # type: ignore[attr-defined]  # for `heard_here`
    return enters


def _leaving(seen: Trace, visit: Visit) -> Any:
    thread = this_thread()

    def leaves(_module: nn.Module, _args: Any, result: Any) -> None:
        if here(thread):
            seen.leave(visit, result)

    leaves.thread = thread  # type: ignore[attr-defined]
    return leaves


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(each.numel() for each in parameters)
