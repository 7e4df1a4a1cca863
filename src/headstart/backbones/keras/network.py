"""(a functional or sequential Keras model) => a torch module that runs its graph, one child for each layer.

Outside, every map is (n, channels, height, width), whatever Keras has inside: views are turned at the border
of each layer, so hooks, cuts, heat maps and feature layers work as in networks that were born in torch. The
numbers live in the children's parameters and buffers; the Keras layers are only their code, and shared by
all copies of a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from headstart.backbones.keras.cuts import cuts
from headstart.backbones.keras.layer import KerasLayer, channels_first, channels_last
from headstart.backbones.keras.runtime import TENSORFLOW, backend, inside, keras
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.backbones.keras.layer import Code
    from headstart.backbones.keras.segments import Segment


class Program:
    """The order of a graph's layers and what each of them takes; code, so copies of a network share it.

    Attributes:
        inputs: the graph's symbolic inputs.
        outputs: its symbolic outputs.
        steps: (name of the child, node of the graph), in the order in which they run.
        codes: what the children run, by name; a model that lies inside has none.
    """

    def __init__(self, model: Any) -> None:
        # A sequential model shows its graph in this way too, and it has the layers of the model itself.
        graph = keras().Model(model.inputs, model.outputs)
        self.inputs: list[Any] = list(graph.inputs)
        self.outputs: list[Any] = list(graph.outputs)
        nodes = list(_in_order(graph))
        names = _module_names([node.operation for node in nodes])
        self.steps = [(names[id(node.operation)], node) for node in nodes]
        self.codes: dict[str, Code] = {}
        self._segments: dict[tuple[int, int], Segment] = {}

    def segment(self, start: int, stop: int) -> Segment:
        """Some of the steps as one piece of TensorFlow's code; made when it is first asked for."""
        from headstart.backbones.keras.segments import Segment

        if (start, stop) not in self._segments:
            made = Segment(self.steps, start, stop, self.outputs, self.codes)
            self._segments.setdefault((start, stop), made)
        return self._segments[start, stop]

    def __deepcopy__(self, memo: object) -> Program:
        return self


class KerasNetwork(nn.Module):
    """A Keras model as a torch module: (n, 3, h, w) => what the model gives.

    Args:
        model: built, functional or sequential; its weights are copied.
        bgr: the model takes blue before green before red.

    Example:
        >>> from headstart.backbones.keras.runtime import usual_settings
        >>> with usual_settings() as keras:
        ...     model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="first")])
        >>> network = KerasNetwork(model)
        >>> [name for name, _ in network.named_parameters()]
        ['first.kernel', 'first.bias']
        >>> import torch
        >>> network(torch.zeros(2, 3, 8, 8)).shape
        torch.Size([2, 4, 6, 6])
    """

    def __init__(self, model: Any, *, bgr: bool = False) -> None:
        super().__init__()
        self.bgr = bgr
        self.layer_kind = type(model).__name__
        self.program = Program(model)
        for name, node in self.program.steps:
            if name not in self._modules:
                child = as_module(node.operation)
                self.add_module(name, child)
                if isinstance(child, KerasLayer):
                    self.program.codes[name] = child.code

    def cut_places(self) -> tuple[str, ...]:
        """Where the network can be cut in two; see `headstart.backbones.keras.cuts`."""
        return cuts(self)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the graph."""
        # A nested model is called with a mask too, which is None.
        given = [each for each in _flat((args, kwargs)) if isinstance(each, Tensor)]
        if self.bgr:
            given[0] = given[0].flip(1)
        values: dict[int, Tensor] = {
            id(symbol): value for symbol, value in zip(self.program.inputs, given, strict=True)
        }
        if backend() == TENSORFLOW:
            self._run_on_tensorflow(values)
        else:
            for name, node in self.program.steps:
                self._run_step(name, node, values)
        results = [values[id(symbol)] for symbol in self.program.outputs]
        return results[0] if len(results) == 1 else results

    def _run_step(self, name: str, node: Any, values: dict[int, Tensor]) -> None:
        taken, named = _arguments(node, values)
        found = _flat(self._modules[name](*taken, **named))  # type: ignore[misc]
        values.update((id(symbol), value) for symbol, value in zip(node.outputs, found, strict=True))

    def _run_on_tensorflow(self, values: dict[int, Tensor]) -> None:
        given = list(values.values())
        try:
            self._run_segments(values)
        except (TypeError, ValueError, RuntimeError) as fault:
            floats = [each.dtype for each in (*given, *self.parameters()) if each.is_floating_point()]
            other = [each for each in floats if each != torch.float32]
            if isinstance(fault, BackboneError) or not other:
                raise
            raise BackboneError(
                f"Keras on TensorFlow takes pixels and weights in torch.float32; some are in {other[0]}: "
                "call .float() on them"
            ) from fault

    def _run_segments(self, values: dict[int, Tensor]) -> None:
        """As one step after another, but TensorFlow computes together what nobody looks into."""
        from headstart.backbones.keras.segments import runs

        steps = self.program.steps
        children: dict[str, Any] = dict(self._modules)
        codes = [self.program.codes.get(name) for name, _ in steps]
        for start, stop in runs([children[name] for name, _ in steps], codes):
            if stop == start + 1:
                self._run_step(*steps[start], values)
                continue
            segment = self.program.segment(start, stop)
            given = {symbol: channels_last(values[symbol]) for symbol in segment.takes}
            found = segment(given, children)
            values.update((symbol, channels_first(value)) for symbol, value in found.items())


def _arguments(node: Any, values: dict[int, Tensor]) -> Any:
    """What a layer takes: computed tensors, and constants of the graph as they look from outside."""
    if len(node.arguments.keras_tensors) == len(node.arguments._flat_arguments):  # noqa: SLF001  (the usual case)
        return node.arguments.fill_in(values)
    symbols = {id(symbol) for symbol in node.arguments.keras_tensors}
    return node.arguments.convert(
        lambda each: values[id(each)] if id(each) in symbols else channels_first(each)
    )


def _flat(value: Any) -> list[Any]:
    # Keras's own `tree.flatten` takes a fifth of a small network's pass.
    return [value] if isinstance(value, Tensor) else list(keras().tree.flatten(value))


def is_graph(operation: Any) -> bool:
    """Whether a Keras object is a model whose graph can be seen: functional, or sequential and built."""
    package = keras()
    if not isinstance(operation, package.Model) or not getattr(operation, "inputs", None):
        return False
    usual = {package.Sequential.call, _functional().call}
    return type(operation).call in usual


def as_module(operation: Any) -> nn.Module:
    """A layer, an operation or a nested model as a module that takes and gives channels first."""
    return KerasNetwork(operation) if is_graph(operation) else KerasLayer(operation)


def _functional() -> Any:
    return inside("models.functional").Functional


def _in_order(graph: Any) -> Iterator[Any]:
    for depth in sorted(graph._nodes_by_depth, reverse=True):  # noqa: SLF001  (Keras shows it nowhere else)
        yield from (node for node in graph._nodes_by_depth[depth] if not node.is_input)  # noqa: SLF001


def _module_names(operations: list[Any]) -> dict[int, str]:
    """A name for each operation that torch accepts for a module, unique."""
    names: dict[int, str] = {}
    for each in operations:
        if id(each) not in names:
            plain = each.name.replace(".", "_") or "_"
            # torch refuses the names of a module's own methods and attributes ("type", "_modules").
            name = f"{plain}_" if hasattr(_EMPTY, plain) or plain in _TAKEN else plain
            while name in names.values():
                name += "_"
            names[id(each)] = name
    return names


_EMPTY = nn.Module()
_TAKEN = {"program", "bgr", "cut_places", "layer_kind"}
