"""(bytes of a safetensors file) <=> (named tensors), refused where they can't be weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.errors import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

LARGEST_HEADER = 10_000_000
MOST_TENSORS = 10_000


def parse_tensors(data: bytes, what: str) -> dict[str, Tensor]:
    """Read tensors from safetensors bytes; nothing in them can be code.

    Args:
        data: the whole file.
        what: its name, for messages.

    Returns:
        Tensors by name, in memory of their own.

    Raises:
        WeightsRefusedError: not safetensors, damaged, empty, too many tensors, or not finite.

    Example:
        >>> parse_tensors(b"<html>", "weights.safetensors")
        Traceback (most recent call last):
        headstart.errors.WeightsRefusedError: weights.safetensors is not a safetensors file (it is too short)
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    _require_header(data, what)
    try:
        tensors: dict[str, Tensor] = load(data)
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsRefusedError(f"{what} is not a safetensors file ({error})") from error
    if not 0 < len(tensors) <= MOST_TENSORS:
        raise WeightsRefusedError(
            f"{what} has {len(tensors):,} tensors; between 1 and {MOST_TENSORS:,} are expected"
        )
    require_finite(tensors, what)
    return tensors


def require_finite(tensors: Mapping[str, Tensor], what: str) -> None:
    """Refuse weights with numbers that are not finite: every answer would be meaningless.

    Args:
        tensors: by name.
        what: the file, for messages.

    Raises:
        WeightsRefusedError: names the first such tensor.
    """
    import torch

    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsRefusedError(
                f"{what} has numbers in {name!r} that are not finite, so nothing can be computed"
            )


def to_safetensors(tensors: Mapping[str, Tensor]) -> bytes:
    """The same tensors as safetensors bytes; the same numbers always give the same bytes.

    Args:
        tensors: by name; some may share memory.
    """
    import torch
    from safetensors.torch import save

    apart = {
        name: tensors[name].detach().clone(memory_format=torch.contiguous_format) for name in sorted(tensors)
    }
    data: bytes = save(apart)
    return data


def _require_header(data: bytes, what: str) -> None:
    if len(data) < 10:
        raise WeightsRefusedError(f"{what} is not a safetensors file (it is too short)")
    length = int.from_bytes(data[:8], "little")
    if length > min(LARGEST_HEADER, len(data) - 8):
        raise WeightsRefusedError(
            f"{what} is not a safetensors file (its header would be {length:,} bytes long)"
        )
