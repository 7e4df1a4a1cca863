"""(backbone) => nothing, or the clause of the contract that it breaks; for authors of adapters too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.state import not_finite
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from headstart.backbones.base import Backbone


def check_backbone(backbone: Backbone, *, photos: int = 2, side: int | None = None) -> None:
    """Check everything that the rest of headstart takes for granted of a backbone.

    Finite weights; evaluation mode in every call; inputs and torch's random state untouched; the caller's
    gradient mode kept; float32, finite, as wide as declared; the same row whatever stands in the batch (the
    same bits through an engine); gradients that reach the pixels, finite and not all zero, and never the
    parameters; as many logits as classes, whose names are unique.

    Args:
        backbone: to be checked; it is used, not changed.
        photos: how many photos to run, 2 or more.
        side: of the photos, for a network that takes any; None: the backbone's own input size.

    Raises:
        BackboneError: names the backbone and the broken clause.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> check_backbone(tiny_backbone(classes=("cat", "dog")))
    """
    resize = backbone.spec.preprocessing.resize
    generator = torch.Generator().manual_seed(1)
    size = (resize.height, resize.width) if side is None else (side, side)
    pixels = torch.rand((photos, 3, *size), generator=generator)
    for clause in _CLAUSES:
        broken = clause(backbone, pixels.clone())
        if broken:
            raise BackboneError(f"{backbone.spec.name}: {broken}")


def _spec_is_consistent(backbone: Backbone, _pixels: Tensor) -> str | None:
    spec = backbone.spec
    if len(set(spec.classes)) != len(spec.classes):
        return "the names of its classes are not unique"
    if spec.class_ids and len(spec.class_ids) != len(spec.classes):
        return f"{len(spec.class_ids)} class ids for {len(spec.classes)} classes"
    counted = sum(each.numel() for each in backbone.module.parameters())
    return None if counted == spec.parameters else f"{counted} parameters, but {spec.parameters} are declared"


def _weights_are_finite(backbone: Backbone, _pixels: Tensor) -> str | None:
    found = not_finite(backbone.module.state_dict())
    return f"numbers in {found!r} are not finite" if found else None


def _features_are_rows(backbone: Backbone, pixels: Tensor) -> str | None:
    with torch.no_grad():
        rows = backbone.features(pixels)
    expected = (len(pixels), backbone.spec.feature_width)
    if rows.shape != expected or rows.dtype != torch.float32:
        return f"features are {tuple(rows.shape)} {rows.dtype}, expected {expected} float32"
    return None if bool(rows.isfinite().all()) else "features are not finite"


def _logits_fit_classes(backbone: Backbone, pixels: Tensor) -> str | None:
    if not backbone.spec.classes:
        return None
    with torch.no_grad():
        logits = backbone.logits(pixels)
    if logits.shape != (len(pixels), len(backbone.spec.classes)):
        return f"logits are {tuple(logits.shape)} for {len(backbone.spec.classes)} classes"
    return None if bool(logits.isfinite().all()) else "logits are not finite"


def _always_evaluates(backbone: Backbone, pixels: Tensor) -> str | None:
    before = {name: value.clone() for name, value in backbone.module.state_dict().items()}
    with torch.no_grad():
        quiet = backbone.features(pixels[:1])
        backbone.module.train()
        loud = backbone.features(pixels[:1])
    if backbone.module.training or not torch.equal(quiet, loud):
        return "a call does not put the network into evaluation mode"
    after = backbone.module.state_dict()
    changed = [name for name, value in before.items() if not torch.equal(value, after[name])]
    return f"a call changes {changed[0]}" if changed else None


def _leaves_world_alone(backbone: Backbone, pixels: Tensor) -> str | None:
    before, state = pixels.clone(), torch.random.get_rng_state()
    for gradients in (True, False):
        with torch.set_grad_enabled(gradients):
            backbone.features(pixels[:1])
            if torch.is_grad_enabled() != gradients:
                return "a call changes whether gradients are on"
    if not torch.equal(before, pixels):
        return "a call changes its input"
    same = torch.equal(state, torch.random.get_rng_state())
    return None if same else "a call draws from torch's global random numbers"


def _rows_stand_alone(backbone: Backbone, pixels: Tensor) -> str | None:
    with torch.no_grad():
        together, alone = backbone.features(pixels), backbone.features(pixels[1:2])[0]
    scale = float(together.abs().max())
    if not torch.allclose(together[1], alone, rtol=1e-3, atol=1e-4 * scale):
        return "a photo's row depends on the other photos of its batch"
    engine = TorchEngine(backbone)
    rows = engine.run(pixels.numpy())
    if (
        not (engine.run(pixels[1:].numpy()) == rows[1:]).all()
        or not (engine.run(pixels.numpy()) == rows).all()
    ):
        return "a photo's row has other bits in another batch of the engine"
    return None


def _gradients_reach_pixels(backbone: Backbone, pixels: Tensor) -> str | None:
    watched = pixels[:1].clone().requires_grad_()
    with torch.enable_grad():
        rows = backbone.features(watched)
        if not rows.requires_grad:
            return "no gradient reaches the pixels"
        (gradient,) = torch.autograd.grad(rows.square().sum(), watched)
    if not bool(gradient.isfinite().all()):
        return "the gradient at the pixels is not finite"
    if not bool(gradient.any()):
        return "the gradient at the pixels is zero"
    learning = [name for name, each in backbone.module.named_parameters() if each.requires_grad]
    return f"parameter {learning[0]} asks for gradients" if learning else None


_CLAUSES: tuple[Callable[[Backbone, Tensor], str | None], ...] = (
    _spec_is_consistent,
    _weights_are_finite,
    _features_are_rows,
    _logits_fit_classes,
    _leaves_world_alone,
    _always_evaluates,
    _rows_stand_alone,
    _gradients_reach_pixels,
)
