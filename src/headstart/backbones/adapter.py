"""(architecture, tag, options) => network and what its framework says of it: what an adapter provides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headstart.backbones.choose import choose_layer
from headstart.backbones.spec import BackboneSpec
from headstart.backbones.trace import trace
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import OptionValue, Preprocessing
    from headstart.backbones.trace import Trace


NOT_OURS = frozenset(
    {
        "cache_dir",
        "checkpoint_path",
        "features_only",
        "in_chans",
        "out_indices",
        "pretrained",
        "pretrained_cfg",
        "pretrained_cfg_overlay",
        "progress",
        "weights",
    }
)
"""Constructor arguments that would fetch, unpickle or change what a backbone is."""


CONSTRUCTOR_FAULTS: frozenset[type[Exception]] = frozenset(
    {TypeError, ValueError, AssertionError, RuntimeError, AttributeError, LookupError, ArithmeticError}
)
"""What frameworks' constructors raise for options that they do not take, or can't work with."""


@dataclass(frozen=True)
class Classes:
    """A network's own classes.

    Attributes:
        names: unique, in the order of its logits.
        ids: an identifier for each, or ().
    """

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @classmethod
    def unnamed(cls, count: int) -> Classes:
        """Classes of which only the number is known.

        Example:
            >>> Classes.unnamed(2).names
            ('class 0', 'class 1')
        """
        return cls(tuple(f"class {number}" for number in range(count)))


@dataclass(frozen=True)
class Network:
    """A network as its framework describes it, before anything of ours was derived from it.

    Attributes:
        module: built, its weights loaded.
        preprocessing: the framework's own.
        has_logits: its output has a number for each class; False where it was built without a classifier.
        classes: the framework's own classes for this tag; empty where they are not known.
        options: keyword arguments that build it again, those the adapter has added included.
        observe: runs one pass and says which layer's row stands for a photo.
        licence: of the weights.
    """

    module: nn.Module
    preprocessing: Preprocessing
    has_logits: bool
    classes: Classes
    options: Mapping[str, OptionValue]
    observe: Callable[[Tensor], tuple[Trace, str]]
    licence: str = "unknown"


class Adapter(Protocol):
    """What a framework's adapter provides; `headstart.backbones.registry.register` makes it known."""

    framework: str

    def architectures(self) -> tuple[str, ...]:
        """The names of all its networks, sorted."""
        ...

    def tags(self, architecture: str) -> tuple[str, ...]:
        """The framework's own tags of published weights, its default first."""
        ...

    def build(
        self,
        architecture: str,
        *,
        tag: str,
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build a network.

        Args:
            architecture: one of `architectures`.
            tag: one of `tags`, a tag of the user's own, or "random".
            options: keyword arguments for the framework's constructor.
            tensors: weights to load; None: random weights, drawn from torch's state as it is.

        Raises:
            BackboneError: options that the constructor does not take.
            WeightsRefusedError: tensors that do not fit.
        """
        ...


@dataclass(frozen=True)
class Origin:
    """Where a backbone's weights came from: the part of its spec that no network knows."""

    name: str
    framework: str
    architecture: str
    tag: str
    weights_digest: str
    licence: str = "unknown"
    source: str = "unknown"


def assemble(
    network: Network,
    origin: Origin,
    *,
    weights: Callable[[], bytes] | None,
    preprocessing: Preprocessing | None = None,
    classes: Classes | None = None,
) -> Backbone:
    """Make a backbone: run the network once on noise, and note its feature layer, width and parameters.

    Args:
        network: from an adapter.
        origin: of its weights.
        weights: gives the safetensors bytes with `origin.weights_digest`; None: the network's state.
        preprocessing: instead of the framework's.
        classes: instead of the framework's; without either, a network with logits has unnamed classes.

    Raises:
        BackboneError: the network can't be run, or has another number of outputs than of classes.
    """
    from headstart.backbones.base import Backbone, dummy_photo, normalised, prepared

    preprocessing = preprocessing or network.preprocessing
    prepared(network.module)
    try:
        seen, layer = network.observe(normalised(dummy_photo(preprocessing), preprocessing))
    except (AssertionError, RuntimeError) as fault:
        said = " ".join(str(fault).split())[:300]
        raise BackboneError(
            f"{origin.name} can't be run on a photo of {preprocessing.resize.height} x "
            f"{preprocessing.resize.width} pixels with {str(dict(network.options))[:200]}: {said}"
        ) from fault
    classes = _own_classes(network, seen.outputs() if network.has_logits else 0, classes, origin.name)
    spec = BackboneSpec(
        name=origin.name,
        framework=origin.framework,
        architecture=origin.architecture,
        tag=origin.tag,
        preprocessing=preprocessing,
        feature_layer=layer,
        feature_width=seen.width(layer),
        weights_digest=origin.weights_digest,
        parameters=seen.visits[""].parameters,
        options=dict(network.options),
        classes=classes.names,
        class_ids=classes.ids,
        licence=origin.licence if origin.licence != "unknown" else network.licence,
        source=origin.source,
    )
    return Backbone(network.module, spec, seen=seen, weights=weights)


def _own_classes(network: Network, outputs: int, stated: Classes | None, name: str) -> Classes:
    classes = network.classes if stated is None or not stated.names else stated
    if not classes.names:
        return Classes.unnamed(outputs)
    if len(classes.names) != outputs:
        raise BackboneError(f"{name} gives {outputs} numbers, but has {len(classes.names)} names of classes")
    return classes


def observe_plain(
    module: nn.Module, pixels: Tensor, *, has_classifier: bool, layer: str | None = None
) -> tuple[Trace, str]:
    """Trace a network and choose its feature layer, if it is not given, by what the pass shows alone."""
    seen = trace(module, pixels)
    return seen, choose_layer(seen, has_classifier=has_classifier) if layer is None else layer


def check_options(options: Mapping[str, OptionValue]) -> None:
    """Refuse constructor arguments that would fetch, unpickle or change what a backbone is, or mean nothing.

    Raises:
        BackboneError: names them.

    Example:
        >>> check_options({"pretrained": True})
        Traceback (most recent call last):
        headstart.errors.BackboneError: options may not hold pretrained: ...
    """
    found = sorted(set(options) & NOT_OURS)
    if found:
        raise BackboneError(
            f"options may not hold {', '.join(found)}: weights and inputs are headstart's to set"
        )
    count = options.get("num_classes", 1)
    if isinstance(count, int) and count < 0:
        raise BackboneError(f"a network can't be built with num_classes {count}; expected 1 or more")
