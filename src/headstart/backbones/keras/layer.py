"""(one Keras layer) => a torch module with its numbers, which takes and gives maps with channels first.

On torch's backend the module runs the layer itself; on TensorFlow's it asks a `Bridge`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from headstart.backbones.keras.normalization import on_its_weights
from headstart.backbones.keras.runtime import TENSORFLOW, backend, keras, to_numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Code:
    """A Keras layer or operation as code: its numbers are given with each call, so copies can share it.

    Attributes:
        operation: the Keras object.
        variables: its weights by the names that they have in the module.
        plain: one of Keras's own layers, with none inside it.
    """

    def __init__(self, operation: Any) -> None:
        self.operation = operation
        self.variables = _named(operation)
        self.plain = type(operation).__module__.startswith("keras.src.") and not getattr(
            operation, "_layers", ()
        )
        # Keras's own plain layers need none of what `__call__` checks and notes: half of a pass's time.
        self._run = on_its_weights(operation) or (operation.call if self.plain else operation)

    def __deepcopy__(self, memo: object) -> Code:
        return self

    def __call__(self, numbers: Mapping[str, Any], args: Any, kwargs: Any) -> Any:
        """Run it on the backend's own tensors, channels last, in evaluation mode, with these weights."""
        if getattr(self.operation, "_call_has_training_arg", False):
            kwargs = {**kwargs, "training": False}
        if not self.variables:
            return self._run(*args, **kwargs)
        values = [(self.variables[name], tensor) for name, tensor in numbers.items()]
        with keras().StatelessScope(state_mapping=values):
            return self._run(*args, **kwargs)


class KerasLayer(nn.Module):
    """One Keras layer or operation.

    Args:
        operation: the Keras object; its weights are copied into this module's parameters and, those that it
            never trains (moving averages), buffers.
    """

    def __init__(self, operation: Any) -> None:
        super().__init__()
        self.code = Code(operation)
        self.layer_kind = type(operation).__name__
        for name, variable in self.code.variables.items():
            # A copy: Keras may hold the same memory. In torch's own: TensorFlow can share that.
            tensor = torch.tensor(to_numpy(variable.value))
            if not tensor.is_floating_point():  # "int" is another type on each backend
                tensor = tensor.long()
            if variable.trainable and tensor.is_floating_point():
                self.register_parameter(name, nn.Parameter(tensor))
            else:
                self.register_buffer(name, tensor)
        self._over = _over_tensorflow(self.code) if backend() == TENSORFLOW else None

    def extra_repr(self) -> str:
        """Which Keras layer it is."""
        return f"{self.layer_kind} {self.code.operation.name!r}"

    def numbers(self) -> dict[str, Tensor]:
        """The weights by name, as this module holds them now."""
        return {name: getattr(self, name) for name in self.code.variables}

    def views(self) -> list[Any]:
        """The weights for TensorFlow, where Keras runs on it."""
        assert self._over is not None  # noqa: S101  (only `Segment` asks, on TensorFlow)
        found: list[Any] = self._over.views(self.numbers())
        return found

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer."""
        taken = [each_of(channels_last, value) for value in args]
        named = {name: each_of(channels_last, value) for name, value in kwargs.items()}
        run = self.code if self._over is None else self._over
        return each_of(channels_first, run(self.numbers(), taken, named))


def channels_last(value: Any) -> Any:
    """(n, c, h, w) => (n, h, w, c), a view; everything else as it is."""
    return value.permute(0, 2, 3, 1) if isinstance(value, Tensor) and value.ndim == 4 else value


def channels_first(value: Any) -> Any:
    """(n, h, w, c) => (n, c, h, w), a view; everything else as it is."""
    return value.permute(0, 3, 1, 2) if isinstance(value, Tensor) and value.ndim == 4 else value


def each_of(turn: Callable[[Any], Any], value: Any) -> Any:
    """The same for each tensor of what a layer takes or gives."""
    if isinstance(value, list | tuple):
        return type(value)(each_of(turn, each) for each in value)
    return turn(value)


def _over_tensorflow(code: Code) -> Any:
    from headstart.backbones.keras.single import SingleLayer

    return SingleLayer(code)


def _named(operation: Any) -> dict[str, Any]:
    """A layer's weights by short names: "kernel", "bias"; those of layers inside it with their way there."""
    own = getattr(operation, "path", None) or operation.name
    found: dict[str, Any] = {}
    for variable in getattr(operation, "weights", ()):
        path = variable.path.removeprefix(f"{own}/")
        if _UNNAMED.search(path):
            path = _UNNAMED.sub(_attribute(operation, variable), path)
        name = path.replace(".", "_") or "_"
        while name in found or name in _TAKEN or hasattr(_EMPTY, name):
            name += "_"
        found[name] = variable
    return found


_UNNAMED = re.compile(r"(?<![^/])variable(_\d+)?$")
"""What Keras calls a weight without a name (ConvNeXt's LayerScale): it counts those of the whole process."""

_EMPTY = nn.Module()
_TAKEN = {"code", "layer_kind", "_over"}


def _attribute(operation: Any, variable: Any) -> str:
    """What the layer that holds a weight calls it itself; "variable" where it is in a list of them."""
    inside = getattr(operation, "_flatten_layers", lambda: ())
    holders = [operation, *inside()]
    names = (name for each in holders for name, value in vars(each).items() if value is variable)
    return next(names, "variable")
