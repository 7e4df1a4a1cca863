"""Arrays in and out of a fitted head: checked for shape and for finite numbers, numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import FitError, UsageError


def compact(rows: NDArray[np.floating]) -> NDArray[Any]:
    """The same numbers in half precision where that loses nothing, else in float32.

    Args:
        rows: any shape; rows of the feature store are float16 in accuracy most of the time.

    Example:
        >>> compact(np.array([0.5, 2.0])).dtype, compact(np.array([0.1])).dtype
        (dtype('float16'), dtype('float32'))
    """
    with np.errstate(over="ignore"):
        kept = np.asarray(rows, dtype=np.float32)
        half = kept.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), kept) else kept


def take(tensors: Mapping[str, NDArray[Any]], name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """One array of a saved head, if it is what a head of this kind must have.

    Args:
        tensors: by name.
        name: the one wanted.
        shape: None stands for any length of at least 1.

    Raises:
        FitError: the array is missing, has another shape, or holds NaN or infinity.

    Example:
        >>> take({"bias": np.zeros(3)}, "bias", (3,)).tolist()
        [0.0, 0.0, 0.0]
    """
    if name not in tensors:
        raise FitError(f"this head has no tensor {name!r}; it has {', '.join(sorted(tensors)) or 'none'}.")
    array = np.asarray(tensors[name])
    fits = array.ndim == len(shape) and all(
        size >= 1 if wanted is None else size == wanted
        for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted_text = " x ".join("any" if size is None else str(size) for size in shape)
        raise FitError(f"the head's tensor {name!r} must be {wanted_text}; it is {array.shape}.")
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise FitError(f"the head's tensor {name!r} must hold finite numbers; it does not.")
    return array


def single(array: NDArray[Any], name: str) -> NDArray[np.float32]:
    """The same numbers in float32, as a model folder keeps them.

    Args:
        array: finite numbers, any shape.
        name: what they are, for the message.

    Raises:
        FitError: a number is too large for float32.

    Example:
        >>> single(np.array([0.5]), "bias").dtype
        dtype('float32')
    """
    with np.errstate(over="ignore"):
        kept = array.astype(np.float32)
    if not np.isfinite(kept).all():
        raise FitError(f"the head's {name} holds numbers too large to keep; give rows of ordinary size.")
    return kept


def check_rows(rows: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Rows to predict for, in float64.

    Args:
        rows: (n, width) finite numbers; n may be 0.
        width: what the head was fitted on.

    Raises:
        UsageError: another shape, or a number that is not finite.

    Example:
        >>> check_rows(np.zeros((2, 3), dtype=np.float32), 3).dtype
        dtype('float64')
    """
    table = np.asarray(rows)
    if table.ndim != 2 or table.shape[1] != width:
        raise UsageError(f"this head was fitted on rows of {width} features; it was given {table.shape}.")
    exact = table.astype(np.float64)
    if not np.isfinite(exact).all():
        raise UsageError("the rows to predict for hold NaN or infinity; every feature must be finite.")
    return exact
