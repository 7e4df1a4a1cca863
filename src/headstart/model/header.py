"""(bytes of a safetensors file) => its table of tensors, or a refusal before anything is allocated.

The format (https://github.com/huggingface/safetensors): eight bytes give the length of a JSON
header, the header names each tensor's dtype, shape and place, the rest is the numbers. We accept a
narrower set than the format allows: what a model of ours can hold, and nothing that could be hidden
between, behind or on top of the tensors.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

MAX_HEADER_BYTES = 1_000_000
MAX_TENSORS = 10_000
MAX_DIMENSIONS = 8

ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip


class TensorFault(Exception):  # noqa: N818 - inside this layer only: people see a ModelError
    """A tensor file that must not be used; the message is the end of a sentence about that file."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one tensor lies: bytes `begin` to `end` of the whole file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(data: bytes) -> dict[str, Place]:
    """The tensors of a safetensors file, in the order of their bytes.

    Args:
        data: the whole file.

    Raises:
        TensorFault: for anything but a header that accounts for every byte exactly once.

    Example:
        >>> from headstart.model.tensors import pack
        >>> import numpy as np
        >>> read_header(pack({"bias": np.zeros(2, np.float32)}))["bias"].shape
        (2,)
        >>> read_header(b"PK")
        Traceback (most recent call last):
        headstart.model.header.TensorFault: is too short to be a safetensors file (2 bytes)
    """
    if len(data) < 8:
        raise TensorFault(f"is too short to be a safetensors file ({len(data)} bytes)")
    size = int.from_bytes(data[:8], "little")
    if size > MAX_HEADER_BYTES:
        raise TensorFault(f"has a header of {size} bytes; at most {MAX_HEADER_BYTES} are accepted")
    start = 8 + size
    if start > len(data):
        raise TensorFault("ends inside its header")
    table = _table(data[8:start])
    places = sorted((_place(name, entry, start) for name, entry in table.items()), key=_order)
    _check_coverage(places, start, len(data))
    return dict(places)


def _order(item: tuple[str, Place]) -> tuple[int, int]:
    return item[1].begin, item[1].end


def _table(header: bytes) -> dict[str, Any]:
    table = parse_json(header)
    if not isinstance(table, dict):
        raise TensorFault("has a header that is not a JSON object")
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise TensorFault("has metadata that is not text")
    if len(table) > MAX_TENSORS:
        raise TensorFault(f"holds {len(table)} tensors; at most {MAX_TENSORS} are accepted")
    return table


def parse_json(text: bytes) -> Any:
    """JSON as the standard writes it: no key twice, no NaN, no depth that ends the interpreter.

    Args:
        text: UTF-8.

    Raises:
        TensorFault: if it is not.

    Example:
        >>> parse_json(b'{"a": 1, "a": 2}')
        Traceback (most recent call last):
        headstart.model.header.TensorFault: names 'a' twice
    """
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer
        )
    except (ValueError, RecursionError) as fault:
        raise TensorFault(f"is not valid JSON ({type(fault).__name__})") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise TensorFault(f"names {twice!r} twice")
    return table


def _no_constant(name: str) -> float:
    raise TensorFault(f"holds {name}, which JSON does not know")


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) < 21 else 2**63
    if abs(number) >= 2**63:
        raise TensorFault("holds a whole number beyond 63 bits")
    return number


def _place(name: str, entry: Any, start: int) -> tuple[str, Place]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise TensorFault(f"describes tensor {name!r} with other keys than dtype, shape, data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise TensorFault(f"gives tensor {name!r} the dtype {dtype!r}, which is not accepted")
    if not _counts(shape) or len(shape) > MAX_DIMENSIONS:
        raise TensorFault(f"gives tensor {name!r} a shape that is not a short list of counts")
    if not _counts(offsets) or len(offsets) != 2:
        raise TensorFault(f"gives tensor {name!r} offsets that are not two counts")
    begin, end = offsets
    if end - begin != math.prod(shape) * ITEM_BYTES[dtype]:
        raise TensorFault(f"gives tensor {name!r} {end - begin} bytes, which its shape contradicts")
    return name, Place(dtype, tuple(shape), start + begin, start + end)


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _check_coverage(places: list[tuple[str, Place]], start: int, size: int) -> None:
    at = start
    for name, place in places:
        if place.begin != at:
            raise TensorFault(f"leaves a gap or an overlap before tensor {name!r}")
        at = place.end
    if at != size:
        raise TensorFault(f"has {size} bytes where its header accounts for {at}")
