"""(one Keras layer, what it takes, in torch) => what it gives, computed by TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from headstart.backbones.keras.bridge import Bridge, Views
from headstart.backbones.keras.runtime import keras

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.keras.layer import Code

_FIXED = (type(None), bool, int, float, str)


class SingleLayer:
    """A layer that is called by itself, because somebody listens to it or it is all there is.

    A plain layer's few operations are not worth a graph; a layer that holds others (a model whose graph can't
    be seen) is compiled, once for each way to call it.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._views = Views()
        self._ways: dict[Any, _Way] = {}

    def __deepcopy__(self, memo: object) -> SingleLayer:
        copied = SingleLayer(self._code)
        copied._ways = self._ways
        return copied

    def views(self, numbers: Mapping[str, Tensor]) -> list[Any]:
        """The layer's weights as TensorFlow sees them."""
        return [self._views.of(name, tensor) for name, tensor in numbers.items()]

    def __call__(self, numbers: Mapping[str, Tensor], args: Any, kwargs: Any) -> Any:
        """As `Code`, but for torch's tensors."""
        leaves = keras().tree.flatten((args, kwargs))
        given = [each for each in leaves if isinstance(each, Tensor)]
        return self._way(args, kwargs, leaves)(given, list(numbers.values()), self.views(numbers))

    def _way(self, args: Any, kwargs: Any, leaves: list[Any]) -> _Way:
        known = all(isinstance(each, (*_FIXED, Tensor)) for each in leaves)
        if self._code.plain or not known:
            return _Way(self._code, args, kwargs, compiled=False)
        fixed = keras().tree.map_structure(
            lambda each: "tensor" if isinstance(each, Tensor) else (each,), (args, kwargs)
        )
        return self._ways.setdefault(repr(fixed), _Way(self._code, args, kwargs, compiled=True))


class _Way:
    """One way to call a layer: where its tensors stand, and what stands beside them."""

    def __init__(self, code: Code, args: Any, kwargs: Any, *, compiled: bool) -> None:
        self._code = code
        self._pattern = keras().tree.map_structure(
            lambda each: _PLACE if isinstance(each, Tensor) else each, (args, kwargs)
        )
        self._bridge = Bridge(self._run, compiled=compiled)
        self._result: Any = None

    def __call__(self, given: list[Tensor], numbers: list[Tensor], views: list[Any]) -> Any:
        found = self._bridge(given, numbers, views)
        return keras().tree.pack_sequence_as(self._result, found)

    def _run(self, given: list[Any], numbers: list[Any]) -> list[Any]:
        rest = iter(given)
        args, kwargs = keras().tree.map_structure(
            lambda each: next(rest) if each is _PLACE else each, self._pattern
        )
        result = self._code(dict(zip(self._code.variables, numbers, strict=True)), args, kwargs)
        self._result = keras().tree.map_structure(lambda _: _PLACE, result)
        return list(keras().tree.flatten(result))


_PLACE = object()
"""Stands where a tensor does."""
