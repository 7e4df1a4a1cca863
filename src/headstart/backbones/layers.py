"""(network, layer references, pixels) => the tensors that those layers give, seen without changing anything.

A layer reference is a module's name and what is wanted of it:

    NAME          what the module gives, flattened to a row: "features" of VGG-16 has 25,088 numbers
    NAME:mean     its map averaged over height and width (tokens: over all tokens): 512
    NAME:in       what enters the module, flattened
    NAME:in:mean  what enters it, averaged

"output" stands for what the whole network gives, where no module has that name.
"""

from __future__ import annotations

import difflib
import math
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING, Any

from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn
    from torch.utils.hooks import RemovableHandle

OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One module of a network, as one pass over one photo showed it.

    Attributes:
        name: what a layer reference calls it.
        kind: its class, "Conv2d".
        shape: what it gives for one photo, without the batch axis; () if it never ran or gives no tensor.
        parameters: how many numbers it holds, its children's included.
        calls: how often it runs in one pass; only a layer that runs once can be referred to.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    calls: int


@dataclass(frozen=True, slots=True)
class LayerRef:
    """A layer reference, taken apart.

    Attributes:
        name: the module's name; "" is the whole network.
        entering: what enters the module is meant, not what it gives.
        mean: the average over height and width is meant, not the flattened tensor.
    """

    name: str
    entering: bool = False
    mean: bool = False

    @classmethod
    def parse(cls, text: str, known: Sequence[str]) -> LayerRef:
        """Take a reference apart and check its name.

        Args:
            text: "features:mean", "classifier.3", "fc:in", …
            known: the network's module names.

        Raises:
            BackboneError: no module has that name; the message has close matches.

        Example:
            >>> LayerRef.parse("features:mean", ["features"])
            LayerRef(name='features', entering=False, mean=True)
        """
        name, *parts = text.split(":")
        if parts not in ([], ["mean"], ["in"], ["in", "mean"]) or not name:
            raise BackboneError(
                f"{text!r} is no layer reference; expected NAME, NAME:mean, NAME:in or NAME:in:mean"
            )
        if name not in known:
            if name != OUTPUT:
                raise BackboneError(f"no layer is called {name!r}{_hint(name, known)}")
            name = ""
        return cls(name, "in" in parts, "mean" in parts)


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, [each for each in known if each], n=3)
    return f"; close: {', '.join(close)}" if close else '; "headstart backbones show" lists them'


def first_tensor(value: Any) -> Tensor | None:
    """The first tensor in what a module takes or gives: modules may pass tuples, lists and dicts around."""
    import torch

    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        found = (first_tensor(each) for each in value)
        return next((each for each in found if each is not None), None)
    return None


def spatial_axes(shape: Sequence[int], aspect: float = 1.0) -> tuple[int, int] | None:
    """Which axes of a map are height and width.

    Channels come first in most networks and last in some (Swin). The two axes whose ratio is that of the
    input are height and width; channels first wins a draw.

    Args:
        shape: with the batch axis, whose length does not matter.
        aspect: height / width of the network's input.

    Returns:
        (2, 3) or (1, 2), or None where the shape has no four axes.

    Example:
        >>> spatial_axes((1, 512, 7, 7)), spatial_axes((1, 7, 7, 768)), spatial_axes((1, 10))
        ((2, 3), (1, 2), None)
    """
    if len(shape) != 4 or min(shape[1:]) < 1:
        return None
    first = abs(math.log(shape[2] / shape[3] / aspect))
    last = abs(math.log(shape[1] / shape[2] / aspect))
    return (2, 3) if first <= last else (1, 2)


def averaged(tensor: Tensor, aspect: float = 1.0) -> Tensor:
    """(n, …) => (n, channels): maps over height and width, tokens (n, t, c) over tokens, rows as they are."""
    axes = spatial_axes(tensor.shape, aspect)
    if axes is not None:
        return tensor.mean(axes)
    return tensor.mean(1) if tensor.ndim == 3 else tensor.flatten(1)


def as_rows(tensor: Tensor, reference: LayerRef, aspect: float) -> Tensor:
    """(n, …) => (n, width) of the same type, as the reference asks."""
    return averaged(tensor, aspect) if reference.mean else tensor.flatten(1)


def this_thread() -> int:
    """Which thread listens; 0 while torch compiles or exports, which has one thread and can't ask."""
    import torch

    return 0 if torch.compiler.is_compiling() else get_ident()


def here(thread: int) -> bool:
    """Whether this is the thread that listens: others may be running the same network at this moment."""
    return thread == this_thread()


def heard_here(module: nn.Module) -> bool:
    """Whether a hook of a module may act in this thread; one of ours says in which it does: `thread`."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    hooks = [hook for kind in kinds for hook in list(getattr(module, kind).values())]
    threads = [getattr(getattr(hook, "__self__", hook), "thread", None) for hook in hooks]
    return any(thread is None or here(thread) for thread in threads)


class Tap:
    """Keeps what passes one side of a module, as a copy: a later in-place ReLU must not change it."""

    def __init__(self, entering: bool) -> None:  # noqa: FBT001  (made in one place, below)
        self.entering = entering
        self.value: Tensor | None = None
        self.calls = 0
        self.thread = this_thread()

    def attach(self, module: nn.Module) -> RemovableHandle:
        """Start listening to a module."""
        if self.entering:
            return module.register_forward_pre_hook(self._enters, with_kwargs=True)
        return module.register_forward_hook(self._leaves)

    def _enters(self, _module: nn.Module, args: Any, kwargs: Any = None) -> None:
        # torch notes in a second step that a hook takes keywords: other threads may call it without before.
        self._keep((args, kwargs))

    def _leaves(self, _module: nn.Module, _args: Any, result: Any) -> None:
        self._keep(result)

    def _keep(self, value: Any) -> None:
        if here(self.thread):
            self.calls += 1
            tensor = first_tensor(value)
            self.value = None if tensor is None else tensor.clone()


@contextmanager
def listening(module: nn.Module, references: dict[str, LayerRef]) -> Iterator[dict[str, Tap]]:
    """Listen to the referred layers while the block runs; nothing stays behind afterwards."""
    modules = dict(module.named_modules())
    taps = {text: Tap(reference.entering) for text, reference in references.items()}
    handles: list[RemovableHandle] = []
    try:
        for text, reference in references.items():
            handles.append(taps[text].attach(modules[reference.name]))
        yield taps
    finally:
        for handle in handles:
            handle.remove()


def taken(text: str, tap: Tap, photos: int) -> Tensor:
    """What a tap has kept, checked to be one tensor with a row for each photo.

    Raises:
        BackboneError: as `usable`.
    """
    usable(text, calls=tap.calls, shape=() if tap.value is None else tap.value.shape, photos=photos)
    assert tap.value is not None  # noqa: S101  (usable has raised: this tells the type checker)
    return tap.value


def usable(text: str, *, calls: int, shape: Sequence[int], photos: int) -> None:
    """Refuse a layer that has no row for each photo.

    Raises:
        BackboneError: the layer did not run, ran several times, or gives no tensor with a row a photo.
    """
    if calls == 0:
        raise BackboneError(f"layer {text!r} never runs by itself; name a layer inside or around it")
    if calls > 1:
        raise BackboneError(f"layer {text!r} runs {calls} times in one pass; name the layer around it")
    if len(shape) < 2 or shape[0] != photos:
        raise BackboneError(
            f"layer {text!r} gives no row for each photo, but {tuple(shape)} for {photos}; name another"
        )
