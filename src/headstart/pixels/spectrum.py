"""(photos) => how strong waves of each length are in them, and the same for a picture of any size."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from headstart.errors import UsageError
from headstart.pixels.colour import uncorrelated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor

SIDE = 256
"""Photos are measured at this size."""

_DARKEST = 1 / 32  # pure black and white would be infinitely far out before the sigmoid
_FILE = "spectrum.safetensors"


@dataclass(frozen=True)
class Spectrum:
    """The mean strength of waves in photos, in uncorrelated colours before the sigmoid.

    Attributes:
        magnitude: (3, s, s): for vertical and horizontal cycles a picture from 0 to s - 1, up and down
            taken alike; divided by the number of pixels, so that it does not depend on the size.
        photos: how many were measured.

    Example:
        >>> grey = Spectrum.measure([np.full((SIDE, SIDE, 3), 128, np.uint8)])
        >>> grey.of_size((64, 48)).shape
        torch.Size([3, 64, 25])
    """

    magnitude: Tensor
    photos: int

    @classmethod
    def measure(cls, photos: Iterable[NDArray[np.uint8]]) -> Spectrum:
        """Measure photos.

        Args:
            photos: each (256, 256, 3), RGB, 0-255.

        Raises:
            UsageError: there is none.
        """
        total, count = torch.zeros(3, SIDE // 2 + 1, SIDE // 2 + 1, dtype=torch.float64), 0
        for photo in photos:
            total += _magnitude(photo)
            count += 1
        if not count:
            raise UsageError("no photo was given; a spectrum is measured from at least one")
        total[:, 0, 0] = 0  # how bright a photo is says nothing of how it changes from place to place
        return cls((total / count / SIDE**2).float(), count)

    def of_size(self, size: tuple[int, int]) -> Tensor:
        """The spectrum of a picture of another size, with the same contrast; its mean is grey.

        Args:
            size: height and width.

        Returns:
            (3, height, width // 2 + 1), as `torch.fft.rfft2` orders waves; 0 where both frequencies are.
        """
        height, width = size
        rows = torch.fft.fftfreq(height).abs()
        columns = torch.fft.rfftfreq(width)
        grid = torch.stack(torch.meshgrid(columns * 4 - 1, rows * 4 - 1, indexing="xy"), dim=-1)
        known = _full_scale(self.magnitude)
        found = functional.grid_sample(known[None].log(), grid[None], align_corners=True)[0].exp()
        found[:, 0, 0] = 0
        return found * (_spread(self.magnitude) / _spread_of(found, size)).view(3, 1, 1)


def default_spectrum() -> Spectrum:
    """That of 1,000 photos, one for each class of ImageNet; `spectrum.md` beside this module says more.

    Example:
        >>> default_spectrum().photos
        1000
    """
    from safetensors.torch import load

    tensors = load(resources.files("headstart.pixels").joinpath(_FILE).read_bytes())
    return Spectrum(tensors["magnitude"].float(), int(tensors["photos"]))


def spectrum_bytes(spectrum: Spectrum) -> bytes:
    """The file that `default_spectrum` reads."""
    from safetensors.torch import save

    kept = {"magnitude": spectrum.magnitude.half().contiguous(), "photos": torch.tensor(spectrum.photos)}
    return save(kept)


def _magnitude(photo: NDArray[np.uint8]) -> Tensor:
    if photo.shape != (SIDE, SIDE, 3):
        raise UsageError(f"a photo of shape {photo.shape} was given; expected ({SIDE}, {SIDE}, 3)")
    pixels = torch.from_numpy(photo.astype(np.float64)).permute(2, 0, 1)[None] / 255
    values = uncorrelated(torch.logit(pixels, eps=_DARKEST))
    values = (values - values.mean(dim=(2, 3), keepdim=True)) * _window(values)
    waves: Tensor = torch.fft.rfft2(values)[0].abs()
    mirrored = torch.roll(waves.flip(1), 1, dims=1)
    return ((waves + mirrored) / 2)[:, : SIDE // 2 + 1]


def _window(like: Tensor) -> Tensor:
    """Fades towards the borders: the jump from one border to the opposite one is no wave of the photo."""
    fading = torch.hann_window(SIDE, dtype=like.dtype)
    window = fading[:, None] * fading
    return window / (window**2).mean().sqrt()


def _full_scale(magnitude: Tensor) -> Tensor:
    """Without the mean's own value, which says nothing of the waves beside it."""
    known = magnitude.clamp(min=1e-9)
    known[:, 0, 0] = (known[:, 0, 1] + known[:, 1, 0]) / 2
    return known


def _spread(magnitude: Tensor) -> Tensor:
    """(3, s, s) of a square picture => (3,), the standard deviation of its values."""
    twice = torch.full((magnitude.shape[-1],), 2.0)
    twice[0] = twice[-1] = 1.0  # these waves are their own mirror image
    return (magnitude.double() ** 2 * twice[:, None] * twice).sum(dim=(1, 2)).sqrt().float()


def _spread_of(waves: Tensor, size: tuple[int, int]) -> Tensor:
    """(3, h, w // 2 + 1) as `rfft2` orders them => (3,), the standard deviation of the picture."""
    twice = torch.full((waves.shape[-1],), 2.0)
    twice[0] = 1.0
    if size[1] % 2 == 0:
        twice[-1] = 1.0
    return ((waves.double() ** 2 * twice).sum(dim=(1, 2)).sqrt() / (size[0] * size[1])).float()
