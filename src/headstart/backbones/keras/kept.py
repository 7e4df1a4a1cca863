"""(the spec of a user's Keras model) => the network again, from the config in its options alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.adapter import Classes, Network
from headstart.backbones.keras.adapter import draw_weights, observe_graph
from headstart.backbones.keras.archive import parse_config
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.keras.own import ARCHITECTURE, TAG
from headstart.backbones.keras.packed import unpack
from headstart.backbones.keras.plain import model_of
from headstart.backbones.keras.prepared import require_one_photo
from headstart.backbones.module import checked_preprocessing
from headstart.backbones.spec import KERAS_MODEL
from headstart.backbones.state import load_tensors
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.spec import OptionValue


class KerasModelAdapter:
    """Builds again what `keras_backbone` made; no name leads here."""

    framework = KERAS_MODEL

    def architectures(self) -> tuple[str, ...]:
        """The one that stands in specs."""
        return (ARCHITECTURE,)

    def tags(self, architecture: str) -> tuple[str, ...]:  # noqa: ARG002  (one for all)
        """The one that stands in specs."""
        return (TAG,)

    def build(
        self,
        architecture: str,  # noqa: ARG002
        *,
        tag: str,  # noqa: ARG002
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build it; the config is checked as that of a file is, for it may come from anywhere.

        See `Adapter.build`; the preprocessing is that of the spec, which knows it.
        """
        config, bgr = options.get("config"), options.get("bgr", False)
        if set(options) - {"config", "bgr"} or not isinstance(config, str) or not isinstance(bgr, bool):
            raise BackboneError("a Keras model of your own is built from its file, or with keras_backbone")
        numbers = None if tensors is None else [tuple(each.shape) for each in tensors.values()]
        what = "the Keras model in it"
        model = model_of(parse_config(unpack(config), what), what, numbers=numbers)
        require_one_photo(model, what)
        module = KerasNetwork(model, bgr=bgr)
        if tensors is None:
            draw_weights(module)
        else:
            load_tensors(module, tensors, name=what)
        height, width = (side or 224 for side in model.inputs[0].shape[1:3])
        return Network(
            module=module,
            preprocessing=checked_preprocessing((0.0,) * 3, (1.0,) * 3, (height, width), None),
            has_logits=False,
            classes=Classes(),
            options=dict(options),
            observe=lambda pixels: observe_graph(module, pixels, has_classifier=False),
        )


ADAPTER = KerasModelAdapter()
