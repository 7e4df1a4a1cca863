"""(network, how photos come to its size) => the same network as a function of larger, or smaller, pixels.

Resizing is linear, and Pillow does it one side after the other: two matrices, which are found by resizing
unit vectors in Pillow's own floating-point mode. Gradients go back through them to the photo's own pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from headstart.images.fit import FILTERS, fit, resized_size
from headstart.images.frame import covered
from headstart.images.passes import offset
from headstart.images.pixels import to_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from headstart.images.frame import Slices
    from headstart.images.resize import Interpolation, Resize
    from headstart.pixels.network import Differentiable, Seen

_AT_ONCE = 256  # unit vectors that are resized together: all of them would take the side's square


@dataclass(frozen=True)
class Resampled:
    """A network that is shown other pixels than its own: rows x pixels x columns, on a backdrop.

    Attributes:
        network: what is shown the result.
        rows: (h, H), from the pixels' rows to the network's.
        columns: (w, W), likewise.
        backdrop: (1, 3, h, w), what the network sees where no pixel leads.
    """

    network: Differentiable
    rows: Tensor
    columns: Tensor
    backdrop: Tensor

    @property
    def name(self) -> str:
        """The network's."""
        return self.network.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The network's."""
        return self.network.classes

    @property
    def ids(self) -> tuple[str, ...]:
        """The network's."""
        return self.network.ids

    @property
    def resize(self) -> Resize:
        """The network's."""
        return self.network.resize

    def shown(self, pixels: Tensor) -> Tensor:
        """(n, 3, H, W) => (n, 3, h, w), what the network sees of it.

        Pillow rounds to 8 bits after each pass, and this does not: the two differ by about half a 255th.
        """
        return (self.backdrop + self.rows @ (pixels @ self.columns.T)).clamp(0, 1)

    def see(self, pixels: Tensor, layers: Sequence[str] = ()) -> Seen:
        """As `Network.see`."""
        return self.network.see(self.shown(pixels), layers)

    def logits(self, pixels: Tensor) -> Tensor:
        """As `Network.logits`."""
        return self.network.logits(self.shown(pixels))

    def probabilities(self, pixels: Tensor) -> Tensor:
        """As `Network.probabilities`."""
        return self.network.probabilities(self.shown(pixels))


def through_resizing(network: Differentiable, size: tuple[int, int]) -> tuple[Resampled, Slices]:
    """See a network as a function of a full-size photo, as far as the network sees it.

    Args:
        network: has the `resize` that its photos go through.
        size: width and height of the photo.

    Returns:
        The network, and the rows and columns of the photo that its pixels are: nothing depends on the others.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> larger, (rows, columns) = through_resizing(network, (120, 80))
        >>> larger.shown(torch.rand(1, 3, 80, 120)[..., rows, columns]).shape
        torch.Size([1, 3, 32, 32])
    """
    resize = network.resize
    width, height = resized_size(size, resize)
    rows, used_rows = _used(_cut(_axis(size[1], height, resize.interpolation), resize.height))
    columns, used_columns = _used(_cut(_axis(size[0], width, resize.interpolation), resize.width))
    return Resampled(network, rows, columns, _backdrop(size, resize)), (used_rows, used_columns)


def inside_borders(network: Differentiable, size: tuple[int, int]) -> tuple[Differentiable, Slices]:
    """See a network as a function of those of its pixels that come from the photo.

    Args:
        network: has the `resize` that its photos go through.
        size: width and height of the photo.

    Returns:
        The network (itself where it fills no borders), and the rows and columns of what it sees.
    """
    resize = network.resize
    rows, columns = covered(size, resize)
    if (rows, columns) == (slice(0, resize.height), slice(0, resize.width)):
        return network, (rows, columns)
    inner = Resampled(
        network,
        torch.eye(resize.height)[:, rows].contiguous(),
        torch.eye(resize.width)[:, columns].contiguous(),
        _backdrop(size, resize),
    )
    return inner, (rows, columns)


def _axis(old: int, new: int, interpolation: Interpolation) -> Tensor:
    """(new, old): what each place of a side becomes after resizing, column by column."""
    parts = []
    for start in range(0, old, _AT_ONCE):
        unit_vectors = np.eye(min(_AT_ONCE, old - start), old, start, dtype=np.float32)
        picture = Image.fromarray(unit_vectors)
        parts.append(np.array(picture.resize((new, len(unit_vectors)), FILTERS[interpolation])).T)
    return torch.from_numpy(np.concatenate(parts, axis=1))


def _cut(matrix: Tensor, wanted: int) -> Tensor:
    """(new, old) => (wanted, old): the centre of the resized side; rows of 0 where there is nothing."""
    size = len(matrix)
    start = offset(size, wanted)
    if size >= wanted:
        return matrix[start : start + wanted]
    return torch.nn.functional.pad(matrix, (0, 0, -start, wanted - size + start))


def _used(matrix: Tensor) -> tuple[Tensor, slice]:
    """Leave out the places at both ends that nothing depends on."""
    used = matrix.ne(0).any(dim=0).nonzero().flatten()
    span = slice(int(used[0]), int(used[-1]) + 1)
    return matrix[:, span].contiguous(), span


def _backdrop(size: tuple[int, int], resize: Resize) -> Tensor:
    """What the network sees of a black photo: its borders, if it has some."""
    return torch.from_numpy(to_pixels([np.asarray(fit(Image.new("RGB", size), resize))]))
