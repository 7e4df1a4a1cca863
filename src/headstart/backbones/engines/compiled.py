"""(network, settings) => the network compiled for this processor, from the cache where it is known."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING, Any

from headstart.backbones.engines.network_file import as_model
from headstart.backbones.engines.parts import read_parts, write_parts
from headstart.backbones.engines.runtime import core, openvino
from headstart.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from headstart.backbones.engines.network_file import NetworkFile

_BLOB = "blob"


def compiled_network(
    network: Callable[[], NetworkFile],
    facts: Mapping[str, str],
    settings: Mapping[str, str],
    place: Path | None,
) -> Any:
    """Compile a network, or load what was compiled before: the same bits, three times as fast.

    Args:
        network: gives the network; called only where it must be compiled.
        facts: all that decides what compiling it gives: versions, processor, weights.
        settings: OpenVINO's.
        place: the folder of compiled networks; None: nothing is read or kept.
    """
    if place is None:
        return core().compile_model(taking_pictures(network()), "CPU", dict(settings))
    name = hashlib.sha256(json.dumps([dict(facts), dict(settings)], sort_keys=True).encode()).hexdigest()
    kept = read_parts(place, name)
    if kept is not None and kept.keys() == {_BLOB}:
        with contextlib.suppress(RuntimeError):  # OpenVINO's own check found that it is not for this machine
            return core().import_model(kept[_BLOB], "CPU", dict(settings))
    found = core().compile_model(taking_pictures(network()), "CPU", dict(settings))
    with contextlib.suppress(StorageError):
        write_parts(place, name, {_BLOB: found.export_model().getvalue()})
    return found


def taking_pictures(kept: NetworkFile) -> Any:
    """A network of pixels in [0, 1] as one that takes the picture itself: (1, h, w, 3), 0-255."""
    package = openvino()
    from openvino import preprocess

    steps = preprocess.PrePostProcessor(as_model(kept))
    picture = steps.input()
    picture.tensor().set_element_type(package.Type.u8).set_layout(package.Layout("NHWC"))
    picture.model().set_layout(package.Layout("NCHW"))
    picture.preprocess().convert_element_type(package.Type.f32).scale(255.0)
    return steps.build()
