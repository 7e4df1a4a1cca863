"""(network, layer) => a place in the running network where its maps pass, whatever shape the layer gives."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from headstart.backbones.layers import first_tensor, here, this_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.pixels.maps.layout import Layout


@contextmanager
def window(module: nn.Module, layer: str, layout: Layout) -> Iterator[nn.Module]:
    """Let a layer's output pass through a module that sees maps (n, channels, height, width).

    What goes on from there is a copy, so that a later in-place ReLU changes neither the maps nor their
    gradients; tokens and channels that come last are turned around and back. The hook is removed afterwards,
    also after an error.

    Args:
        module: the network.
        layer: a layer's name.
        layout: how its output is maps.

    Returns:
        An `nn.Identity` through which the maps pass: for anything that listens to layers.
    """
    glass, thread = nn.Identity(), this_thread()

    def passes(_module: nn.Module, _args: Any, result: Any) -> Any:
        if not here(thread):  # another thread may run the same network at this moment
            return None
        given = first_tensor(result)
        if given is None:
            return None
        seen = layout.tensor(glass(layout.maps(given)), given).clone()
        return _put_back(result, given, seen)

    passes.thread = thread  # type: ignore[attr-defined]  # for `heard_here`
    handle = module.get_submodule(layer).register_forward_hook(passes)
    try:
        yield glass
    finally:
        handle.remove()


def _put_back(result: Any, given: Tensor, seen: Tensor) -> Any:
    """The same nest of tuples, lists and dicts, with one tensor in another's place."""
    if result is given:
        return seen
    if isinstance(result, dict):
        return {key: _put_back(value, given, seen) for key, value in result.items()}
    if isinstance(result, tuple | list):
        return type(result)(_put_back(value, given, seen) for value in result)
    return result
