"""(named arrays) <=> (safetensors bytes): the same arrays give the same bytes, bad bytes are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.model.header import Place, TensorFault, read_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

_NUMPY = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1", "BOOL": "?",
}  # fmt: skip
_CHUNK = 1 << 22


def pack(arrays: Arrays) -> bytes:
    """Arrays as safetensors bytes, with nothing in them that changes from run to run.

    Args:
        arrays: name to array of any shape; float16/32/64, int8/16/32/64, uint8 or bool.

    Raises:
        TensorFault: for other dtypes, and for numbers that are not finite: they could not be loaded.

    Example:
        >>> import numpy as np
        >>> data = pack({"b": np.ones(1, np.float32), "a": np.zeros((1, 2), np.float32)})
        >>> data == pack({"a": np.zeros((1, 2), np.float32), "b": np.ones(1, np.float32)})
        True
    """
    from safetensors.numpy import save

    data: bytes = save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})
    check_tensors(data)
    return data


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file, as copies that own their memory.

    Args:
        data: the whole file.

    Raises:
        TensorFault: if the file is not exactly a table of finite tensors (see `header`).

    Example:
        >>> import numpy as np
        >>> unpack(pack({"bias": np.arange(3, dtype=np.float16)}))["bias"].tolist()
        [0.0, 1.0, 2.0]
    """
    return {name: _array(data, name, place) for name, place in check_tensors(data).items()}


def check_tensors(data: bytes) -> dict[str, Place]:
    """The table of a safetensors file in which every number is finite; nothing is copied.

    Args:
        data: the whole file.

    Raises:
        TensorFault: if it is not one.
    """
    places = read_header(data)
    for name, place in places.items():
        if not _finite(data, place):
            raise TensorFault(f"has numbers in tensor {name!r} that are not finite")
    return places


def _finite(data: bytes, place: Place) -> bool:
    if place.dtype == "BF16":  # numpy has no bfloat16: all ones in its eight exponent bits is inf or NaN
        return all(not np.any((part & 0x7F80) == 0x7F80) for part in _parts(data, place, np.dtype("<u2")))
    if not place.dtype.startswith("F"):
        return True
    return all(bool(np.isfinite(part).all()) for part in _parts(data, place, np.dtype(_NUMPY[place.dtype])))


def _parts(data: bytes, place: Place, dtype: np.dtype[Any]) -> Any:
    """Views of a few MB each, so that judging a large tensor takes little memory beside it."""
    count = (place.end - place.begin) // dtype.itemsize
    for first in range(0, count, _CHUNK):
        size = min(_CHUNK, count - first)
        yield np.frombuffer(data, dtype, count=size, offset=place.begin + first * dtype.itemsize)


def _array(data: bytes, name: str, place: Place) -> NDArray[Any]:
    if place.dtype not in _NUMPY:
        raise TensorFault(f"gives tensor {name!r} the dtype {place.dtype}, which numpy can't hold")
    dtype = np.dtype(_NUMPY[place.dtype])
    count = (place.end - place.begin) // dtype.itemsize
    view = np.frombuffer(data, dtype, count=count, offset=place.begin) if count else np.empty(0, dtype)
    return view.reshape(place.shape).astype(dtype.newbyteorder("="), copy=True)
