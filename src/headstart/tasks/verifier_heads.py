"""(a model, the feature store) => heads that learned the same photos through other networks' eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.load import load_backbone
from headstart.backbones.spec import Preprocessing
from headstart.errors import BackboneError
from headstart.features.key import FeatureSpace
from headstart.heads.linear import LinearClassifier
from headstart.images.resize import Resize
from headstart.pixels.network import Network
from headstart.tasks.rows import STORE_FILE, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from headstart.model.model import Model
    from headstart.storage.home import Home

Rows = tuple[FeatureSpace, "NDArray[np.float32]"]


def rows_at_hand(model: Model, home: Home) -> list[Rows]:
    """Rows of all of a model's training photos from other backbones, one layer of each.

    Args:
        model: knows its photos by the SHA-256 of their bytes.
        home: with the feature store; nothing is added to it.

    Returns:
        (space, (n, width) rows in the order of `model.photos`), by the name of the backbone.
    """
    if not (home.features / STORE_FILE).exists():
        return []
    photos = [photo.sha256 for photo in model.photos]
    found: dict[str, Rows] = {}
    with open_store(home, read_only=True) as store:
        for kept in store.info().spaces:
            space = _space(kept.description)
            if space is None or space.digest() != kept.digest or kept.rows < len(set(photos)):
                continue
            weights = space.weights_digest
            if weights == model.backbone_spec.weights_digest or weights in found:
                continue
            rows = store.get(space, sorted(set(photos)))
            if len(rows) == len(set(photos)):
                found[weights] = (space, np.stack([rows[photo] for photo in photos]))
    return sorted(found.values(), key=lambda each: each[0].backbone)


def fit_head(space: FeatureSpace, rows: NDArray[np.float32], model: Model, home: Home) -> Network:
    """Fit a linear head on rows of a model's photos, and put it on the network they came from.

    Raises:
        HeadstartError: the network's weights are not at hand any more, or the photos are too few.
    """
    backbone = load_backbone(space.backbone, home=home, offline=True)
    if backbone.spec.weights_digest != space.weights_digest:
        raise BackboneError(f"{space.backbone} has other weights now than when its features were computed")
    labels = [photo.label for photo in model.photos]
    copies = [photo.sha256 for photo in model.photos]
    head = LinearClassifier().fit(rows, labels, groups=copies).head_
    return Network(space.backbone, backbone, tuple(head.classes), (), space.layer, head.to_torch().logits)


def _space(description: Mapping[str, Any]) -> FeatureSpace | None:
    """The space that a description was written of; None: it was written by another version."""
    try:
        known = dict(description)
        preprocessing = known["preprocessing"]
        resize = preprocessing["resize"]
        known["preprocessing"] = Preprocessing(
            Resize(**{**resize, "fill": tuple(resize["fill"])}),
            tuple(preprocessing["mean"]),
            tuple(preprocessing["std"]),
        )
        known["options"] = tuple(sorted(known["options"].items()))
        known["engine"] = tuple(sorted(known["engine"].items()))
        return FeatureSpace(**known)
    except (AttributeError, KeyError, TypeError):
        return None
