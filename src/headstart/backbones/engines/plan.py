"""(source, machine, what was asked for) <=> the engine that was chosen, remembered in the home's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from headstart.backbones.engines.agreement import Agreement
from headstart.backbones.engines.engine import EngineChoice, EngineName, Precision
from headstart.backbones.engines.network_file import conversion
from headstart.backbones.engines.processor import cpu_kind, gpu_kind
from headstart.backbones.engines.torch_engine import CUDA, has_cuda
from headstart.errors import StorageError
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from headstart.backbones.source import FeatureSource
    from headstart.storage.home import Home

_FORMAT = 1


@dataclass(frozen=True)
class EnginePlan:
    """What runs a network on this machine, and what the trial saw.

    Attributes:
        engine: "openvino", "torch" or "tensorflow".
        precision: "f32", "bf16" or "int8".
        device: "cpu" or "cuda".
        agreement: of its rows with torch's in f32; None where nothing was compared.
        photos_per_second: of what was tried, by "engine precision", without decoding.
        refused: why other engines were left out, by "engine precision".
    """

    engine: EngineName
    precision: Precision
    device: str = "cpu"
    agreement: Agreement | None = None
    photos_per_second: Mapping[str, float] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "name": self.engine,
            "precision": self.precision,
            "device": self.device,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
        }


def remember(plan: EnginePlan, source: FeatureSource, home: Home, asked: EngineChoice) -> EnginePlan:
    """Keep a plan, before the first row is computed by it; a home that can't be written keeps none.

    Returns:
        The plan that counts: of two processes that tried at the same time, the first one's.
    """
    path = _path(source, home, asked)
    if (first := recall(source, home, asked)) is not None:
        return first
    with contextlib.suppress(StorageError):
        private_folder(path.parent)
        atomic_write_bytes(path, json.dumps(asdict(plan), indent=1).encode())
    return plan


def recall(source: FeatureSource, home: Home, asked: EngineChoice) -> EnginePlan | None:
    """The plan that was kept for this network, machine and wish; None where there is none to be read."""
    try:
        kept = json.loads(_path(source, home, asked).read_bytes())
        found = kept.pop("agreement")
        plan = EnginePlan(**kept, agreement=None if found is None else Agreement(**found))
        EngineChoice.checked(plan.engine, plan.precision)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    hidden = plan.device == CUDA and not has_cuda()  # the driver lists a card that this process may not use
    return None if hidden else plan


def _path(source: FeatureSource, home: Home, asked: EngineChoice) -> Path:
    preprocessing = asdict(source.spec.preprocessing)
    facts = {
        "format": _FORMAT,
        **conversion(source),
        "weights": source.spec.weights_digest,
        "layer": source.layer,
        "preprocessing": preprocessing,
        "cpu": cpu_kind(),
        "gpu": gpu_kind(),
        "asked": asdict(asked),
    }
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return home.cache / "engines" / f"{name}.json"
