"""(TensorFlow code, torch tensors) => torch tensors with gradients: one `torch.autograd.Function`.

TensorFlow computes, torch keeps the numbers and asks for gradients. Backward, a second graph computes what is
needed of the forward pass once more: a tape that keeps a whole graph's inner values takes twice as long
(docs/decisions/0010). So nothing is kept between the two but what went in.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from headstart.backbones.keras.runtime import tensorflow
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Run = Callable[[list[Any], list[Any]], list[Any]]


class Bridge:
    """TensorFlow code that torch calls; it is compiled once for each kind of input, and copies share it.

    Args:
        run: (activations, weights) => results, all of them TensorFlow's tensors; called again and again.
        compiled: make graphs of it; False: each operation by itself, which costs nothing to begin with.
    """

    def __init__(self, run: Run, *, compiled: bool = True) -> None:
        self._run = run
        self._compiled = compiled
        self._graphs: dict[Any, Any] = {}
        self._lock = Lock()

    def __call__(
        self, given: Sequence[Tensor], numbers: Sequence[Tensor], views: Sequence[Any]
    ) -> list[Tensor]:
        """Compute, so that gradients reach what is given, and those of the numbers that ask for it.

        Args:
            given: activations, the first axis the photos'.
            numbers: weights.
            views: the same weights for TensorFlow, from `Views`.

        Raises:
            RuntimeError: TensorFlow refuses; ValueError where Keras does.
        """
        if given and given[0].ndim and not given[0].shape[0]:
            # TensorFlow's own kernels refuse to compute nothing; torch's do it.
            found = self([_with_a_row(each) for each in given], numbers, views)
            return [each[:0] for each in found]
        learns = torch.is_grad_enabled()
        trained = [place for place, each in enumerate(numbers) if learns and each.requires_grad]
        call = _Call(self, list(views), list(numbers), len(given), trained)
        computed: tuple[Tensor, ...] = _Through.apply(call, *given, *(numbers[place] for place in trained))
        return list(computed)

    def forward(self, given: list[Any], numbers: list[Any]) -> list[Any]:
        """TensorFlow's tensors in and out."""
        return self._computed("forward", self._run, given, numbers)

    def backward(
        self, given: list[Any], numbers: list[Any], gradients: dict[int, Any], wanted: list[int]
    ) -> list[Any]:
        """Gradients of some of what is given and the numbers, taken as one list; None where there is none.

        Args:
            given: activations.
            numbers: weights.
            gradients: at some of the results, by their place.
            wanted: places of the sources.
        """
        tf = tensorflow()
        places, last = list(gradients), len(given)

        def back(given: list[Any], numbers: list[Any]) -> list[Any]:
            sources = [[*given[:last], *numbers][place] for place in wanted]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(sources)
                results = self._run(given[:last], numbers)
            found = tape.gradient(
                [results[place] for place in places], sources, output_gradients=given[last:]
            )
            return [None if each is None else tf.convert_to_tensor(each) for each in found]

        kind = (tuple(places), tuple(wanted))
        return self._computed(kind, back, [*given, *gradients.values()], numbers)

    def _computed(self, what: Any, code: Run, given: list[Any], numbers: list[Any]) -> list[Any]:
        try:
            if not self._compiled:
                return code(given, numbers)
            return list(self._graph(what, code, given, numbers)(*given, *numbers))
        except tensorflow().errors.OpError as fault:
            raise RuntimeError(_said(str(fault.message))) from fault

    def _graph(self, what: Any, code: Run, given: list[Any], numbers: list[Any]) -> Any:
        kind = (what, *((each.dtype, tuple(each.shape)[1:]) for each in given))
        with self._lock:
            if kind not in self._graphs:
                self._graphs[kind] = _compiled(code, given, numbers)
            return self._graphs[kind]


def _compiled(code: Run, given: list[Any], numbers: list[Any]) -> Any:
    tf = tensorflow()
    # Any number of photos: a graph for each number could differ from the others in the last bits.
    specs = [tf.TensorSpec([None, *each.shape[1:]] if each.shape else [], each.dtype) for each in given]
    fixed = [tf.TensorSpec(each.shape, each.dtype) for each in numbers]

    def graph(*tensors: Any) -> list[Any]:
        return code(list(tensors[: len(specs)]), list(tensors[len(specs) :]))

    return tf.function(graph, autograph=False).get_concrete_function(*specs, *fixed)


def _with_a_row(tensor: Tensor) -> Tensor:
    return torch.cat([tensor, tensor.new_zeros((1, *tensor.shape[1:]))])


def _said(message: str) -> str:
    """What TensorFlow says is wrong, in one line: not where in whose code, line by line."""
    lines = (each.partition("[[")[0].strip() for each in message.splitlines())
    return " ".join(each for each in lines if each and not each.startswith(_WHERE))[:300]


_WHERE = ("Graph execution error", "Detected at node", "File ", "Stack trace for op", "[Op:")


@dataclass(frozen=True)
class _Call:
    """One pass, as the autograd function has to know it."""

    bridge: Bridge
    views: list[Any]
    numbers: list[Tensor]
    given: int
    trained: list[int]

    def forward(self, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        taken = [for_tensorflow(each) for each in tensors[: self.given]]
        return tuple(for_torch(each) for each in self.bridge.forward(taken, self.views))

    def backward(
        self, tensors: Sequence[Tensor], gradients: dict[int, Any], asked: list[int]
    ) -> dict[int, Tensor]:
        taken = [for_tensorflow(each) for each in tensors[: self.given]]
        places = [*range(self.given), *(self.given + place for place in self.trained)]
        wanted = [places[each] for each in asked]
        found = self.bridge.backward(taken, self.views, gradients, wanted)
        return {each: for_torch(value) for each, value in zip(asked, found, strict=True) if value is not None}


class _Through(torch.autograd.Function):
    """Torch asks, TensorFlow answers."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *tensors: Tensor) -> tuple[Tensor, ...]:
        found = call.forward(tensors)
        ctx.call = call
        # The weights too: torch then refuses a gradient after they were written to.
        ctx.save_for_backward(*tensors, *(each for each in call.numbers if not each.is_inference()))
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(each for each in found if not each.is_floating_point()))
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise BackboneError(
                "Keras on TensorFlow gives first derivatives alone, not gradients of gradients "
                "(create_graph); leave KERAS_BACKEND out: Keras then runs on torch"
            )
        tensors = ctx.saved_tensors[: len(ctx.needs_input_grad) - 1]
        asked = [place for place, ask in enumerate(ctx.needs_input_grad[1:]) if ask]
        given = {place: for_tensorflow(each) for place, each in enumerate(gradients) if each is not None}
        found = ctx.call.backward(tensors, given, asked) if given else {}
        return (None, *(found.get(place) for place in range(len(tensors))))


class Views:
    """A module's weights as TensorFlow sees them: torch's own memory, so whatever is written there counts."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Any, Any, Tensor]] = {}

    def __deepcopy__(self, memo: object) -> Views:
        return Views()

    def of(self, name: str, tensor: Tensor) -> Any:
        """A weight that torch holds, for TensorFlow."""
        if not _can_be_shared(tensor):
            return for_tensorflow(tensor)
        place = (tensor.data_ptr(), tensor.shape, tensor.dtype)
        if name not in self._kept or self._kept[name][0] != place:
            # The tensor is kept too: as long as it is, nothing else can lie at its address.
            self._kept[name] = (place, _shared(tensor.detach()), tensor.detach())
        return self._kept[name][1]


_ALIGNED = 64  # bytes: TensorFlow silently copies what begins elsewhere; torch's own memory begins here
_SHARED_TYPES = (torch.float32, torch.float64, torch.float16, torch.int32, torch.int64)


def _can_be_shared(tensor: Tensor) -> bool:
    return (
        tensor.device.type == "cpu"
        and tensor.dtype in _SHARED_TYPES
        and tensor.is_contiguous()
        and tensor.numel() > 0
        and tensor.data_ptr() % _ALIGNED == 0
    )


def _shared(tensor: Tensor) -> Any:
    return tensorflow().experimental.dlpack.from_dlpack(tensor.__dlpack__())


def for_tensorflow(tensor: Tensor) -> Any:
    """The same numbers for TensorFlow, a copy."""
    return tensorflow().convert_to_tensor(tensor.detach().cpu().contiguous().numpy())


def for_torch(tensor: Any) -> Tensor:
    """The same numbers for torch: a copy, which may be written to."""
    return torch.from_numpy(np.array(tensor))
