"""(name, layer, home) <=> the facts of a source that was opened before: known without loading a framework."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.identity import keras_code_or_fault
from headstart.backbones.releases import release
from headstart.backbones.source import POCKET_CODE, FeatureSource
from headstart.backbones.spec import KERAS, POCKET, BackboneSpec, Preprocessing
from headstart.errors import StorageError
from headstart.images.resize import Resize
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from headstart.backbones.base import Backbone
    from headstart.storage.home import Home

_FORMAT = 1
_FRAMEWORKS = (POCKET, "torchvision", "timm", KERAS)
"""Those of an adapter of the user's own are not remembered: nothing says when its code changes."""


def remembered_source(
    name: str, layer: str | None, home: Home, load: Callable[[], Backbone]
) -> FeatureSource | None:
    """The source that this name meant last time; None where anything that decides it may have changed.

    Args:
        name: as the user wrote it.
        layer: a layer reference; None: the default.
        home: with the weights and the cache.
        load: builds the network, if it comes to that.
    """
    try:
        kept = json.loads(_path(name, layer, home).read_bytes())
        if kept["known"] != what_decides(home):
            return None
        return FeatureSource(_spec(kept["spec"]), kept["layer"], kept["width"], load)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember_source(
    name: str, layer: str | None, home: Home, source: FeatureSource, known: dict[str, Any]
) -> None:
    """Keep the facts of a source under the name that led to it; a home that can't be written keeps none.

    Args:
        name: as the user wrote it.
        layer: a layer reference; None: the default.
        home: with the weights and the cache.
        source: what was opened.
        known: `what_decides(home)` from before it was opened.
    """
    if source.spec.framework not in _FRAMEWORKS:
        return
    path = _path(name, layer, home)
    facts = {
        "known": known,
        "spec": asdict(source.spec),
        "layer": source.layer,
        "width": source.width,
    }
    with contextlib.suppress(StorageError):
        private_folder(path.parent)
        atomic_write_bytes(path, json.dumps(facts).encode())


def what_decides(home: Home) -> dict[str, Any]:
    """What decides which network and weights a name means: releases, Keras's backend, weights at hand."""
    entries = sorted(home.weights.glob("*.json")) if home.weights.is_dir() else []
    status = [(path.name, path.stat()) for path in entries]
    return {
        "format": _FORMAT,
        "releases": {each: release(each) for each in ("headstart", "torch", "torchvision", "timm")},
        "keras": keras_code_or_fault(),
        "pocket": [POCKET_CODE, hashlib.sha256(_pocket_card()).hexdigest()],
        "weights": [[name, each.st_size, each.st_mtime_ns, each.st_ino] for name, each in status],
    }


def _pocket_card() -> bytes:
    """The card beside the weights that headstart carries has their digest."""
    return (files("headstart.backbones.pocket") / "card.json").read_bytes()


def _path(name: str, layer: str | None, home: Home) -> Path:
    digest = hashlib.sha256(json.dumps([name, layer]).encode()).hexdigest()
    return home.cache / "sources" / f"{digest}.json"


def _spec(facts: dict[str, Any]) -> BackboneSpec:
    preprocessing = facts.pop("preprocessing")
    resize = preprocessing["resize"]
    return BackboneSpec(
        **{**facts, "classes": tuple(facts["classes"]), "class_ids": tuple(facts["class_ids"])},
        preprocessing=Preprocessing(
            Resize(**{**resize, "fill": tuple(resize["fill"])}),
            tuple(preprocessing["mean"]),
            tuple(preprocessing["std"]),
        ),
    )
