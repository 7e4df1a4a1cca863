"""(named tensors, layers there, layers here) => the same numbers with the names and layout of here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headstart.errors import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from headstart.backbones.port.layout import Layer

_UNUSED_IN_EVALUATION = "num_batches_tracked"


def carry(
    tensors: Mapping[str, Tensor], source: Sequence[Layer], target: Sequence[Layer]
) -> dict[str, Tensor]:
    """Carry a network's tensors from one framework's layout to another's.

    Batch norms that add another epsilon get another variance, so that the sum stays: exact but for one
    rounding. Where the variance would fall below 0, the channel's factor is scaled instead.

    Args:
        tensors: by the names of `source`.
        source: the layers as they are.
        target: the same layers, in the same order, as they shall be.

    Returns:
        Tensors by the names of `target`, in memory of their own.

    Raises:
        WeightsRefusedError: a tensor is missing or left over.

    Example:
        >>> from headstart.backbones.port.layout import KERAS_CONVOLUTION, keras_layer, torch_layer
        >>> kernel = {"conv1.weight": torch.zeros(64, 3, 7, 7), "conv1.bias": torch.zeros(64)}
        >>> found = carry(kernel, [torch_layer("conv1")], [keras_layer("first", KERAS_CONVOLUTION)])
        >>> {name: tuple(tensor.shape) for name, tensor in found.items()}
        {'first.kernel': (7, 7, 3, 64), 'first.bias': (64,)}
    """
    _require_all(tensors, source)
    found: dict[str, Tensor] = {}
    for before, after in zip(source, target, strict=True):
        parts = {what: tensors[name] for what, name in before.names.items()}
        parts["weight"] = after.form.give(before.form.take(parts["weight"]))
        if before.epsilon is not None and after.epsilon is not None:
            parts |= _renormed(parts, before.epsilon, after.epsilon)
        found |= {name: parts[what] for what, name in after.names.items()}
    return {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in found.items()}


def _require_all(tensors: Mapping[str, Tensor], layers: Sequence[Layer]) -> None:
    wanted = {name for layer in layers for name in layer.names.values()}
    given = {name for name in tensors if not name.endswith(_UNUSED_IN_EVALUATION)}
    if wanted != given:
        words = [
            f"{what} {', '.join(sorted(names)[:3])}"
            for what, names in (("missing", wanted - given), ("unknown", given - wanted))
            if names
        ]
        raise WeightsRefusedError(
            f"these are not the tensors of a network that can be carried: {'; '.join(words)}"
        )


def _renormed(parts: Mapping[str, Tensor], before: float, after: float) -> dict[str, Tensor]:
    """Batch norm's variance, and its factor where the variance alone can't do it, under another epsilon."""
    variance = parts["variance"].double()
    moved = variance + (before - after)
    # Scaled where the variance is smaller than what it would lose.
    short = moved < 0
    scale = torch.where(short, ((variance + after) / (variance + before)).sqrt(), 1.0)
    return {
        "variance": torch.where(short, variance, moved).to(parts["variance"].dtype),
        "weight": (parts["weight"].double() * scale).to(parts["weight"].dtype),
    }
