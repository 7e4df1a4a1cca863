"""(network, photos, labels, settings) => the photos attacked, each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from headstart.backbones.engines.one_thread import each_alone
from headstart.errors import UsageError
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.attacks.settings import AttackSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.pixels.network import Differentiable


class Progress(Protocol):
    """What is told of each photo that is done; `headstart.features.progress.Progress` is one."""

    def start(self, total: int, what: str) -> None:
        """Begin `total` steps of `what`."""

    def advance(self, count: int = 1) -> None:
        """Count `count` more steps as done."""

    def stop(self) -> None:
        """End this stretch of work."""


def attack_pixels(
    network: Differentiable,
    pixels: NDArray[np.float32],
    labels: NDArray[np.integer[Any]],
    *,
    targets: NDArray[np.integer[Any]] | None = None,
    settings: AttackSettings | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Attack photos, several at the same time, each as if it were alone.

    A photo's result depends on its pixels, its label and target, the settings and the network: not on the
    other photos, their order, or how many are worked on at once, bit for bit.

    Args:
        network: whose answers shall change; it stays as it is.
        pixels: float32 (n, 3, h, w) in [0, 1]; left as they are.
        labels: (n,) class numbers, what the photos are or are taken for.
        targets: (n,) class numbers that they shall be taken for; None: anything but the label.
        settings: how; None: PGD with 40 steps within 8/255.
        workers: photos at a time; None: as many as there are processors.
        progress: told of each photo that is done.

    Returns:
        (n, 3, h, w) float32 in [0, 1], inside the ball around `pixels`.

    Raises:
        UsageError: shapes or types that don't fit, numbers that are no classes, a target that is the label.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> photos = np.full((2, 3, 32, 32), 0.5, np.float32)
        >>> changed = attack_pixels(network, photos, np.array([0, 1]))
        >>> float(abs(changed - photos).max()) <= 8 / 255 + 1e-6
        True
    """
    asked = (AttackSettings() if settings is None else settings).resolved()
    _check(network, pixels, labels, targets)
    attack = find_method(asked.method).load()

    def one(place: int) -> NDArray[np.float32]:
        target = None if targets is None else int(targets[place])
        photo = _tensor(pixels[place : place + 1])
        found: NDArray[np.float32] = attack(network, photo, int(labels[place]), target, asked).numpy()[0]
        return found

    result = np.empty_like(pixels, order="C")
    if progress is not None:
        progress.start(len(pixels), f"photos attacked with {asked.method}")
    try:
        for place, found in enumerate(each_alone(one, range(len(pixels)), workers)):
            result[place] = found
            if progress is not None:
                progress.advance()
    finally:
        if progress is not None:
            progress.stop()
    return result


def _tensor(pixels: NDArray[np.float32]) -> Tensor:
    import torch

    return torch.from_numpy(np.array(pixels, dtype=np.float32, order="C"))


def _check(
    network: Differentiable,
    pixels: NDArray[np.float32],
    labels: NDArray[np.integer[Any]],
    targets: NDArray[np.integer[Any]] | None,
) -> None:
    if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != np.float32:
        raise UsageError(
            f"pixels of shape {pixels.shape} and type {pixels.dtype} were given; "
            "expected float32 (n, 3, height, width)"
        )
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise UsageError(
            f"pixels from {pixels.min():g} to {pixels.max():g} were given; "
            "expected values in [0, 1]: divide by 255"
        )
    for name, numbers in (("labels", labels), ("targets", targets)):
        if numbers is None:
            continue
        if numbers.shape != (len(pixels),) or not np.issubdtype(numbers.dtype, np.integer):
            raise UsageError(
                f"{name} of shape {numbers.shape} and type {numbers.dtype} were given; "
                f"expected ({len(pixels)},) class numbers"
            )
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < len(network.classes)):
            raise UsageError(
                f"{name} hold a number that is no class; expected 0 to {len(network.classes) - 1}"
            )
    if targets is not None and (same := np.flatnonzero(targets == labels)).size:
        raise UsageError(f"photo {same[0]} has its own label as its target; choose another class")
