"""(student, average, optimiser, step) <=> one safetensors file, from which training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save

from headstart.storage.atomic import atomic_write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn


def save_checkpoint(
    path: Path,
    student: nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    *,
    step: int,
    recipe: str,
) -> None:
    """Write everything that the next step depends on; random numbers follow from the step's number.

    Args:
        path: replaced as a whole, or not at all.
        student: being trained.
        average: of its tensors.
        optimiser: with its moments.
        step: how many steps have been made.
        recipe: the settings; with others the file is not taken up again.
    """
    tensors = {f"student.{name}": tensor.contiguous() for name, tensor in student.state_dict().items()}
    tensors |= {f"average.{name}": tensor.contiguous() for name, tensor in average.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": tensor.contiguous() for name, tensor in state.items()}
    atomic_write_bytes(path, save(tensors, {"step": str(step), "recipe": recipe}))


def load_checkpoint(
    path: Path,
    student: nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    *,
    recipe: str,
) -> int:
    """Take up an earlier training.

    Returns:
        How many steps it has made; 0 where there is none, or one of another recipe.
    """
    if not path.exists():
        return 0
    with safe_open(path, "pt") as file:
        said = file.metadata()
        if said["recipe"] != recipe:
            return 0
        parts: dict[str, dict[str, Tensor]] = {"student": {}, "average": {}, "optimiser": {}}
        for key in file.keys():  # noqa: SIM118  (not a dictionary)
            part, _, name = key.partition(".")
            parts[part][name] = file.get_tensor(key)
    student.load_state_dict(parts["student"])
    for name, tensor in parts["average"].items():
        average[name].copy_(tensor)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": _moments(parts["optimiser"], optimiser)})
    return int(said["step"])


def _moments(tensors: dict[str, Tensor], optimiser: torch.optim.Optimizer) -> dict[int, dict[str, Tensor]]:
    """The optimiser's tensors by parameter, in the parameter's memory layout.

    The fused optimiser goes through parameter and moments side by side as they lie in memory: in another
    layout it would mix up their elements without a word.
    """
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    found: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        alike = torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor
        found.setdefault(int(number), {})[name] = alike
    return found
