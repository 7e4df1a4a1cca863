"""(a user's own network) => a copy that a backbone can be made of, or one line that says why not."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from headstart.backbones.base import dummy_photo
from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.state import not_finite
from headstart.errors import BackboneError, HeadstartError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from headstart.backbones.base import Backbone


def own_copy(module: Any, name: str) -> nn.Module:
    """A copy of a network on the CPU, in float32 and evaluation mode.

    Args:
        module: what the user gave.
        name: of the network, for messages.

    Raises:
        BackboneError: no module, compiled by TorchScript, not to be copied, or with a state that is no
            finite tensors.

    Example:
        >>> own_copy(torch.nn.Linear(2, 1).half(), "mine").weight.dtype
        torch.float32
    """
    if not isinstance(module, torch.nn.Module):
        raise BackboneError(f"{name} is a {type(module).__name__}; expected a torch.nn.Module")
    if isinstance(module, torch.jit.ScriptModule):
        raise BackboneError(
            f"{name} is compiled by TorchScript, which lets nobody see its layers; give the module itself"
        )
    with tried(name, "can't be copied to the CPU"):
        own = copy.deepcopy(module).to("cpu").float().eval()
        state = own.state_dict()
    _require_tensors(state, name)
    return own


def _require_tensors(state: dict[str, Any], name: str) -> None:
    strange = next((key for key, value in state.items() if not isinstance(value, torch.Tensor)), None)
    if strange is not None:
        raise BackboneError(
            f"{name} keeps {strange!r} in its state, which is no tensor (get_extra_state); "
            "headstart keeps weights as tensors only"
        )
    if lazy := next((key for key, value in state.items() if is_lazy(value)), None):
        raise BackboneError(
            f"{name} has no size for {lazy!r} yet (LazyModule); run it on a photo once before"
        )
    if found := not_finite(state):
        raise BackboneError(
            f"{name} has numbers in {found!r} that are not finite; if that is a mask and no weight, "
            "register it with register_buffer(..., persistent=False)"
        )


def require_steady(backbone: Backbone) -> None:
    """Refuse a network whose features are not finite, or others each time for the same photo.

    Raises:
        BackboneError: says which of the two.
    """
    photo = dummy_photo(backbone.spec.preprocessing).numpy()
    engine = TorchEngine(backbone, workers=1)
    first, second = engine.run(photo), engine.run(photo)
    if not np.isfinite(first).all():
        raise BackboneError(f"{backbone.spec.name} gives features that are not finite for a photo of noise")
    if first.tobytes() != second.tobytes():
        raise BackboneError(
            f"{backbone.spec.name} gives other features each time in evaluation mode "
            "(dropout that is always on?)"
        )


@contextmanager
def tried(name: str, what: str) -> Iterator[None]:
    """Say in one line what could not be done with a network: its code can raise anything."""
    try:
        yield
    except HeadstartError:
        raise
    except Exception as fault:
        said = " ".join(str(fault).split())[:300]
        raise BackboneError(f"{name} {what}: {type(fault).__name__}: {said}") from fault
