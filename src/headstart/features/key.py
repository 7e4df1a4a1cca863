"""(backbone, layer, decoder, engine) => the digest that separates rows that must never be mixed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.backbones.spec import BackboneSpec, OptionValue, Preprocessing

ROW_FORMAT = 1
"""Raised when the same photo and backbone would be kept as different numbers."""


@dataclass(frozen=True)
class FeatureSpace:
    """Everything that a row depends on, except for the photo: rows of one space can be compared.

    A row is found by its space and the SHA-256 of its photo's bytes, so a path, a date or a class never
    leads to a stale row, and another backbone, weights file, Pillow or processor never to a wrong one.

    Attributes:
        backbone: the backbone's full name.
        options: what its constructor was given, as sorted pairs.
        weights_digest: SHA-256 of its weights.
        preprocessing: resize, mean and std.
        decode_recipe: the decoder's version, Pillow's included.
        layer: the layer reference, with the default spelt out.
        engine: what the engine says of itself (version, precision, threads, processor, …), as sorted pairs.
        row_format: the version of how rows are kept.
    """

    backbone: str
    options: tuple[tuple[str, OptionValue], ...]
    weights_digest: str
    preprocessing: Preprocessing
    decode_recipe: str
    layer: str
    engine: tuple[tuple[str, str], ...]
    row_format: int = ROW_FORMAT

    @classmethod
    def of(
        cls,
        spec: BackboneSpec,
        *,
        engine: Mapping[str, str],
        decode_recipe: str,
        layer: str | None = None,
    ) -> FeatureSpace:
        """The space of a backbone's rows as one engine computes them.

        Args:
            spec: the backbone's own facts.
            engine: `Engine.identity()`.
            decode_recipe: `headstart.images.decode.DECODE_RECIPE`.
            layer: a layer reference; None: the backbone's default.

        Example:
            >>> from headstart.backbones.spec import BackboneSpec, Preprocessing
            >>> from headstart.images.resize import Resize
            >>> preprocessing = Preprocessing(Resize(64, 64, 64), (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
            >>> spec = BackboneSpec("module:mine", "module", "mine", "own", preprocessing, "map", 8, "0f", 99)
            >>> space = FeatureSpace.of(spec, engine={"engine": "torch"}, decode_recipe="1")
            >>> space.layer, len(space.digest())
            ('map', 64)
        """
        return cls(
            backbone=spec.name,
            options=tuple(sorted(spec.options.items())),
            weights_digest=spec.weights_digest,
            preprocessing=spec.preprocessing,
            decode_recipe=decode_recipe,
            layer=spec.feature_layer if layer is None else layer,
            engine=tuple(sorted(engine.items())),
        )

    def description(self) -> dict[str, Any]:
        """Every field as JSON values."""
        return {**asdict(self), "options": dict(self.options), "engine": dict(self.engine)}

    def canonical(self) -> str:
        """Every field as one JSON text, the same for the same values."""
        return json.dumps(self.description(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def digest(self) -> str:
        """SHA-256 (hex) of `canonical`; any changed field gives another one."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()
