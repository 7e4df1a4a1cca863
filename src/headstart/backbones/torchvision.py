"""(torchvision's name, tag) => network, with the preprocessing and classes of torchvision's own weights."""

from __future__ import annotations

import inspect
import re
import typing
from functools import cache
from typing import TYPE_CHECKING, Any

from headstart.backbones.adapter import CONSTRUCTOR_FAULTS, Classes, Network, check_options, observe_plain
from headstart.backbones.spec import Preprocessing
from headstart.backbones.state import load_tensors
from headstart.errors import BackboneError
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from headstart.backbones.spec import OptionValue

_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var))$"
)


class TorchvisionAdapter:
    """torchvision's classification networks, quantised ones excluded."""

    framework = "torchvision"

    def architectures(self) -> tuple[str, ...]:
        """The names of all its networks, sorted."""
        return _architectures()

    def tags(self, architecture: str) -> tuple[str, ...]:
        """Tags of torchvision's own weights, its default first."""
        found = _weights(architecture)
        default = getattr(found, "DEFAULT", None)
        return tuple(each.name for each in sorted(found or (), key=lambda each: each is not default))

    def build(
        self,
        architecture: str,
        *,
        tag: str,
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build a network as torchvision's own builder would with these weights; see `Adapter.build`.

        Example:
            >>> network = TorchvisionAdapter().build("inception_v3", tag="random", options={}, tensors=None)
            >>> network.preprocessing.resize.height, network.has_logits
            (299, True)
        """
        check_options(options)
        if options.get("num_classes") == 0:
            raise BackboneError(
                f"torchvision:{architecture} can't be built with num_classes 0; leave it out: features come "
                "from below the classifier anyway"
            )
        own = next((each for each in _weights(architecture) or () if each.name == tag), None)
        complete = {**_trained_with(architecture, own), **options}
        module = _construct(architecture, complete, initialise=tensors is None)
        if tensors is not None:
            load_tensors(module, new_keys(tensors), name=f"torchvision:{architecture}@{tag}")
        # One entry of torchvision's (VGG-16's "features") has no classifier worth the name, and says so here.
        has_logits = own is None or own.meta["categories"] is not None
        return Network(
            module=module,
            preprocessing=_preprocessing(architecture, own, module),
            has_logits=has_logits,
            classes=_classes(own) if has_logits else Classes(),
            options=complete,
            observe=lambda pixels: observe_plain(module, pixels, has_classifier=True),
        )


@cache
def _architectures() -> tuple[str, ...]:
    import torchvision

    return tuple(sorted(torchvision.models.list_models(module=torchvision.models)))


def _weights(architecture: str) -> Any:
    """Torchvision's enumeration of weights, or None where that is nothing."""
    from torchvision.models import get_model_weights

    try:
        return get_model_weights(architecture)
    except ValueError:
        return None


def _accepts(architecture: str) -> frozenset[str]:
    """The arguments of a network's own class, which its builder passes on."""
    from torchvision.models import get_model_builder

    kind = typing.get_type_hints(get_model_builder(architecture)).get("return")
    return frozenset(inspect.signature(kind).parameters) if kind is not None else frozenset()


def _trained_with(architecture: str, own: Any) -> dict[str, OptionValue]:
    """What torchvision's builders set by themselves when its own weights are asked for."""
    accepted = _accepts(architecture) if own is not None else frozenset()
    found: dict[str, OptionValue] = {}
    if "transform_input" in accepted:
        # Inception and GoogLeNet were trained on pixels from -1 to 1; without it their answers are wrong.
        found["transform_input"] = True
    if "image_size" in accepted:
        found["image_size"] = own.meta["min_size"][0]
    return found


def _construct(architecture: str, options: Mapping[str, OptionValue], *, initialise: bool) -> nn.Module:
    from torchvision.models import get_model_builder

    extra = {"init_weights": initialise} if "init_weights" in _accepts(architecture) else {}
    try:
        module: nn.Module = get_model_builder(architecture)(weights=None, **{**extra, **options})
    except tuple(CONSTRUCTOR_FAULTS) as fault:
        raise BackboneError(
            f"torchvision:{architecture} can't be built with {dict(options)}: {' '.join(str(fault).split())}"
        ) from fault
    return module


def new_keys(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give DenseNet's published tensors today's names ("norm1"); torch no longer allows theirs ("norm.1").

    Example:
        >>> list(new_keys({"features.denseblock1.denselayer1.norm.1.weight": None, "fc.weight": None}))
        ['features.denseblock1.denselayer1.norm1.weight', 'fc.weight']
    """
    return {_OLD_DENSENET.sub(r"\1\2", key): tensor for key, tensor in tensors.items()}


def _preprocessing(architecture: str, own: Any, module: nn.Module) -> Preprocessing:
    from torchvision.transforms._presets import ImageClassification

    default = getattr(_weights(architecture), "DEFAULT", None)
    entry = own if own is not None else default
    preset = entry.transforms() if entry is not None else ImageClassification(crop_size=224)
    short_side, side = preset.resize_size[0], preset.crop_size[0]
    fixed = getattr(module, "image_size", side)
    if isinstance(fixed, int) and fixed != side:
        short_side, side = round(short_side * fixed / side), fixed
    resize = Resize(side, side, short_side, interpolation=preset.interpolation.value, mode="crop")
    return Preprocessing(resize, tuple(preset.mean), tuple(preset.std))


def _classes(own: Any) -> Classes:
    if own is None:
        return Classes()
    from headstart.backbones.imagenet import imagenet_classes

    names = tuple(own.meta["categories"])
    known = imagenet_classes()
    return known if names == known.names else Classes(names)


ADAPTER = TorchvisionAdapter()
