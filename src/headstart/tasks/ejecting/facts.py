"""(model) => what both kinds of script say of it: classes, photos' way to the network, head, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.backbones.layers import spatial_axes
from headstart.backbones.spec import KERAS_MODEL, RANDOM
from headstart.heads.cosine import NEAR
from headstart.heads.linear import DEFAULT_STRENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.images.resize import Resize
    from headstart.model.model import Model


def common(model: Model, *, photos: str, test: str | None) -> dict[str, Any]:
    """The facts that do not depend on the framework.

    Args:
        model: trained.
        photos: the folder that the script shall learn from.
        test: the folder that it shall measure on; None: a part of `photos`.
    """
    spec = model.backbone_spec
    resize = spec.preprocessing.resize
    return {
        "photos": photos,
        "test": test,
        "seed": model.training.seed,
        "classes": model.classes,
        "architecture": spec.architecture,
        "mean": spec.preprocessing.mean,
        "std": spec.preprocessing.std,
        "resize": resize,
        "crop": "square" if resize.mode == "crop" and resize.width == resize.height else "",
        "scale_size": scale_size(resize),
        "width": model.width,
        "frozen": spec.parameters,
        "random": spec.tag == RANDOM,
        "own": spec.framework == KERAS_MODEL,
        "tuned": spec.tag.startswith("tuned-"),
        **_head(model),
    }


def scale_size(resize: Resize) -> tuple[int, int]:
    """Height and width that a photo is brought to before its centre is cut out.

    Example:
        >>> from headstart.images.resize import Resize
        >>> scale_size(Resize(224, 224, 256, mode="squash"))
        (256, 256)
    """
    short = min(resize.width, resize.height)
    return resize.height * resize.short_side // short, resize.width * resize.short_side // short


def _head(model: Model) -> dict[str, Any]:
    kind, settings = model.head.kind, model.head.settings()
    strength = model.training.settings.get("L2 strength")
    tuned = model.backbone_spec.tag.startswith("tuned-")
    return {
        "head": kind,
        "trained": len(model.classes) * (model.width + 1) if kind == "linear" else 0,
        "strength": DEFAULT_STRENGTH if strength is None else strength,
        # A tuned network's own head was trained with it; the layer that is trained anew has other logits.
        "temperature": 1.0 if tuned and kind == "linear" else settings.get("temperature"),
        "neighbours": settings.get("k"),
        "smoothing": settings.get("smoothing"),
        "near": NEAR,
    }


def rows_of(shape: Sequence[int], *, mean: bool, aspect: float) -> tuple[str, str]:
    """How a tensor (n, ...) of torch becomes rows, as code and in words.

    Args:
        shape: of the tensor, with its first axis.
        mean: the average is asked for.
        aspect: height / width of the photo.

    Example:
        >>> rows_of((1, 512, 7, 7), mean=True, aspect=1.0)
        ('.mean((2, 3))', "each map's average over height and width")
        >>> rows_of((1, 512), mean=True, aspect=1.0)[0]
        '.flatten(1)'
    """
    axes = spatial_axes(shape, aspect)
    if mean and axes is not None:
        return f".mean({axes})", "each map's average over height and width"
    if mean and len(shape) == 3:
        return ".mean(1)", "the average over all patches of the photo"
    return ".flatten(1)", "all numbers, one after the other"
