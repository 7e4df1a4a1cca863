"""(source, home) => the network as OpenVINO keeps it: made once with torch, later read without it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.parts import read_parts, write_parts
from headstart.backbones.engines.runtime import core, openvino
from headstart.backbones.releases import release
from headstart.errors import BackboneError, HeadstartError, StorageError

if TYPE_CHECKING:
    from headstart.backbones.source import FeatureSource
    from headstart.storage.home import Home

CONVERSION = 1
"""Raised when the same network would be converted into another one."""


@dataclass(frozen=True)
class NetworkFile:
    """A network in OpenVINO's own format: layers as XML, numbers as bytes."""

    xml: bytes
    numbers: bytes

    def digest(self) -> str:
        """What it is: SHA-256 over both parts."""
        return hashlib.sha256(_digest(self.xml).encode() + _digest(self.numbers).encode()).hexdigest()


def conversion(source: FeatureSource) -> dict[str, str]:
    """Everything that decides what a conversion gives, known without loading anything."""
    return {
        "conversion": str(CONVERSION),
        "openvino": release("openvino"),
        "torch": release("torch"),
        "network": source.network,
    }


def network_file(source: FeatureSource, home: Home | None) -> NetworkFile:
    """The converted network: from the home's cache, else converted now and kept there.

    What is read and what was just converted are the same bytes, so a first process computes the same bits as
    later ones. A damaged file counts as not there. Where the cache can't be written, nothing is kept.

    Args:
        source: the network and the layer.
        home: whose cache; None: nothing is read or kept.

    Raises:
        BackboneError: the network can't be converted.
    """
    if home is None:
        return convert(source)
    place, name = place_of(home), network_name(source)
    found = read_kept(place, name)
    if found is not None:
        return found
    made = convert(source)
    with contextlib.suppress(StorageError):
        keep(place, name, made)
    return made


def place_of(home: Home) -> Path:
    """The folder of converted networks."""
    return home.cache / "networks"


def convert(source: FeatureSource) -> NetworkFile:
    """Follow one photo through the network in torch and write down what happens to it.

    Raises:
        BackboneError: the network does something that can't be written down.
    """
    from headstart.backbones.base import dummy_photo
    from headstart.backbones.engines.translate import translate

    photo = dummy_photo(source.spec.preprocessing)
    openvino()  # where it is not installed, that is said before anything is built
    try:
        return write_down(translate(source.backbone.to_module(source.layer), photo))
    except (HeadstartError, MemoryError):  # of this machine, not of the network: the next run may do better
        raise
    except Exception as fault:
        said = " ".join(str(fault).split())[:200]
        raise BackboneError(
            f"OpenVINO can't run {source.spec.name} ({type(fault).__name__}: {said}); choose --engine torch"
        ) from fault


def write_down(model: Any) -> NetworkFile:
    """An OpenVINO model as bytes, with its numbers as they are."""
    try:
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            path = Path(folder, "network.xml")
            openvino().save_model(model, path, compress_to_fp16=False)  # half precision: another network
            return NetworkFile(path.read_bytes(), path.with_suffix(".bin").read_bytes())
    except OSError as error:
        raise StorageError(
            f"the converted network could not be written to the folder for temporary files "
            f"({error.strerror or error}); free some space there, or set TMPDIR to another folder"
        ) from error


def keep(place: Path, name: str, network: NetworkFile) -> None:
    """Write a network into the cache.

    Raises:
        StorageError: it can't be written.
    """
    write_parts(place, name, {"xml": network.xml, "bin": network.numbers})


def read_kept(place: Path, name: str) -> NetworkFile | None:
    """A network from the cache; None where it is not there, or not what was written."""
    parts = read_parts(place, name)
    return (
        None if parts is None or parts.keys() != {"xml", "bin"} else NetworkFile(parts["xml"], parts["bin"])
    )


def as_model(network: NetworkFile) -> Any:
    """A network as OpenVINO's own object."""
    return core().read_model(network.xml, openvino().Tensor(np.frombuffer(network.numbers, np.uint8)))


def network_name(source: FeatureSource) -> str:
    """Under which name the cache has a source's network."""
    spec = source.spec
    facts = {
        **conversion(source),
        "weights": spec.weights_digest,
        "layer": source.layer,
        "input": [spec.preprocessing.resize.height, spec.preprocessing.resize.width],
        "mean": list(spec.preprocessing.mean),
        "std": list(spec.preprocessing.std),
    }
    return _digest(json.dumps(facts, sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
