"""(photo, network) => the pixels that an attack may change, and the picture that has them changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.images.fit import fit
from headstart.images.frame import before_cutting, framed
from headstart.images.pixels import to_pictures, to_pixels
from headstart.tasks.one_photo import read_photo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.images.frame import Slices
    from headstart.images.resize import Resize
    from headstart.pixels.network import Differentiable, Seen

_NOTHING = 1e-7  # on 150,000 values and within 8/255, that changes a logarithm by 0.0005 at most
_MAX_FULL_PIXELS = 30_000_000  # a walk keeps a handful of copies in float32: some 2 GB of them


@dataclass(frozen=True)
class Subject:
    """A photo that is to be attacked.

    Attributes:
        network: as a function of `pixels`.
        pixels: float32 (1, 3, H, W) in [0, 1], what may be changed.
        photo: (h, w, 3) uint8, what distances are measured on: what the network sees, or the full photo.
        resize: how a file comes to what distances are measured on; None: in full.
        frame: uint8, the picture that is saved, before any change.
        part: the rows and columns of `photo` that `pixels` are.
    """

    network: Differentiable
    pixels: NDArray[np.float32]
    photo: NDArray[np.uint8]
    resize: Resize | None
    frame: NDArray[np.uint8]
    part: Slices

    def picture(self, changed: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(1, 3, H, W), whole 255ths => the picture to save."""
        rows, columns = self.part
        seen = self.photo.copy()
        seen[rows, columns] = to_pictures(changed)[0]
        return seen if self.resize is None else framed(self.frame, seen, self.resize)


def as_received(path: str | Path, network: Differentiable, size: tuple[int, int]) -> Subject:
    """The photo at the network's own size.

    Args:
        path: of the photo.
        network: whose size it comes to.
        size: width and height of the upright photo.

    Raises:
        UsageError: it is too long and narrow to be kept as the network sees it.
    """
    from PIL import Image

    from headstart.pixels.resampling import inside_borders

    inner, part = inside_borders(network, size)
    frame = read_photo(path, before_cutting(size, network.resize)).pixels
    photo = np.asarray(fit(Image.fromarray(frame), network.resize))  # nothing is resized: it is cut out
    return Subject(inner, to_pixels([photo[part]]), photo, network.resize, frame, part)


def in_full(photo: NDArray[np.uint8], network: Differentiable) -> Subject:
    """The photo at its own size, seen through resizing.

    Args:
        photo: (h, w, 3), upright.
        network: what it is resized for.

    Raises:
        UsageError: it has too many pixels.
    """
    from headstart.pixels.resampling import through_resizing

    height, width = photo.shape[:2]
    if height * width > _MAX_FULL_PIXELS:
        raise UsageError(
            f"the photo has {width:,} x {height:,} pixels; up to {_MAX_FULL_PIXELS // 10**6} million are "
            "attacked in full; make it smaller, or leave --full-size out"
        )
    larger, part = through_resizing(network, (width, height))
    return Subject(larger, to_pixels([photo[part]]), photo, None, photo, part)


class Counted:
    """A network that counts how often a gradient reaches its pixels, and how often next to nothing does.

    Args:
        network: what is counted.
        told: called for each gradient.
    """

    def __init__(self, network: Differentiable, told: Callable[[], None]) -> None:
        self._network = network
        self._told = told
        self.gradients = 0
        self.vanished = 0

    @property
    def name(self) -> str:
        """The network's."""
        return self._network.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The network's."""
        return self._network.classes

    @property
    def ids(self) -> tuple[str, ...]:
        """The network's."""
        return self._network.ids

    @property
    def resize(self) -> Resize:
        """The network's."""
        return self._network.resize

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """As `Network.see`."""
        if pixels.requires_grad:
            shown = pixels.view_as(pixels)  # another tensor, so that the hook goes when this pass does
            shown.register_hook(self._count)  # type: ignore[no-untyped-call]
            return self._network.see(shown, layers)
        return self._network.see(pixels, layers)

    def logits(self, pixels: Tensor) -> Tensor:
        """As `Network.logits`."""
        return self.see(pixels).logits

    def probabilities(self, pixels: Tensor) -> Tensor:
        """As `Network.probabilities`."""
        return self._network.probabilities(pixels)

    def _count(self, gradient: Tensor) -> None:
        self.gradients += 1
        self.vanished += float(gradient.abs().max()) < _NOTHING
        self._told()
