"""(a user's own torch.nn.Module, its preprocessing) => backbone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from headstart.backbones.adapter import Classes, Network, Origin, assemble, observe_plain
from headstart.backbones.own import own_copy, require_steady, tried
from headstart.backbones.spec import OWN, Preprocessing
from headstart.backbones.state import digest, seeded, state_bytes
from headstart.errors import BackboneError
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from headstart.backbones.base import Backbone

FRAMEWORK = OWN
TAG = "own"


def module_backbone(
    module: nn.Module,
    *,
    name: str,
    mean: Sequence[float],
    std: Sequence[float],
    input_size: int | tuple[int, int] | None = None,
    resize: Resize | None = None,
    feature_layer: str | None = None,
    classes: Sequence[str] = (),
    class_ids: Sequence[str] = (),
    licence: str = "unknown",
    source: str = "unknown",
) -> Backbone:
    """Make a backbone of a network of your own; it is copied to the CPU, yours stays as it is.

    Args:
        module: takes normalised (n, 3, h, w) float32. The copy of a network in another precision (half,
            bfloat16, double) computes in float32, and its digest is that of the float32 numbers.
        name: what to call it; the backbone's full name becomes "module:NAME".
        mean: three numbers, subtracted per RGB channel from pixels in [0, 1].
        std: three numbers above 0, divided by per RGB channel.
        input_size: side, or (height, width), in pixels: the whole centre of the photo at that size.
        resize: instead of `input_size`, where the photo's way there is another.
        feature_layer: a layer reference; None: derived from one pass.
        classes: its own classes in the order of its logits, unique; () if its output is no logits.
        class_ids: an identifier for each class, or ().
        licence: of its weights.
        source: where its weights came from.

    Raises:
        BackboneError: preprocessing that can't be, or classes that do not fit the network's output; no
            module, one that can't be copied or run, or with a state that is no finite tensors; features that
            are not finite, or others each time.

    Example:
        >>> import torch
        >>> network = torch.nn.Sequential(
        ...     torch.nn.Conv2d(3, 4, 3),
        ...     torch.nn.AdaptiveAvgPool2d(1),
        ...     torch.nn.Flatten(),
        ...     torch.nn.Linear(4, 2),
        ... )
        >>> backbone = module_backbone(
        ...     network, name="mine", input_size=16, mean=(0.5,) * 3, std=(0.2,) * 3, classes=("cat", "dog")
        ... )
        >>> backbone.spec.name, backbone.spec.feature_layer, backbone.spec.feature_width
        ('module:mine', '0:mean', 4)
    """
    own = own_copy(module, name)
    network = Network(
        module=own,
        preprocessing=checked_preprocessing(mean, std, input_size, resize),
        has_logits=bool(classes),
        classes=checked_classes(classes, class_ids),
        options={},
        observe=lambda pixels: observe_plain(own, pixels, has_classifier=bool(classes), layer=feature_layer),
    )
    origin = Origin(
        name=f"{FRAMEWORK}:{name}",
        framework=FRAMEWORK,
        architecture=name,
        tag=TAG,
        weights_digest=digest(state_bytes(own)),
        licence=licence,
        source=source,
    )
    # Seeded: a network that draws random numbers is refused, and must leave torch's own as they were.
    with tried(name, "can't be run on a photo"), seeded():
        backbone = assemble(network, origin, weights=None)
        require_steady(backbone)
    return backbone


def checked_preprocessing(
    mean: Sequence[float],
    std: Sequence[float],
    input_size: int | tuple[int, int] | None,
    resize: Resize | None,
) -> Preprocessing:
    """What a user states of a network's pixels; the arguments are those of `module_backbone`.

    Raises:
        BackboneError: it can't be.
    """
    return Preprocessing(_resize(input_size, resize), _three(mean, "mean"), _above_zero(_three(std, "std")))


def _resize(input_size: int | tuple[int, int] | None, resize: Resize | None) -> Resize:
    if (input_size is None) == (resize is None):
        raise BackboneError(
            "expected input_size or resize, one of the two, for the photos that the network takes"
        )
    if resize is not None:
        return resize
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size or (0, 0)
    if min(height, width) < 1:
        raise BackboneError(f"input_size should be 1 or more; got {input_size}")
    return Resize(height, width, min(height, width))


def _three(values: Sequence[float], what: str) -> tuple[float, float, float]:
    if len(values) != 3:
        raise BackboneError(f"{what} should have three numbers, for red, green and blue; got {len(values)}")
    red, green, blue = (float(value) for value in values)
    if not all(math.isfinite(value) for value in (red, green, blue)):
        raise BackboneError(f"{what} should be finite numbers; got {(red, green, blue)}")
    return (red, green, blue)


def _above_zero(std: tuple[float, float, float]) -> tuple[float, float, float]:
    if min(std) <= 0:
        raise BackboneError(f"std should be above 0; got {std}")
    return std


def checked_classes(names: Sequence[str], ids: Sequence[str]) -> Classes:
    """What a user states of a network's classes.

    Raises:
        BackboneError: a name twice, or another number of ids.
    """
    if len(set(names)) != len(names):
        raise BackboneError("the names of classes should be unique")
    if ids and len(ids) != len(names):
        raise BackboneError(f"{len(ids)} class_ids were given for {len(names)} classes")
    return Classes(tuple(names), tuple(ids))
