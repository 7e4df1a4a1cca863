"""(training rows, their classes) <=> (tensors): float16 where that changes nothing, else float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.model.header import TensorFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_DTYPES = (np.dtype(np.float16), np.dtype(np.float32))


def rows_to_tensors(
    rows: NDArray[np.float32], labels: Sequence[str], classes: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """The tensors "rows" (n, width) and "labels" (n,), each label as its position in `classes`.

    Args:
        rows: (n, width).
        labels: n class names.
        classes: the head's.

    Example:
        >>> tensors = rows_to_tensors(np.ones((1, 2), np.float32), ["dog"], ["cat", "dog"])
        >>> tensors["rows"].dtype.name, tensors["labels"].tolist()
        ('float16', [1])
    """
    with np.errstate(over="ignore"):
        half = rows.astype(np.float16)
    exact = bool(np.array_equal(half.astype(np.float32), rows))
    return {"rows": half if exact else rows.astype(np.float32), "labels": _positions(labels, classes)}


def rows_from_tensors(
    tensors: Mapping[str, NDArray[Any]], labels: Sequence[str], classes: Sequence[str], width: int
) -> NDArray[np.float32]:
    """The training rows, (n, width), for the photos that `model.json` lists.

    Args:
        tensors: as `rows_to_tensors` gives them.
        labels: the class of each listed photo.
        classes: the head's.
        width: numbers in a row.

    Raises:
        TensorFault: names, shapes, dtypes or classes are not those of the listed photos.
    """
    if set(tensors) != {"rows", "labels"}:
        raise TensorFault(f"holds {sorted(tensors)} where 'labels' and 'rows' belong")
    rows, indices = tensors["rows"], tensors["labels"]
    if rows.shape != (len(labels), width) or rows.dtype not in _DTYPES:
        raise TensorFault(
            f"holds rows of shape {rows.shape}, {rows.dtype}; "
            f"({len(labels)}, {width}) of float16 or float32 belong"
        )
    if indices.dtype != np.int32 or not np.array_equal(indices, _positions(labels, classes)):
        raise TensorFault("gives the photos other classes than model.json")
    return rows.astype(np.float32)


def _positions(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int32]:
    place = {label: index for index, label in enumerate(classes)}
    return np.array([place[label] for label in labels], dtype=np.int32)
