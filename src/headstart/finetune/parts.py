"""(network) => its stages in the order in which they run, and the part of it that is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.layers import LayerRef
from headstart.errors import BackboneError, UsageError
from headstart.finetune.resumed import finished

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.backbones.trace import Visit

LAST, WHOLE = "last", "whole"

LAST_SHARE = 2 / 3
"""The last part is the fewest last stages that hold this share of the parameters: about a third of the work.

From MobileNetV2's blocks.5 on (30 % of the multiply-adds), SqueezeNet's features.10 (32 %), ResNet-18's
layer4 (23 %), VGG-16's features.19 (33 %).
"""
_TOO_MUCH = 0.6
"""A module that holds more than this share of the parameters is no stage: its children are."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Modules that run one after the other and belong together: a block with the norm after it.

    Attributes:
        name: of its first module.
        modules: names of all of them.
        parameters: how many numbers they hold.
    """

    name: str
    modules: tuple[str, ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is trained: a network's last stages.

    Attributes:
        name: of its first stage; "whole" for all of them.
        cut: the module whose activations it starts from; None: the photo itself.
        share: of the parameters that lead to the features, how many are trained, above 0, at most 1.
        stages: the trained ones, in their order.
    """

    name: str
    cut: str | None
    share: float
    stages: tuple[Stage, ...]


def find_part(backbone: Backbone, wanted: str = LAST, layer: str | None = None) -> Part:
    """The part of a network that is asked for.

    Args:
        backbone: the network.
        wanted: "last", "whole", or the name of a layer: that one and all after it.
        layer: the layer reference whose rows the head takes; None: the backbone's default.

    Raises:
        UsageError: a layer that has no part before the features.
        BackboneError: no such layer.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> part = find_part(load_backbone("resnet18@random"))
        >>> part.name, part.cut, round(part.share, 2)
        ('layer4.0', 'layer3', 0.75)
    """
    found = stages(backbone, layer)
    if wanted == WHOLE:
        return Part(WHOLE, None, 1.0, found)
    total = sum(stage.parameters for stage in found)
    first = _last(found, total) if wanted == LAST else _named(backbone, found, wanted)
    cut = _before(backbone, found[first])
    if cut is None:
        return Part(WHOLE, None, 1.0, found)
    trained = found[first:]
    return Part(trained[0].name, cut, sum(stage.parameters for stage in trained) / total, trained)


def stages(backbone: Backbone, layer: str | None = None) -> tuple[Stage, ...]:
    """A network's stages up to its features, in the order in which they run.

    Raises:
        BackboneError: no such layer, or none before it that has parameters.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> [stage.name for stage in stages(load_backbone("resnet18@random"))]
        ['conv1', 'layer1', 'layer2', 'layer3', 'layer4.0', 'layer4.1']
    """
    seen = backbone.trace()
    wanted = LayerRef.parse(backbone.spec.feature_layer if layer is None else layer, list(seen.visits))
    visit = seen.visits[wanted.name]
    end = visit.entered if wanted.entering else visit.left
    before = [each for each in seen.ran() if each.left <= end and each.calls and each.parameters]
    total = sum(each.own_parameters for each in before)
    blocks = [each for each in before if not _inside_another(each, before, total)]
    blocks.sort(key=lambda each: each.entered)
    if not blocks:
        raise BackboneError(
            f"{backbone.spec.name} has nothing to train before {wanted.name!r}; name a later --layer"
        )
    return _joined(blocks, backbone)


def _inside_another(visit: Visit, among: list[Visit], total: int) -> bool:
    """Whether a module is part of a stage, or so large that its children are the stages."""
    small = [each for each in among if _is_stage(each, among, total)]
    return visit not in small or any(other is not visit and other.holds(visit) for other in small)


def _is_stage(visit: Visit, among: list[Visit], total: int) -> bool:
    has_parts = any(other is not visit and visit.holds(other) for other in among)
    return bool(visit.name) and (visit.parameters <= _TOO_MUCH * total or not has_parts)


def _joined(blocks: list[Visit], backbone: Backbone) -> tuple[Stage, ...]:
    """Join what has only a number for each channel, a norm, or what a way leads around, to what is before."""
    modules, known = dict(backbone.module.named_modules()), _cuts(backbone)
    places = [each for each in backbone.trace().ran() if known is None or each.name in known]
    groups: list[list[Visit]] = []
    for block in blocks:
        flat = all(each.ndim <= 1 for each in modules[block.name].parameters())
        if groups and (flat or not _parted(groups[-1][-1], block, places)):
            groups[-1].append(block)
        else:
            groups.append([block])
    return tuple(
        Stage(group[0].name, tuple(each.name for each in group), sum(each.parameters for each in group))
        for group in groups
    )


def _cuts(backbone: Backbone) -> frozenset[str] | None:
    """Where a network can be cut: graphs of layers know it; None: nobody knows without trying."""
    stated = getattr(backbone.module, "cut_places", None)
    return None if stated is None else frozenset(stated())


def _parted(before: Visit, after: Visit, places: list[Visit]) -> bool:
    """Whether a network can be cut between two blocks, at one of these places."""
    return any(before.left <= each.left < after.entered for each in places)


def _last(found: tuple[Stage, ...], total: int) -> int:
    after = 0
    for first in range(len(found) - 1, 0, -1):
        after += found[first].parameters
        if after >= LAST_SHARE * total:
            return first
    return 0


def _named(backbone: Backbone, found: tuple[Stage, ...], wanted: str) -> int:
    names = [name for name, _ in backbone.module.named_modules()]
    layer = LayerRef.parse(wanted, names)
    if layer.entering or layer.mean:
        raise UsageError(f"--part is {wanted!r}; expected last, whole, or the plain name of a layer")
    for number, stage in enumerate(found):
        if any(module == layer.name or module.startswith(f"{layer.name}.") for module in stage.modules):
            return number
    close = ", ".join(stage.name for stage in found[-4:])
    raise UsageError(
        f"--part is {wanted!r}; {backbone.spec.name} can be trained from the start of one of its stages on: "
        f"…, {close}"
    )


def _before(backbone: Backbone, stage: Stage) -> str | None:
    """The module that finishes last before a stage begins, the outermost of those that end together."""
    seen, known = backbone.trace(), _cuts(backbone)
    entered = seen.visits[stage.name].entered
    done = [each for each in seen.ran() if each.left < entered and each.calls == 1 and each.name]
    done = [each for each in done if known is None or each.name in known]
    if not done:
        return None
    outermost = finished(seen, done[-1])
    cut = next((each for each in outermost if each.holds(done[-1])), done[-1])
    if len(cut.given) < 2:
        raise BackboneError(f"{cut.name} gives no activations that could be kept; train the whole network")
    return cut.name
