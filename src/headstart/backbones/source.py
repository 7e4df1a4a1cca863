"""(a backbone, one of its layers) => where rows come from, known before torch and the weights are loaded."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

from headstart.backbones.keras.identity import keras_code
from headstart.backbones.releases import release
from headstart.backbones.spec import KERAS, KERAS_MODEL, POCKET
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec

POCKET_CODE = "code 1"
"""Raised with any change to pocket's layers: its weights alone do not say what it computes."""


_RELEASED = ("torchvision", "timm")
"""Frameworks whose release says what their code computes."""
_DECISIVE = ("weights_digest", "options", "preprocessing")


class FeatureSource:
    """One layer of a frozen network: its facts are at hand, the network itself is built when it must run.

    Attributes:
        spec: the backbone's facts.
        layer: the layer reference, spelt out.
        width: numbers in a row.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> source = FeatureSource.of(load_backbone("squeezenet1_1@random"))
        >>> source.layer, source.width, source.is_loaded
        ('features:mean', 512, True)
    """

    def __init__(self, spec: BackboneSpec, layer: str, width: int, load: Callable[[], Backbone]) -> None:
        """Put together what is known.

        Args:
            spec: of the backbone that `load` gives.
            layer: a layer reference of it.
            width: numbers in a row of that layer.
            load: builds the network; called once, when it is needed.
        """
        self.spec = spec
        self.layer = layer
        self.width = width
        self._load = load

    @classmethod
    def of(cls, backbone: Backbone, layer: str | None = None) -> FeatureSource:
        """The source of a backbone that is loaded.

        Args:
            backbone: the network.
            layer: a layer reference; None: the backbone's default.

        Raises:
            BackboneError: no such layer, or one that gives no rows.
        """
        width = backbone.width(layer)
        source = cls(
            backbone.spec, backbone.spec.feature_layer if layer is None else layer, width, lambda: backbone
        )
        source.backbone  # noqa: B018 - it is there: say so
        return source

    @property
    def is_loaded(self) -> bool:
        """Whether the network was built."""
        return "backbone" in self.__dict__

    @cached_property
    def backbone(self) -> Backbone:
        """The network, built when it is first asked for.

        Raises:
            BackboneError: it is another one than its facts say: weights were changed since they were read.
        """
        found = self._load()
        changed = [fact for fact in _DECISIVE if getattr(found.spec, fact) != getattr(self.spec, fact)]
        if changed:
            raise BackboneError(
                f"the {' and '.join(changed).replace('_', ' ')} of {self.spec.name} changed while headstart "
                "was at work; run the same command again"
            )
        return found

    @cached_property
    def network(self) -> str:
        """What is built, and by which code: the same weights mean something else under other options.

        A framework's release names its code, Keras's with that of the backend below it. A user's network of
        torch has none, but the SHA-256 of the row of one photo of noise instead, so that other code with the
        same weights is another network.
        """
        spec = self.spec
        options = json.dumps(dict(spec.options), sort_keys=True)
        return f"{spec.framework}:{spec.architecture} {options} {self._code()}"

    def _code(self) -> str:
        if self.spec.framework == POCKET:
            return POCKET_CODE
        if self.spec.framework in _RELEASED:
            return release(self.spec.framework)
        if self.spec.framework in (KERAS, KERAS_MODEL):  # the layers of the latter stand in its options
            return keras_code()
        return f"row {self._fingerprint()}"

    def _fingerprint(self) -> str:
        from headstart.backbones.base import dummy_photo
        from headstart.backbones.engines.torch_engine import TorchEngine

        row = TorchEngine(self.backbone, self.layer).run(dummy_photo(self.spec.preprocessing).numpy())
        return hashlib.sha256(row.tobytes()).hexdigest()
