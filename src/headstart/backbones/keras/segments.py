"""(a graph's order, who listens) => runs of layers that TensorFlow computes as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn.modules import module as torch_modules

from headstart.backbones.keras.bridge import Bridge
from headstart.backbones.keras.layer import KerasLayer
from headstart.backbones.keras.runtime import keras
from headstart.backbones.layers import heard_here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from headstart.backbones.keras.layer import Code


class Segment:
    """Some steps of a graph, one after another, as one piece of TensorFlow's code.

    Args:
        steps: (name, node) of the whole graph.
        start: the first of them.
        stop: the one after the last.
        outputs: the graph's symbolic outputs.
        codes: the layers' code by name.
    """

    def __init__(
        self,
        steps: Sequence[tuple[str, Any]],
        start: int,
        stop: int,
        outputs: Sequence[Any],
        codes: Mapping[str, Code],
    ) -> None:
        self._steps = steps[start:stop]
        self._codes = {name: codes[name] for name, _ in self._steps}
        made = {id(symbol): None for _, node in self._steps for symbol in node.outputs}
        taken = dict.fromkeys(id(symbol) for _, node in self._steps for symbol in node.input_tensors)
        later = {id(symbol) for _, node in steps[stop:] for symbol in node.input_tensors}
        later.update(id(symbol) for symbol in outputs)
        self.takes = [symbol for symbol in taken if symbol not in made]
        self.gives = [symbol for symbol in made if symbol in later]
        self._bridge = Bridge(self._run)

    def __call__(self, values: Mapping[int, Tensor], children: Mapping[str, KerasLayer]) -> dict[int, Tensor]:
        """Run it: maps have channels last, before and after.

        Args:
            values: the graph's values by the id of their symbol.
            children: this network's own layers by name.
        """
        layers = [children[name] for name in self._codes]
        numbers = [tensor for layer in layers for tensor in layer.numbers().values()]
        views = [view for layer in layers for view in layer.views()]
        found = self._bridge([values[symbol] for symbol in self.takes], numbers, views)
        return dict(zip(self.gives, found, strict=True))

    def _run(self, given: list[Any], numbers: list[Any]) -> list[Any]:
        values = dict(zip(self.takes, given, strict=True))
        rest = iter(numbers)
        held = {name: {own: next(rest) for own in code.variables} for name, code in self._codes.items()}
        for name, node in self._steps:
            taken, named = node.arguments.fill_in(values)
            found = keras().tree.flatten(self._codes[name](held[name], taken, named))
            values.update((id(symbol), value) for symbol, value in zip(node.outputs, found, strict=True))
        return [values[symbol] for symbol in self.gives]


def runs(children: Sequence[nn.Module], codes: Sequence[Code | None]) -> Iterator[tuple[int, int]]:
    """Cut an order of layers wherever somebody listens to one, or has put something else in its place.

    Args:
        children: what runs, in order.
        codes: what each ran when the network was made, where that is a layer's code.

    Returns:
        (first, one after the last) of each run.
    """
    start = 0
    everywhere = _heard_everywhere()
    for place, (each, code) in enumerate(zip(children, codes, strict=True)):
        if everywhere or not _is_as_made(each, code) or heard_here(each):
            if start < place:
                yield start, place
            yield place, place + 1
            start = place + 1
    if start < len(children):
        yield start, len(children)


def _is_as_made(child: nn.Module, code: Code | None) -> bool:
    return type(child) is KerasLayer and child.code is code and "forward" not in vars(child)


def _heard_everywhere() -> bool:
    """Whether torch has hooks for all modules."""
    kinds = ("forward_hooks", "forward_pre_hooks", "backward_hooks", "backward_pre_hooks")
    return any(getattr(torch_modules, f"_global_{kind}") for kind in kinds)
