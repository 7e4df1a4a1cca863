"""(row of numbers) <=> (the bytes that are kept, with their checksum)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_DTYPES = {"float16": "<f2", "float32": "<f4"}
_LOSS_ALLOWED = 2.0**-10
_ZEROED_ALLOWED = 0.01


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One row as it lies in the store.

    Attributes:
        dtype: "float16" or "float32", both little-endian.
        data: the numbers.
        checksum: 8 bytes over the space, the photo, the dtype and the numbers.
    """

    dtype: str
    data: bytes
    checksum: bytes


def keep_row(space: str, photo: str, row: ArrayLike) -> KeptRow:
    """Turn a row into what is kept of it.

    float16 where that is enough, else float32. The choice looks at this row alone, so that it is the
    same in whatever order rows arrive. float16 is not enough where a value is beyond 65,504, where the
    row as a whole changes by more than 2**-10 of its length, or where more than one value in a hundred
    would become zero (below about 3e-8).

    Args:
        space: digest of the `FeatureSpace`, hex.
        photo: SHA-256 of the photo's bytes, hex.
        row: (width,) finite numbers.

    Raises:
        UsageError: not one row of finite float32 numbers.

    Example:
        >>> keep_row("00", "01", [0.5, 2.0]).dtype, keep_row("00", "01", [0.5, 1e6]).dtype
        ('float16', 'float32')
    """
    values = _checked(row)
    name = "float16" if _fits_half(values) else "float32"
    data = values.astype(_DTYPES[name]).tobytes()
    return KeptRow(name, data, row_checksum(space, photo, name, data))


def read_row(space: str, photo: str, dtype: Any, data: Any, checksum: Any) -> NDArray[np.float32] | None:
    """The row that was kept, or None where anything of it is not as it was written.

    Args:
        space: digest of the `FeatureSpace` that it is read for, hex.
        photo: SHA-256 of the photo that it is read for, hex.
        dtype: as found in the store; a damaged store may hold anything.
        data: likewise.
        checksum: likewise.

    Returns:
        (width,) float32.

    Example:
        >>> kept = keep_row("00", "01", [0.5, 2.0])
        >>> read_row("00", "01", kept.dtype, kept.data, kept.checksum)
        array([0.5, 2. ], dtype=float32)
        >>> read_row("00", "02", kept.dtype, kept.data, kept.checksum) is None
        True
    """
    if not isinstance(data, bytes) or not isinstance(dtype, str) or dtype not in _DTYPES:
        return None
    if row_checksum(space, photo, dtype, data) != checksum:
        return None
    row: NDArray[np.float32] = np.frombuffer(data, dtype=_DTYPES[dtype]).astype(np.float32)
    return row


def round_rows(rows: ArrayLike) -> NDArray[np.float32]:
    """Rows as the store would give them back: for features that never go through it.

    Args:
        rows: (n, width) finite numbers.

    Returns:
        (n, width) float32.

    Raises:
        UsageError: a row holds a number that is not finite.

    Example:
        >>> round_rows([[0.1, 1.0]])
        array([[0.09997559, 1.        ]], dtype=float32)
    """
    table = np.array(rows, dtype=np.float32, ndmin=2)
    for index, row in enumerate(table):
        if _fits_half(_checked(row)):
            table[index] = row.astype(np.float16)
    return table


def row_checksum(space: str, photo: str, dtype: str, data: bytes) -> bytes:
    """8 bytes of BLAKE2b over all that makes a row this row."""
    digest = hashlib.blake2b(f"{space}\n{photo}\n{dtype}\n".encode(), digest_size=8)
    digest.update(data)
    return digest.digest()


def _checked(row: ArrayLike) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(row, dtype=np.float32)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise UsageError(
            f"a row of features must be finite float32 numbers of shape (width,); got shape {values.shape}"
            + ("" if np.isfinite(values).all() else " with NaN or infinity")
        )
    return values


def _fits_half(values: NDArray[np.float32]) -> bool:
    with np.errstate(over="ignore", under="ignore"):
        half = values.astype(np.float16)
    if not np.isfinite(half).all():
        return False
    exact = values.astype(np.float64)
    lost = np.square(exact - half.astype(np.float64)).sum()
    nonzero = np.count_nonzero(values)
    zeroed = nonzero - np.count_nonzero(half)
    return bool(lost <= _LOSS_ALLOWED**2 * np.square(exact).sum() and zeroed <= _ZEROED_ALLOWED * nonzero)
