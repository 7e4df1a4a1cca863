"""(size, chance) => a picture written down in another way than as its pixels.

How a picture is written down decides which pictures are near: a small step in waves changes the picture
everywhere and at every scale, a small step in pixels makes noise (Olah et al., Feature Visualization, 2017,
"preconditioning").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from headstart.pixels.colour import correlated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Generator, Tensor

Size = tuple[int, int]


class Normalised:
    """A picture written down as the network's own numbers, (pixels - mean) / std: nothing bounds them.

    Args:
        start: (n, 3, h, w), the network's own numbers; copied.
        mean: (3,) of the network.
        std: (3,) likewise.

    Example:
        >>> image = Normalised(torch.zeros(1, 3, 8, 8), [0.5, 0.5, 0.5], [0.25, 0.25, 0.25])
        >>> image.pixels().detach().mean().item()
        0.5
    """

    def __init__(self, start: Tensor, mean: Sequence[float], std: Sequence[float]) -> None:
        self.values = start.detach().clone().requires_grad_()
        self._mean = start.new_tensor(mean).view(1, 3, 1, 1)
        self._std = start.new_tensor(std).view(1, 3, 1, 1)

    def parameters(self) -> Sequence[Tensor]:
        """The network's own numbers."""
        return [self.values]

    def pixels(self) -> Tensor:
        """The pixels that they stand for, which may lie outside [0, 1]."""
        return self.values * self._std + self._mean


class Waves:
    """A picture written down as waves in uncorrelated colours; a sigmoid keeps it inside (0, 1).

    Each wave is scaled by 1 / frequency^decay, so that a step changes slow waves most, as the spectrum of
    photos has it. Scaling, the division by 4 and the start (sd 0.01) are those of lucid.

    Args:
        size: height and width.
        generator: of the start.
        count: how many pictures.
        decay: the power of the frequency; 1 is that of photos.
        spread: standard deviation of the start's coefficients.

    Example:
        >>> image = Waves((32, 32), torch.Generator().manual_seed(0))
        >>> pixels = image.pixels()
        >>> pixels.shape, bool((pixels > 0).all() and (pixels < 1).all())
        (torch.Size([1, 3, 32, 32]), True)
    """

    def __init__(
        self, size: Size, generator: Generator, *, count: int = 1, decay: float = 1.0, spread: float = 0.01
    ) -> None:
        height, width = size
        start = torch.randn((count, 3, height, width // 2 + 1, 2), generator=generator) * spread
        self.values = start.requires_grad_()
        self._size = size
        slowest = 1.0 / max(size)
        self._scale = math.sqrt(height * width) / frequencies(size).clamp(min=slowest) ** decay

    def parameters(self) -> Sequence[Tensor]:
        """(n, 3, h, w // 2 + 1, 2): real and imaginary part of each wave, before scaling."""
        return [self.values]

    def pixels(self) -> Tensor:
        """The picture, in (0, 1)."""
        waves = torch.view_as_complex(self.values) * self._scale
        return torch.sigmoid(correlated(torch.fft.irfft2(waves, s=self._size) / 4))


class Phases:
    """A picture of which only the phases change: how strong each wave is stays as it is in photos (MACO).

    Fel et al., Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained
    Optimization, 2023. Phases start uniform and are kept conjugate-symmetric where a real picture's are, so
    that its spectrum is the template's at every frequency.

    Args:
        magnitude: (3, h, w // 2 + 1), of uncorrelated colours before the sigmoid.
        size: height and width, as of `magnitude`.
        generator: of the start.
        count: how many pictures.

    Example:
        >>> magnitude = torch.ones(3, 8, 5)
        >>> image = Phases(magnitude, (8, 8), torch.Generator().manual_seed(0))
        >>> spectrum = torch.fft.rfft2(image.values()).abs()
        >>> torch.allclose(spectrum, magnitude[None], atol=1e-5)
        True
    """

    def __init__(self, magnitude: Tensor, size: Size, generator: Generator, *, count: int = 1) -> None:
        height, width = size
        shape = (count, 3, height, width // 2 + 1)
        self.phases = ((torch.rand(shape, generator=generator) * 2 - 1) * math.pi).requires_grad_()
        self._magnitude, self._size = magnitude, size

    def parameters(self) -> Sequence[Tensor]:
        """(n, 3, h, w // 2 + 1): a phase for each wave, in radians."""
        return [self.phases]

    def values(self) -> Tensor:
        """(n, 3, h, w): uncorrelated colours before the sigmoid; their spectrum is the template's."""
        waves = torch.polar(self._magnitude.expand_as(self.phases), _symmetric(self.phases, self._size[1]))
        values: Tensor = torch.fft.irfft2(waves, s=self._size)
        return values

    def pixels(self) -> Tensor:
        """The picture, in (0, 1)."""
        return torch.sigmoid(correlated(self.values()))


def frequencies(size: Size) -> Tensor:
    """(height, width // 2 + 1): cycles a pixel of each wave that `torch.fft.rfft2` gives.

    Example:
        >>> frequencies((4, 4)).shape, float(frequencies((4, 4))[0, 2])
        (torch.Size([4, 3]), 0.5)
    """
    height, width = size
    return torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None, :])


def _symmetric(phases: Tensor, width: int) -> Tensor:
    """Waves y and -y of a real picture are conjugate in the first column, and in an even width's last."""
    mirrored = (phases - torch.roll(phases.flip(-2), 1, dims=-2)) / 2
    own_mirror = torch.zeros(phases.shape[-1], dtype=torch.bool)
    own_mirror[0] = True
    own_mirror[-1] |= width % 2 == 0
    return torch.where(own_mirror, mirrored, phases)
