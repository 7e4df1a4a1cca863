"""(network, real photos) => the network in int8, kept in the home's cache: faster, and another network."""

from __future__ import annotations

import contextlib
import io
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from headstart.backbones.engines.network_file import (
    NetworkFile,
    as_model,
    keep,
    network_file,
    network_name,
    place_of,
    read_kept,
    write_down,
)
from headstart.errors import BackboneError, UsageError
from headstart.images.pixels import to_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.source import FeatureSource
    from headstart.storage.home import Home

_SUFFIX = "-int8"


def quantised(source: FeatureSource, home: Home | None) -> NetworkFile:
    """The network in int8 as this home has it.

    Raises:
        UsageError: it was never made here; it depends on photos, so it can't be made out of nothing.
    """
    found = None if home is None else read_kept(place_of(home), network_name(source) + _SUFFIX)
    if found is None:
        place = "memory" if home is None else str(home.root)
        raise UsageError(
            f"{source.spec.name} has no int8 form in {place}; embed or train with --precision int8 first"
        )
    return found


def quantise(source: FeatureSource, home: Home, pictures: Sequence[NDArray[np.uint8]]) -> NetworkFile:
    """Make the network in int8, unless this home has it already.

    Ranges of activations are taken from the pictures (NNCF's post-training quantisation with fast bias
    correction); other pictures give a slightly other network, so the first one made is kept.

    Args:
        source: the network and the layer.
        home: where it is kept.
        pictures: real photos at the network's input size; 100 or more are advisable.

    Raises:
        UsageError: NNCF is not installed.
        BackboneError: NNCF can't quantise this network.
        StorageError: it can't be kept.
    """
    name = network_name(source) + _SUFFIX
    found = read_kept(place_of(home), name)
    if found is not None:
        return found
    if find_spec("nncf") is None:
        raise UsageError("--precision int8 needs NNCF: pip install 'headstart[int8]'")
    made = write_down(_quantised(source, as_model(network_file(source, home)), pictures))
    keep(place_of(home), name, made)
    return made


def _quantised(source: FeatureSource, model: Any, pictures: Sequence[NDArray[np.uint8]]) -> Any:
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # NNCF loads it
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    photos = nncf.Dataset(pictures, lambda picture: {0: to_pixels([picture])})
    try:
        # It draws progress bars on standard output, which is for the answer.
        with contextlib.redirect_stdout(io.StringIO()):
            return nncf.quantize(model, photos, subset_size=len(pictures))
    except Exception as fault:
        said = " ".join(str(fault).split())[:200]
        raise BackboneError(
            f"{source.spec.name} can't be quantised ({said}); choose --precision f32"
        ) from fault
