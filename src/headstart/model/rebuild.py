"""(spec, safetensors bytes) => the backbone of a model, built by its framework's adapter from plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.spec import KERAS_MODEL, OWN, POCKET, RANDOM
from headstart.errors import ModelError, WeightsMissingError
from headstart.storage.home import Home

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec


def rebuild_backbone(spec: BackboneSpec, weights: bytes | None, home: Home | None) -> Backbone:
    """Build the backbone that a spec describes, with exactly its weights.

    Args:
        spec: from a model.
        weights: as safetensors bytes; None: they are looked up by their digest.
        home: where to look; None: the default home.

    Raises:
        ModelError: it is a network of the user's own, which no adapter can build.
        BackboneError: this version has no such framework or network.
        WeightsMissingError: the weights are not at hand.
        WeightsRefusedError: what is at hand has another digest, or does not fit.
    """
    if spec.framework == OWN:
        raise ModelError(
            f"this model was trained on {spec.name}, a network of your own, which headstart can't build: "
            "in Python, give it with load_model(path, backbone=module_backbone(...))"
        )
    if weights is None and spec.framework == KERAS_MODEL:
        raise ModelError(
            f"this model was saved without the weights of {spec.name}, a Keras model of your own: in Python, "
            "give it with load_model(path, backbone=keras_backbone(...))"
        )
    data = weights if weights is not None else weights_at_hand(spec, home)
    if data is None:
        from headstart.backbones.load import load_backbone

        data = load_backbone(spec.name, options=spec.options).weights()
    from headstart.backbones.restore import restore_backbone

    return restore_backbone(spec, data)


def weights_at_hand(spec: BackboneSpec, home: Home | None) -> bytes | None:
    """A backbone's weights, read and not built; None for random ones, which have to be made.

    Args:
        spec: whose weights.
        home: where to look; None: the default home.

    Raises:
        WeightsMissingError: they are not at hand, or others are.
        WeightsRefusedError: the file is damaged.
    """
    if spec.tag == RANDOM:
        return None
    if spec.framework == POCKET:
        return _carried(spec)
    from headstart.backbones.published import missing_weights
    from headstart.backbones.weights import WeightsStore

    home = Home.find() if home is None else home
    store = WeightsStore(home)
    entry = store.find(spec.framework, spec.architecture, spec.tag)
    if entry is None:
        missing = missing_weights(spec.framework, spec.architecture, spec.tag)
        raise WeightsMissingError(f"the model holds no weights of its backbone; {missing}")
    if entry.sha256 != spec.weights_digest:
        raise WeightsMissingError(
            f"the model holds no weights of its backbone, and {home.weights} has others (SHA-256 "
            f"{entry.sha256[:16]}…) under the name {spec.name}: trained on {spec.weights_digest[:16]}…; "
            "take the home it was trained with, or train it again"
        )
    return store.read(entry)


def _carried(spec: BackboneSpec) -> bytes:
    """The weights that headstart carries, if they are those that the model was trained on."""
    from headstart.backbones.pocket.card import carried_weights, read_card

    card = read_card()
    if card.sha256 != spec.weights_digest:
        raise WeightsMissingError(
            f"the model holds no weights of its backbone, and this headstart carries another {spec.name} "
            f"({card.tag}, SHA-256 {card.sha256[:16]}…) than it was trained on ({spec.tag}, "
            f"{spec.weights_digest[:16]}…); train it again, or use the headstart that it was trained with"
        )
    return carried_weights()
