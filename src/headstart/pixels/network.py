"""(backbone, head) => one differentiable function of the pixels, with names for what it gives."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headstart.backbones.everyday import plain_name
from headstart.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.images.resize import Resize


@dataclass(frozen=True, slots=True)
class Seen:
    """What a network made of some pixels.

    Attributes:
        pixels: (n, 3, h, w), what it was shown.
        logits: (n, classes), before any softmax.
        activations: by layer reference, (n, …).
    """

    pixels: Tensor
    logits: Tensor
    activations: Mapping[str, Tensor]


class Differentiable(Protocol):
    """What gradients are taken of: a `Network`, or several of them that answer as one.

    Attributes:
        name: how people know it.
        classes: names, in the order of the logits.
        ids: an identifier for each class where there are some, else ().
        resize: how a photo comes to its size.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  (data)
    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def ids(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def resize(self) -> Resize: ...  # noqa: D102

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """As `Network.see`."""

    def logits(self, pixels: Tensor) -> Tensor:
        """As `Network.logits`."""

    def probabilities(self, pixels: Tensor) -> Tensor:
        """As `Network.probabilities`."""


@dataclass(frozen=True)
class Network:
    """A network with classes: its own ones, or those of a head that was trained on its features.

    It never changes: evaluation mode, no gradients for parameters, no hook that stays.

    Attributes:
        name: how people know it.
        backbone: the network.
        classes: names, in the order of the logits.
        ids: an identifier for each class where there are some (WordNet ids of ImageNet), else ().
        layer: the layer whose rows the head takes; None: the classes are the backbone's own.
        head: rows (n, width) => logits (n, classes), whose softmax is the probabilities; None likewise.

    Example:
        >>> import torch
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> network.logits(torch.rand(2, 3, 32, 32)).shape
        torch.Size([2, 2])
        >>> class_index(network, "dog")
        1
    """

    name: str
    backbone: Backbone
    classes: tuple[str, ...]
    ids: tuple[str, ...] = ()
    layer: str | None = None
    head: Callable[[Tensor], Tensor] | None = None

    @property
    def resize(self) -> Resize:
        """How a photo comes to the network's size."""
        return self.backbone.spec.preprocessing.resize

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """One pass: logits, and what the named layers give.

        Args:
            pixels: float32 (n, 3, h, w) in [0, 1]; gradients flow back to them.
            layers: layer references, as `Backbone.activations` takes them.

        Raises:
            BackboneError: an unknown layer, or pixels that the network can't take.
        """
        asked = list(dict.fromkeys((*layers, self._scores)))
        found = self.backbone.activations(pixels, asked)
        rows = found[self._scores].flatten(1).float()
        logits = rows if self.head is None else self.head(rows)
        return Seen(pixels, logits, {layer: found[layer] for layer in layers})

    def logits(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) logits."""
        return self.see(pixels).logits

    def probabilities(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) probabilities, without gradients."""
        import torch

        with torch.no_grad():
            return torch.softmax(self.logits(pixels), dim=1)

    @property
    def _scores(self) -> str:
        from headstart.backbones.layers import OUTPUT

        return OUTPUT if self.layer is None else self.layer


def of_backbone(backbone: Backbone) -> Network:
    """A backbone that has classes of its own.

    Raises:
        UsageError: it has none.
    """
    spec = backbone.spec
    if not spec.classes:
        raise UsageError(f"{spec.name} has no classes of its own; train a model on it, then take that")
    return Network(spec.name, backbone, spec.classes, spec.class_ids)


def class_index(network: Differentiable, name: str) -> int:
    """The place of a class, by its name (capitals and underscores do not matter) or its identifier.

    Raises:
        UsageError: no class, or several, are called that; the message has close ones.
    """
    if name in network.classes:
        return network.classes.index(name)
    if name in network.ids:
        return network.ids.index(name)
    plain, wanted = [plain_name(each) for each in network.classes], plain_name(name)
    if plain.count(wanted) == 1:
        return plain.index(wanted)
    close = difflib.get_close_matches(wanted, plain, n=3)
    close += [each for each in plain if wanted and wanted in each and each not in close][:3]
    shown = ", ".join(repr(network.classes[plain.index(each)]) for each in close)
    raise UsageError(
        f"{network.name} has no class {name!r}; "
        + (f"close: {shown}" if shown else f"it has {len(network.classes)}, such as {network.classes[0]!r}")
    )
