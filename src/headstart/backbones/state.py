"""(network) <=> (named tensors, safetensors bytes, SHA-256): weights as data, checked on their way in."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from headstart.errors import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor, nn

RANDOM_SEED = 0
_UNUSED_IN_EVALUATION = "num_batches_tracked"


@contextmanager
def seeded(seed: int = RANDOM_SEED, device: torch.device | None = None) -> Iterator[None]:
    """Draw torch's random numbers from a seed inside the block; the state outside stays as it was.

    Args:
        seed: 0 to 2^64 - 1.
        device: a GPU that is seeded too; None, or the CPU: no GPU is touched.
    """
    gpus = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        # Not `torch.manual_seed`: it seeds every GPU, also those that nobody sets back.
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


def state_tensors(module: nn.Module) -> dict[str, Tensor]:
    """A network's tensors as copies that share no memory, in their plain layout."""
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in module.state_dict().items()
    }


def state_bytes(module: nn.Module) -> bytes:
    """A network's tensors as safetensors bytes; the same bytes for the same numbers."""
    from safetensors.torch import save

    data: bytes = save(state_tensors(module))
    return data


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor that holds a number that is not finite, or None."""
    return next((name for name, each in tensors.items() if not bool(torch.isfinite(each).all())), None)


def load_tensors(module: nn.Module, tensors: Mapping[str, Tensor], *, name: str) -> None:
    """Copy tensors into a network: each one has to be there with its shape, and none may be left over.

    Args:
        module: changed in place.
        tensors: by the network's own names.
        name: of the backbone, for the message.

    Raises:
        WeightsRefusedError: names the first few tensors that do not fit.

    Example:
        >>> network = torch.nn.Linear(2, 1)
        >>> load_tensors(network, {"weight": torch.zeros(1, 3)}, name="mine")
        Traceback (most recent call last):
        headstart.errors.WeightsRefusedError: these weights do not fit mine: missing bias; weight is ...
    """
    own = module.state_dict()
    complete = _with_counters(own, tensors)
    faults = misfits(own, complete)
    if faults:
        raise WeightsRefusedError(f"these weights do not fit {name}: {'; '.join(faults)}")
    # Some networks (MNASNet) look for the version of their own format, which safetensors files do not carry.
    state = type(own)(complete)
    state._metadata = getattr(own, "_metadata", {})  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as fault:
        raise WeightsRefusedError(f"these weights do not fit {name}: {_one_line(fault)}") from fault


def misfits(own: Mapping[str, Tensor], given: Mapping[str, Tensor], *, most: int = 3) -> list[str]:
    """What keeps tensors from fitting a network's own, in words; [] where they fit."""
    missing = [key for key in own if key not in given]
    extra = [key for key in given if key not in own]
    wrong = [
        f"{key} is {tuple(given[key].shape)}, not {tuple(own[key].shape)}"
        for key in own
        if key in given and given[key].shape != own[key].shape
    ] + [
        f"{key} holds {given[key].dtype}, not {own[key].dtype}"
        for key in own
        if key in given
        and given[key].is_floating_point() != own[key].is_floating_point()
        and not key.endswith(_UNUSED_IN_EVALUATION)
    ]
    faults = [
        f"{what} {_some(keys, most)}" for what, keys in (("missing", missing), ("unknown", extra)) if keys
    ]
    return [*faults, *([_some(wrong, most)] if wrong else [])]


def _some(words: list[str], most: int) -> str:
    rest = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + rest


def _with_counters(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Old files lack batch norm's counters of training steps, which evaluation never reads."""
    counters = {key: tensor for key, tensor in own.items() if key.endswith(_UNUSED_IN_EVALUATION)}
    return {**given, **{key: tensor for key, tensor in counters.items() if key not in given}}


def _one_line(fault: Exception) -> str:
    return " ".join(str(fault).split())[:300]
