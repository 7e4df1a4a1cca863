"""(an HDF5 file of weights) => the arrays that Keras would read from it, or why nobody should read it.

HDF5 can lead to other files, declare a terabyte in a kilobyte and name filters that are loaded as code. None
of that belongs to weights, so all of it is refused before a number is read.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

from headstart.errors import BackboneError, WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW, LEGACY = ".weights.h5", ".h5"
"""The endings by which Keras tells its two layouts apart."""

_MOST_OBJECTS = 100_000
_DEEPEST = 50
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
_ROOTS = ("layers", "_layer_checkpoint_dependencies")
_UNUSED = ("optimizer", "seed_generator", "_metrics", "_compile_metrics")


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One array of a file, not read.

    Attributes:
        name: where it stands, for messages.
        shape: as the file declares it.
        floating: whether it holds floating-point numbers; whole ones otherwise.
    """

    name: str
    shape: tuple[int, ...]
    floating: bool


def list_arrays(path: Path, what: str) -> tuple[str, list[StoredArray]]:
    """Check a file's structure and list the arrays in it that are a network's weights.

    Args:
        path: a file that nobody else writes.
        what: what the user calls it, for messages.

    Returns:
        `NEW` or `LEGACY`, and the arrays.

    Raises:
        BackboneError: h5py is not installed.
        WeightsRefusedError: no HDF5 file, damaged, holds what weights never need, or none of Keras's layouts.
    """
    require_hdf5(path, what)
    with _reading(path, what) as file:
        found = dict(_walk(file, path.stat().st_size))
        group = _top(file)
        if _is_legacy(group):
            return LEGACY, [_described(group[name], name) for name in _legacy_names(group)]
        if not any(root in file for root in (*_ROOTS, "vars")):
            raise _UnfitError("it has neither of the layouts that Keras writes weights in")
        return NEW, [_described(each, name) for name, each in found.items() if _is_weight(name)]


def stored_layers(path: Path, what: str) -> list[str]:
    """The names of all layers in a file that `list_arrays` has checked, those without weights too.

    Raises:
        WeightsRefusedError: it can't be read.
    """
    with _reading(path, what) as file:
        group = _top(file)
        if _is_legacy(group):
            return _texts(group, "layer_names")
        return [name for root in _ROOTS if root in file for name in file[root]]


def require_hdf5(path: Path, what: str) -> None:
    """Refuse what is no HDF5 file by its first bytes.

    Raises:
        WeightsRefusedError: says what it is, where that shows.
    """
    with path.open("rb") as file:
        first = file.read(512)
    if first.startswith(_SIGNATURE):
        return
    if first.startswith(b"PK"):
        raise WeightsRefusedError(f"{what} is a zip archive, perhaps a .keras file, and no HDF5 file")
    kind = "a web page" if first.lstrip()[:1] == b"<" else "empty" if not first else "something else"
    raise WeightsRefusedError(f"{what} is no HDF5 file but {kind}")


class _UnfitError(Exception):
    """One clause that says what is wrong with a file."""


@contextmanager
def _reading(path: Path, what: str) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise BackboneError("h5py is not installed; run: pip install 'headstart[keras]'") from error
    try:
        with h5py.File(path, "r") as file:
            yield file
    except _UnfitError as fault:
        raise WeightsRefusedError(f"{what} was not read: {fault}") from fault
    # What h5py raises for damaged files is any of these.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError) as fault:
        said = " ".join(str(fault).split())[:200]
        raise WeightsRefusedError(f"{what} is no whole HDF5 file: {said}") from fault


def _walk(file: Any, size: int) -> Iterator[tuple[str, Any]]:
    """Every array by its path, each object checked; links are looked at before they are followed."""
    import h5py

    waiting: list[tuple[str, Any]] = [("", file)]
    seen = 0
    while waiting:
        place, group = waiting.pop(0)
        _require_small_attributes(group, place, size)
        if place.count("/") > _DEEPEST:
            raise _UnfitError(f"its groups are more than {_DEEPEST} deep")
        for key in group:
            seen += 1
            if seen > _MOST_OBJECTS:
                raise _UnfitError(f"it has more than {_MOST_OBJECTS:,} objects")
            name = f"{place}/{key}" if place else key
            _require_hard_link(group, key, name)
            child = group[key]
            if isinstance(child, h5py.Group):
                waiting.append((name, child))
            elif isinstance(child, h5py.Dataset):
                _require_small_attributes(child, name, size)
                _require_plain(child, name)
                yield name, child
            else:
                raise _UnfitError(f"{name} is neither a group nor an array")


def _require_hard_link(group: Any, key: str, name: str) -> None:
    import h5py

    link = group.get(key, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise _UnfitError(f"{name} is a link to another file")
    if not isinstance(link, h5py.HardLink):
        raise _UnfitError(f"{name} is a link to {getattr(link, 'path', 'somewhere else')}")


def _require_plain(array: Any, name: str) -> None:
    """An array of numbers that lie in this file, by filters that come with HDF5."""
    if array.is_virtual or array.external:
        raise _UnfitError(f"the numbers of {name} lie in another file")
    if array.dtype.kind not in "fiu" or array.shape is None:
        raise _UnfitError(f"{name} holds {array.dtype} and no numbers")
    if array.maxshape != array.shape:
        raise _UnfitError(f"{name} has no fixed size")
    plan = array.id.get_create_plist()
    codes = {plan.get_filter(number)[0] for number in range(plan.get_nfilters())}
    if codes - _FILTERS.keys():
        raise _UnfitError(f"{name} needs a filter that is none of {', '.join(_FILTERS.values())}")
    declared = math.prod(array.shape) * array.dtype.itemsize
    stored = array.id.get_storage_size()
    # Weights are noise, which no filter makes much smaller; an array of zeros may be, so small ones pass.
    if declared > max(1000 * stored, 1 << 24):
        raise _UnfitError(f"{name} would take {declared:,} bytes, of which only {stored:,} are in the file")


def _require_small_attributes(item: Any, place: str, size: int) -> None:
    for name in item.attrs:
        found = item.attrs.get_id(name)
        if math.prod(found.shape) * found.dtype.itemsize > size:
            raise _UnfitError(f"attribute {name} of {place or 'the file'} would be larger than the file")


def _top(file: Any) -> Any:
    """Where the weights begin: a whole model in the old layout has them beside its config."""
    return file["model_weights"] if "model_weights" in file and not _is_legacy(file) else file


def _is_legacy(group: Any) -> bool:
    return "layer_names" in group.attrs or "layer_names0" in group.attrs


def _legacy_names(group: Any) -> Iterator[str]:
    """The arrays in the order in which Keras reads them."""
    layers = _texts(group, "layer_names")
    top = ["top_level_model_weights"] if "top_level_model_weights" in group else []
    for layer in (*layers, *top):
        for weight in _texts(group[layer], "weight_names"):
            yield f"{layer}/{weight}"


def _texts(group: Any, name: str) -> list[str]:
    """An attribute with names; Keras cuts a long one into NAME0, NAME1, …."""
    pieces = [name] if name in group.attrs else []
    if not pieces:
        pieces = list(takewhile(group.attrs.__contains__, (f"{name}{number}" for number in count())))
    found = [each for piece in pieces for each in group.attrs[piece]]
    return [each.decode() if isinstance(each, bytes) else str(each) for each in found]


def _described(array: Any, name: str) -> StoredArray:
    import h5py

    if not isinstance(array, h5py.Dataset):
        raise _UnfitError(f"{name} is no array")
    return StoredArray(name, tuple(array.shape), array.dtype.kind == "f")


def _is_weight(name: str) -> bool:
    """Not a trained model's optimiser and metrics, nor the state of its dropout."""
    parts = name.split("/")
    return parts[0] not in _UNUSED and "seed_generator" not in parts
