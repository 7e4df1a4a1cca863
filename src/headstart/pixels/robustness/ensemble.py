"""(networks with shared classes) => one that answers with the mean of their probabilities, differentiable."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.everyday import plain_name
from headstart.errors import UsageError
from headstart.pixels.network import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from headstart.images.resize import Resize
    from headstart.pixels.network import Differentiable


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    """Pixels at another size, bilinear with antialiasing as Pillow does it; gradients flow back.

    Args:
        pixels: (n, 3, h, w) in [0, 1].
        height: of the result.
        width: of the result.

    Returns:
        (n, 3, height, width) in [0, 1]; the same tensor where the size is that already.

    Example:
        >>> import torch
        >>> resized(torch.rand(1, 3, 8, 8), 4, 6).shape
        torch.Size([1, 3, 4, 6])
    """
    from torch.nn import functional

    if pixels.shape[2:] == (height, width):
        return pixels
    return functional.interpolate(
        pixels, (height, width), mode="bilinear", antialias=True, align_corners=False
    ).clamp(0, 1)


@dataclass(frozen=True)
class Shown:
    """A network that is shown whole pictures of another size: they are resized, nothing is cut off.

    Where the size is the network's own, it is the network itself. Of its answers, it gives those for the
    classes that are asked for, so that networks with other classes can be compared.

    Attributes:
        network: who answers.
        resize: how photos come to the size of the pictures.
        wanted: places of the classes in the network's logits; () for all of them.

    Example:
        >>> import torch
        >>> from dataclasses import replace
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog", "zebra")))
        >>> larger = replace(network.resize, height=48, width=48)
        >>> Shown(network, larger, (2, 0)).logits(torch.rand(1, 3, 48, 48)).shape
        torch.Size([1, 2])
    """

    network: Differentiable
    resize: Resize
    wanted: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The network's."""
        return self.network.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Those that are asked for."""
        return _picked(self.network.classes, self.wanted)

    @property
    def ids(self) -> tuple[str, ...]:
        """Those of the classes."""
        return _picked(self.network.ids, self.wanted)

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """As `Network.see`, for pixels of any size."""
        own = self.network.resize
        seen = self.network.see(resized(pixels, own.height, own.width), layers)
        logits = seen.logits[:, list(self.wanted)] if self.wanted else seen.logits
        return Seen(pixels, logits, seen.activations)

    def logits(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) logits."""
        return self.see(pixels).logits

    def probabilities(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) probabilities, without gradients."""
        return _probabilities(self, pixels)


@dataclass(frozen=True)
class Ensemble:
    """Several networks that answer as one: the mean of their probabilities over the classes they share.

    Its logits are the logarithms of those means, so that their softmax is the means. Make it with
    `ensemble_of`.

    Attributes:
        name: the members' names.
        members: each shown pictures of one size, with the shared classes in one order.
    """

    name: str
    members: tuple[Shown, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The shared ones, as the first member calls them."""
        return self.members[0].classes

    @property
    def ids(self) -> tuple[str, ...]:
        """Those of the classes, where the first member has some."""
        return self.members[0].ids

    @property
    def resize(self) -> Resize:
        """How photos come to the size of the largest member."""
        return self.members[0].resize

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """As `Network.see`; an ensemble has no layers of its own.

        Raises:
            UsageError: a layer was asked for.
        """
        import torch

        if layers:
            raise UsageError(
                f"{self.name} is an ensemble: it has no layer {layers[0]!r}; ask one of its members"
            )
        each = torch.stack([torch.log_softmax(member.logits(pixels), dim=1) for member in self.members])
        # the logarithm of the mean, without leaving logarithms: small probabilities keep their gradients
        return Seen(pixels, torch.logsumexp(each, dim=0) - torch.tensor(len(self.members)).log(), {})

    def logits(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) logarithms of the mean probabilities."""
        return self.see(pixels).logits

    def probabilities(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels => (n, classes) mean probabilities, without gradients."""
        return _probabilities(self, pixels)


def ensemble_of(networks: Sequence[Differentiable]) -> Ensemble:
    """Let networks answer as one.

    Args:
        networks: at least two, with at least two classes that all of them have.

    Raises:
        UsageError: fewer networks, or too few shared classes.

    Example:
        >>> import torch
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> one = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> other = of_backbone(tiny_backbone(seed=1, classes=("zebra", "dog", "cat")))
        >>> both = ensemble_of([one, other])
        >>> both.classes, round(both.probabilities(torch.rand(1, 3, 32, 32)).sum().item(), 3)
        (('cat', 'dog'), 1.0)
    """
    if len(networks) < 2:
        raise UsageError(f"an ensemble of {len(networks)}; give at least two networks")
    places = shared_classes(networks)
    if len(places[0]) < 2:
        names = ", ".join(network.name for network in networks)
        raise UsageError(
            f"{names} share {len(places[0])} classes, by name or WordNet id; an ensemble needs at least two"
        )
    canvas = max((network.resize for network in networks), key=lambda resize: resize.height * resize.width)
    members = tuple(Shown(network, canvas, wanted) for network, wanted in zip(networks, places, strict=True))
    return Ensemble(f"ensemble of {', '.join(network.name for network in networks)}", members)


def shared_classes(networks: Sequence[Differentiable]) -> list[tuple[int, ...]]:
    """The places, in each network's logits, of the classes that all of them have, in the first one's order.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> one = of_backbone(tiny_backbone(classes=("cat", "dog", "cow")))
        >>> other = of_backbone(tiny_backbone(classes=("zebra", "Dog", "cat")))
        >>> shared_classes([one, other])
        [(0, 1), (2, 1)]
    """
    first, *others = networks
    maps = [class_map(first, other) for other in others]
    common = [place for place in range(len(first.classes)) if all(place in each for each in maps)]
    return [tuple(common), *(tuple(each[place] for place in common) for each in maps)]


def class_map(one: Differentiable, other: Differentiable) -> dict[int, int]:
    """Where the other network has one's classes: by WordNet id where both have ids, else by name.

    Returns:
        Places in `one` to places in `other`; classes that only one of them has are absent.
    """
    if one.ids and other.ids:
        there = {name: place for place, name in enumerate(other.ids)}
        return {place: there[name] for place, name in enumerate(one.ids) if name in there}
    there = _by_name(other)
    # A name that stands for two classes (of two spellings) says nothing of either.
    return {place: there[name] for name, place in _by_name(one).items() if name in there}


def _by_name(network: Differentiable) -> dict[str, int]:
    names = [plain_name(each) for each in network.classes]
    often = Counter(names)
    return {name: place for place, name in enumerate(names) if often[name] == 1}


def _picked(names: tuple[str, ...], wanted: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(names[place] for place in wanted) if wanted and names else names


def _probabilities(network: Differentiable, pixels: Tensor) -> Tensor:
    import torch

    with torch.no_grad():
        return torch.softmax(network.logits(pixels), dim=1)
