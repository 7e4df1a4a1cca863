"""(bytes of an .h5 file, a network's name and options) => the same weights as safetensors bytes, all of them.

Keras reads the file, for it knows its layouts best; that the file is harmless, fits, and was read to the last
number is shown here: Keras passes over some of what does not fit without a word.
"""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.keras.adapter import construct
from headstart.backbones.keras.hdf5 import StoredArray, list_arrays, stored_layers
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.keras.publication import IMAGENET
from headstart.backbones.keras.runtime import keras
from headstart.backbones.spec import KERAS
from headstart.backbones.state import state_tensors
from headstart.backbones.tensorfile import require_finite, to_safetensors
from headstart.errors import WeightsRefusedError
from headstart.storage.atomic import atomic_write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.spec import OptionValue

_MOST_NAMED = 3


def weights_from_h5(
    data: bytes, what: str, architecture: str, tag: str, options: Mapping[str, OptionValue]
) -> bytes:
    """Turn a file that Keras wrote into safetensors bytes under the names of `KerasNetwork`.

    Both layouts are read, Keras 3's (`.weights.h5`) and the old one (`.h5`), whatever the file is called.

    Args:
        data: the whole file.
        what: what the user calls it, for messages.
        architecture: a name in `keras.applications`.
        tag: of the weights.
        options: arguments for its constructor.

    Raises:
        BackboneError: Keras is not installed, or does not take these options.
        WeightsRefusedError: not HDF5, damaged, dangerous, arrays that do not fit the network, or not finite.
    """
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        path = Path(folder, "file")
        atomic_write_bytes(path, data)
        layout, stored = list_arrays(path, what)
        keras()
        model, colours = construct(architecture, options, tag=tag)
        name = f"{KERAS}:{architecture}@{tag}{f' with {dict(options)}' if options else ''}"
        hint = "; was the network made with options (--option NAME=VALUE)?"
        _require_fit(stored, model, f"{what} does not fit {name}", hint)
        if tag != IMAGENET:
            _require_graph(stored_layers(path, what), model, f"{what} is not for {name}")
        _load(model, path.rename(path.with_suffix(layout)), what)
    tensors = state_tensors(KerasNetwork(model, bgr=colours.bgr))
    _require_read(tensors, what)
    require_finite(tensors, what)
    return to_safetensors(tensors)


def load_checked(model: Any, path: Path, stored: list[StoredArray], what: str) -> None:
    """Have Keras read a file into a model, all of it.

    Args:
        model: built; changed.
        path: of a copy that nobody else writes, with the ending of its layout.
        stored: what `list_arrays` found in it.
        what: what the user calls it, for messages.

    Raises:
        WeightsRefusedError: arrays that do not fit the model, or not all of them.
    """
    _require_fit(stored, model, f"the weights in {what} do not fit its model")
    _load(model, path, what)
    _require_read(state_tensors(KerasNetwork(model)), what)


def _require_fit(stored: list[StoredArray], model: Any, fault: str, hint: str = "") -> None:
    """As many arrays of each shape as the network has: nothing larger than it is ever read."""
    own = [(variable.path, *_kind(variable.shape, _is_float(variable))) for variable in model.weights]
    given = [(each.name, *_kind(each.shape, each.floating)) for each in stored]
    lacking, left = _without(own, given), _without(given, own)
    if lacking or left:
        clauses = [f"{word} {_some(some)}" for word, some in (("lacks", lacking), ("has", left)) if some]
        raise WeightsRefusedError(f"{fault}: it {' and '.join(clauses)}{hint}")


def _require_graph(layers: list[str], model: Any, fault: str) -> None:
    """As many layers that scale pixels: they have no weights, and EfficientNet's graph varies in them."""
    stored = sum(name.startswith("rescaling") for name in layers)
    own = sum(isinstance(each, keras().layers.Rescaling) for each in model.layers)
    if stored != own:
        raise WeightsRefusedError(
            f"{fault}: the network in it scales pixels in {stored} layers, this one in {own}; of one made "
            f"with weights={IMAGENET!r} only the published file can be added, with --tag {IMAGENET}"
        )


Described = tuple[str, tuple[int, ...], str]


def _kind(shape: tuple[int, ...], floating: bool) -> tuple[tuple[int, ...], str]:  # noqa: FBT001
    return tuple(shape), "" if floating else " whole numbers"


def _without(these: list[Described], those: list[Described]) -> list[Described]:
    """What of these finds no partner of its shape and kind among those."""
    free = Counter(each[1:] for each in those)
    alone = []
    for each in these:
        if free[each[1:]]:
            free[each[1:]] -= 1
        else:
            alone.append(each)
    return alone


def _some(arrays: list[Described]) -> str:
    first = ", ".join(f"{name} {shape}{kind}" for name, shape, kind in arrays[:_MOST_NAMED])
    return first + (f" and {len(arrays) - _MOST_NAMED} more" if len(arrays) > _MOST_NAMED else "")


def _load(model: Any, path: Path, what: str) -> None:
    """Have Keras read a file over numbers that are no numbers, so that those it does not touch show."""
    for variable in model.weights:
        if _is_float(variable):
            variable.assign(np.full(variable.shape, np.nan, np.float32))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it passes over shows by its numbers
            model.load_weights(path)
    # Keras has no error of its own for files that do not fit.
    except (ValueError, KeyError, TypeError, OSError, RuntimeError, AttributeError, IndexError) as fault:
        said = " ".join(str(fault).split())[:200].replace(str(path), what)
        raise WeightsRefusedError(f"{what} could not be read into the network: {said}") from fault


def _require_read(tensors: Mapping[str, Tensor], what: str) -> None:
    unread = [name for name, each in tensors.items() if bool(each.isnan().all())]
    if unread:
        first = ", ".join(unread[:_MOST_NAMED])
        raise WeightsRefusedError(
            f"{what} gave no numbers for {len(unread)} of {len(tensors)} weights, the first {first}: "
            "they are not there, stand under other layers, or are not finite"
        )


def _is_float(variable: Any) -> bool:
    return "float" in str(variable.dtype)
