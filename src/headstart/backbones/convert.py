"""(bytes of a published file that agree with its digest) => the same weights as safetensors bytes."""

from __future__ import annotations

import hashlib
import io
import pickle
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import KERAS
from headstart.backbones.tensorfile import parse_tensors, require_finite, to_safetensors
from headstart.errors import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.published import Published
    from headstart.backbones.spec import OptionValue

_AVERAGED_FIRST = ("state_dict_ema", "model_ema", "state_dict", "model")


def convert(
    data: bytes,
    known: Published,
    pinned: str | None = None,
    *,
    name: str | None = None,
    options: Mapping[str, OptionValue] | None = None,
) -> bytes:
    """Check a published file and turn it into safetensors bytes.

    A `.pth` file is a pickle: it is read only after the digest of these very bytes agreed with what is
    published, and then by `torch.load(weights_only=True)`. The tensors' names stay, except those of Keras's
    `.h5` files, which become those of the module that runs them.

    Args:
        data: the whole file.
        known: what is published of it.
        pinned: full SHA-256 from an earlier fetch.
        name: what the user calls the file, for messages; None: its published name.
        options: that the network is built with, where the file alone does not have its tensors' names.

    Raises:
        WeightsRefusedError: wrong digest, a `.pth` without one, more in it than tensors, or not finite.
    """
    what = name or known.filename
    _require_digest(data, known, pinned, what)
    if known.framework == KERAS:
        from headstart.backbones.keras.h5 import weights_from_h5

        return weights_from_h5(data, what, known.architecture, known.tag, options or {})
    if known.filename.endswith(".safetensors"):
        parse_tensors(data, what)
        return data
    if not known.sha256_prefix:
        raise WeightsRefusedError(
            f"{what} is a pickle without a published digest, so nothing shows that it is safe to "
            "read; convert it to safetensors yourself where you trust it, and add that"
        )
    tensors = _unpickled(data, what)
    require_finite(tensors, what)
    return to_safetensors(tensors)


def _require_digest(data: bytes, known: Published, pinned: str | None, what: str) -> None:
    """Hold a file to the strongest digest that there is; MD5 shows accidents, and no attacker."""
    strongest = (("SHA-256", pinned or known.sha256_prefix), ("MD5", known.md5))
    kind, expected = next((each for each in strongest if each[1]), ("", ""))
    if not expected:
        return
    found = hashlib.new(kind.replace("-", ""), data, usedforsecurity=False).hexdigest()
    if not found.startswith(expected):
        raise WeightsRefusedError(
            f"{what} is not what is published for {known.backbone}: its {kind} starts with "
            f"{found[:16]}, expected {expected[:16]}; it was not read"
        )


def _unpickled(data: bytes, what: str) -> dict[str, Tensor]:
    import torch

    try:
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        said = str(error).partition("\n")[0]
        raise WeightsRefusedError(f"{what} holds more than tensors, or is damaged: {said}") from error
    state = _state(loaded)
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsRefusedError(f"{what} holds no network's tensors")
    return state


def _state(loaded: Any) -> dict[str, Tensor]:
    """The weights inside a training checkpoint, those averaged over training where there are both."""
    if not isinstance(loaded, dict):
        return {}
    inner = next((loaded[key] for key in _AVERAGED_FIRST if isinstance(loaded.get(key), dict)), loaded)
    return {str(name).removeprefix("module."): value for name, value in inner.items()}
