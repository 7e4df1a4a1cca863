"""(network, a layer) => the part after that layer as a network of its own: activations of the layer => rows.

No framework is asked how its networks are built. A copy of the network runs its own code, but every module
that had finished when the cut was reached is replaced: those before the cut give zeros that cost nothing,
the cut gives the activations that were put in. That is right exactly where everything after the cut depends
on the photo through the cut alone, which is tried once on noise before anything rests on it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from headstart.backbones.base import dummy_photo
from headstart.backbones.layers import LayerRef, as_rows, listening, taken
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import Preprocessing
    from headstart.backbones.trace import Trace, Visit

_FAULTS = (AssertionError, RuntimeError, AttributeError, TypeError, ValueError, IndexError, KeyError)
"""What a network's own code may raise where it is given a stand-in."""

_CLOSE = 1e-3
"""Relative to the largest number of a row: the two ways differ by rounding alone."""


class _Put(nn.Module):
    """Stands in the place of the cut: gives what was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Tensor | None = None

    def forward(self, *_args: object, **_kwargs: object) -> Tensor:
        assert self.value is not None  # noqa: S101  (set by the only caller)
        return self.value


class _Nothing(nn.Module):
    """Stands in the place of what runs before the cut: gives zeros of its shape, which take no memory."""

    def __init__(self, shape: tuple[int, ...], put: _Put) -> None:
        super().__init__()
        self.shape = shape
        self._put = (put,)  # in a tuple: not a module of this module

    def forward(self, *_args: object, **_kwargs: object) -> Tensor:
        value = self._put[0].value
        assert value is not None  # noqa: S101  (set by the only caller)
        return value.new_zeros(()).expand(len(value), *self.shape)


class Resumed(nn.Module):
    """Activations of one layer (n, …) => rows (n, width) of a later one.

    Its parameters have the names that they have in the whole network.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> backbone = load_backbone("resnet18@random")
        >>> last = resumed(backbone, "layer3", "layer4:mean")
        >>> pixels = torch.rand(2, 3, 224, 224)
        >>> kept = backbone.activations(pixels, ["layer3"])["layer3"]
        >>> bool(torch.allclose(last(kept), backbone.features(pixels), rtol=1e-4, atol=1e-5))
        True
        >>> sorted({name.split(".")[0] for name, _ in last.network.named_parameters()})
        ['fc', 'layer4']
    """

    def __init__(self, network: nn.Module, put: _Put, layer: str, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.network = network
        self.layer = layer
        self._put = (put,)
        self._side = preprocessing.resize.height, preprocessing.resize.width
        self._reference = LayerRef.parse(layer, [name for name, _ in network.named_modules()])

    def forward(self, kept: Tensor) -> Tensor:
        """Compute the rows."""
        put = self._put[0]
        put.value = kept.clone()  # the next layer may write into what it is given
        height, width = self._side
        nothing = kept.new_zeros(()).expand(len(kept), 3, height, width)
        try:
            with listening(self.network, {self.layer: self._reference}) as taps:
                self.network(nothing)
        finally:
            put.value = None
        return as_rows(taken(self.layer, taps[self.layer], len(kept)), self._reference, height / width)


def resumed(backbone: Backbone, cut: str, layer: str | None = None) -> Resumed:
    """The part of a network after a layer, as a copy that is free to change.

    Args:
        backbone: the whole network; it stays as it is.
        cut: name of the module after which the part begins; it runs once in a pass.
        layer: the layer reference whose rows come out; None: the backbone's default.

    Raises:
        BackboneError: no such layer, or one from which the network can't be run alone.
    """
    wanted = backbone.spec.feature_layer if layer is None else layer
    seen = backbone.trace()
    name = LayerRef.parse(cut, list(seen.visits)).name
    visit = seen.visits[name]
    end = seen.visits[LayerRef.parse(wanted, list(seen.visits)).name]
    if visit.calls != 1 or len(visit.given) < 2 or not name or visit.left >= end.left:
        raise BackboneError(
            f"{backbone.spec.name} can't be cut after {cut!r}; name a layer before {wanted!r}"
        )
    network = copy.deepcopy(backbone.module)
    put = _Put()
    for done in finished(seen, visit):
        stand_in = put if done is visit else _Nothing(done.given[1:], put)
        network.set_submodule(done.name, stand_in)
    part = Resumed(network, put, wanted, backbone.spec.preprocessing)
    _require_same(backbone, part, cut)
    return part


def finished(seen: Trace, cut: Visit) -> list[Visit]:
    """The outermost modules that had finished when the cut was reached, the cut itself among them."""
    done = [each for each in seen.visits.values() if each.calls and each.left <= cut.left]
    return [each for each in done if not any(other is not each and other.holds(each) for other in done)]


def _require_same(backbone: Backbone, part: Resumed, cut: str) -> None:
    """Refuse a part that gives other rows than the whole network for photos of noise."""
    spec = backbone.spec
    photo = dummy_photo(spec.preprocessing)
    photos = torch.cat([photo, 1 - photo])
    try:
        found = backbone.activations(photos, [cut, part.layer])
        with torch.no_grad():
            rows = part(found[cut].clone())
    except (*_FAULTS, BackboneError) as fault:
        said = " ".join(str(fault).split())[:200]
        raise _not_alone(spec.name, cut, said) from fault
    whole = found[part.layer].flatten(1)
    if rows.shape != whole.shape or not bool((rows - whole).abs().max() <= _CLOSE * whole.abs().max()):
        raise _not_alone(spec.name, cut, "it gives other rows")


def _not_alone(name: str, cut: str, said: str) -> BackboneError:
    return BackboneError(
        f"the part of {name} after {cut!r} can't be run alone ({said}); "
        "name another layer, or train the whole network"
    )
