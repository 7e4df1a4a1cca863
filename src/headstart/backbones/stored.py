"""(name, weights store) => backbone: which weights are meant, and what the store says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.adapter import Origin, assemble
from headstart.backbones.imagenet import imagenet_classes
from headstart.backbones.published import missing_weights, published
from headstart.backbones.state import seeded
from headstart.backbones.weights import WeightsStore
from headstart.errors import BackboneError, WeightsRefusedError
from headstart.storage.download import is_offline
from headstart.storage.home import Home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.adapter import Adapter
    from headstart.backbones.base import Backbone
    from headstart.backbones.registry import BackboneName
    from headstart.backbones.spec import OptionValue
    from headstart.backbones.weights import WeightsEntry


def stored_backbone(
    wanted: BackboneName,
    adapter: Adapter,
    *,
    home: Home | None,
    options: Mapping[str, OptionValue],
    offline: bool | None,
    trust_first: bool,
) -> Backbone:
    """Build a backbone with weights from the store; see `headstart.backbones.load.load_backbone`."""
    store = WeightsStore(Home.find() if home is None else home)
    entry = store.find(wanted.framework, wanted.architecture, wanted.tag)
    if entry is None:
        entry = _fetched(store, wanted, offline=offline, trust=trust_first)
    tensors = store.load(entry)
    try:
        with seeded():
            network = adapter.build(
                entry.architecture, tag=entry.tag, options={**entry.options, **options}, tensors=tensors
            )
    except WeightsRefusedError as fault:
        raise WeightsRefusedError(
            f"{fault}; if they are the wrong file, delete {store.entry_path(entry)}, then add or fetch again"
        ) from fault
    return assemble(
        network,
        _origin(entry),
        weights=lambda: store.read(entry),
        preprocessing=entry.preprocessing.to_preprocessing() if entry.preprocessing else None,
        classes=imagenet_classes(entry.classes) if entry.classes else None,
    )


def _fetched(store: WeightsStore, wanted: BackboneName, *, offline: bool | None, trust: bool) -> WeightsEntry:
    place = (wanted.framework, wanted.architecture, wanted.tag)
    try:
        known = published(*place)
    except BackboneError as fault:
        missing = missing_weights(*place)
        # A tag that nobody knows is a wrong name: there is nothing to be at hand.
        raise (BackboneError(str(missing)) if wanted.tag else missing) from fault
    entry = store.find(known.framework, known.architecture, known.tag)  # "DEFAULT" is another tag's name
    if entry is not None:
        return entry
    if is_offline() if offline is None else offline:
        raise missing_weights(*place)
    return store.fetch(str(wanted), trust_first=trust, known=known)


def _origin(entry: WeightsEntry) -> Origin:
    return Origin(
        name=entry.backbone,
        framework=entry.framework,
        architecture=entry.architecture,
        tag=entry.tag,
        weights_digest=entry.sha256,
        licence=entry.licence,
        source=entry.source,
    )
