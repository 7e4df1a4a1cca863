"""(a Keras model that scales pixels itself) => which pixels it takes: 0 to 255, or 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.keras.network import Program, is_graph
from headstart.backbones.keras.runtime import keras, to_numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCALING = {"Rescaling", "Normalization", "TrueDivide", "Divide", "Multiply", "Subtract", "Add", "Negative"}
_TURNING = {"GetItem", "Flip", "Stack", "Concatenate", "Split", "Unstack", "ExpandDims", "Squeeze", "Cast"}
_PASSING = {"Resizing", "CenterCrop", "Identity", "Dropout"}
_NARROWEST, _WIDEST = 0.4, 300.0
_SIDE = 16
_COLOURS = (0.0, 1.0, 255.0)


def largest_pixel(model: Any) -> float | None:
    """What white is in the pixels that a model takes, judged by the layers that it begins with.

    Photos are read as 0 to 255 or as 0 to 1. Layers that scale pixels, or operations (what Keras's
    `preprocess_input` leaves in a graph), tell them apart where only one of the two comes out as numbers
    around zero that are neither tiny nor huge.

    Args:
        model: functional or sequential, with one input.

    Returns:
        255.0, 1.0, or None where it scales nothing, or both would be possible.

    Example:
        >>> import keras
        >>> largest_pixel(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 127.5, -1)]))
        255.0
    """
    plain = np.asarray(_COLOURS, np.float32)[:, None, None, None]
    given = _Plain(np.broadcast_to(plain, (len(_COLOURS), *_sides(model), 3)).copy(), scaled=False)
    whole, entering = _opened(model, given)
    found = entering if whole is None else [*entering, whole]
    if not found or not all(each.scaled for each in found):
        return None
    possible = [white for place, white in ((1, 1.0), (2, 255.0)) if all(each.fits(place) for each in found)]
    return possible[0] if len(possible) == 1 else None


@dataclass(frozen=True)
class _Plain:
    """Black, almost black and white pictures somewhere in a graph, and whether anything has scaled them."""

    pictures: NDArray[np.float32]
    scaled: bool

    def fits(self, place: int) -> bool:
        """Whether numbers from the first to that picture are around zero, neither tiny nor huge."""
        channels = self.pictures.reshape(len(_COLOURS), -1, self.pictures.shape[-1])
        black, end = channels[0], channels[place]
        lowest, highest = np.minimum(black, end), np.maximum(black, end)
        around_zero = (lowest <= 0).all() and (highest >= 0).all()
        width = highest - lowest
        return bool(around_zero and (width >= _NARROWEST).all() and (width <= _WIDEST).all())


def _sides(model: Any) -> tuple[int, ...]:
    return tuple(min(side or _SIDE, _SIDE) for side in model.inputs[0].shape[1:3])


def _opened(model: Any, given: _Plain) -> tuple[_Plain | None, list[_Plain]]:
    """What a model gives where it does nothing but scale, and what enters its first other layers."""
    program = Program(model)
    known = {id(program.inputs[0]): given}
    entering: dict[int, _Plain] = {}
    inside: list[_Plain] = []
    for _, node in program.steps:
        taken = [known.get(id(each)) for each in node.input_tensors]
        if is_graph(node.operation) and len(taken) == 1 and taken[0] is not None:
            whole, inner = _opened(node.operation, taken[0])
            inside += inner
            results = [] if whole is None else [whole]
        else:
            results = _results(node, known) if None not in taken else []
            if not results:
                entering |= {id(each): known[id(each)] for each in node.input_tensors if id(each) in known}
        known |= {id(symbol): each for symbol, each in zip(node.outputs, results, strict=False)}
    return known.get(id(program.outputs[0])), [*entering.values(), *inside]


def _results(node: Any, known: dict[int, _Plain]) -> list[_Plain]:
    """What one step makes of plain pictures; nothing where it is more than scaling them."""
    kind = type(node.operation).__name__
    taken = [known[id(each)] for each in node.input_tensors]
    if kind in _PASSING or kind.startswith("Random"):
        return taken[:1]
    if kind not in _SCALING | _TURNING:
        return []
    found = _run(node, known)
    scaled = kind in _SCALING or any(each.scaled for each in taken)
    return [
        _Plain(each, scaled) for each in found if each.ndim > 1 and each.size and len(each) == len(_COLOURS)
    ]


def _run(node: Any, known: dict[int, _Plain]) -> list[NDArray[np.float32]]:
    package = keras()
    symbols = {id(each): each for each in node.input_tensors}
    values = {key: package.ops.convert_to_tensor(known[key].pictures) for key in symbols}
    args, kwargs = node.arguments.fill_in(values)
    try:
        found = package.tree.flatten(node.operation(*args, **kwargs))
    # Small pictures may lack the place that it looks at; each backend says so in its own way.
    except Exception:  # noqa: BLE001
        return []
    return [np.asarray(to_numpy(each), np.float32) for each in found]
