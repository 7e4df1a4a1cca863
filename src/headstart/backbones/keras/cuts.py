"""(a Keras graph) => the layers after which one tensor alone leads on: where a network can be cut in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


def cuts(network: nn.Module) -> tuple[str, ...]:
    """Names of the modules after which everything depends on what that module gives, and on nothing before.

    A graph of Keras layers has no blocks as networks of torch have: within a residual block two tensors are
    alive. Layers of nested models count where nothing leads around the nested model.

    Args:
        network: a `KerasNetwork`.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> names = cuts(load_backbone("keras:MobileNetV2@random").module)
        >>> "block_2_project_BN" in names, "block_2_add" in names
        (False, True)
    """
    return tuple(_cuts(network))


def _cuts(network: Any) -> Iterator[str]:
    steps = network.program.steps
    last_use = _last_uses(network.program)
    alive = {id(symbol) for symbol in network.program.inputs}
    for number, (name, node) in enumerate(steps):
        taken = {id(symbol) for symbol in node.input_tensors}
        alone = {each for each in alive if last_use.get(each, -1) >= number} == taken and len(taken) == 1
        inner = network.get_submodule(name)
        alive |= {id(symbol) for symbol in node.outputs}
        left = {each for each in alive if last_use.get(each, -1) > number}
        if alone and hasattr(inner, "program"):
            ends_here = all(last_use[each] == number for each in taken)
            yield from (f"{name}.{each}" for each in _cuts(inner) if ends_here)
        if left == {id(symbol) for symbol in node.outputs} and len(left) == 1:
            yield name


def _last_uses(program: Any) -> dict[int, int]:
    """By tensor: the number of the last step that takes it; what the graph gives is used after all steps."""
    found = {
        id(symbol): number for number, (_, node) in enumerate(program.steps) for symbol in node.input_tensors
    }
    return found | {id(symbol): len(program.steps) for symbol in program.outputs}
