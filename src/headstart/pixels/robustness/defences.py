"""(pictures) => the pictures after a simple defence that is put in front of a network."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from headstart.images.pixels import to_pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

JPEG_QUALITY = 75  # Pillow's own default, and the most common in studies of JPEG as a defence
BLUR_RADIUS = 1.0  # pixels, standard deviation of the Gaussian


@dataclass(frozen=True, slots=True)
class Defence:
    """Something cheap that is done to every picture before the network sees it.

    Attributes:
        name: a word, for JSON.
        title: for people.
        of_picture: (h, w, 3) uint8 => the same shape and type.
    """

    name: str
    title: str
    of_picture: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

    def __call__(self, pixels: Tensor) -> Tensor:
        """Apply it to pixels, rounded to the 8 bits that a file holds.

        Args:
            pixels: float32 (n, 3, h, w) in [0, 1].

        Returns:
            The same shape; values are multiples of 1/255, without gradients.
        """
        import torch

        pictures = to_pictures(pixels.detach())
        after = np.stack([self.of_picture(picture) for picture in pictures]) if len(pictures) else pictures
        return torch.from_numpy(after.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))


def jpeg(quality: int = JPEG_QUALITY) -> Defence:
    """Save as JPEG and read again (Dziugaite, Ghahramani and Roy 2016).

    Args:
        quality: Pillow's, 1 to 95.

    Example:
        >>> import torch
        >>> jpeg()(torch.rand(2, 3, 16, 24)).shape
        torch.Size([2, 3, 16, 24])
    """

    def of_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        from PIL import Image

        buffer = BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer).convert("RGB"))

    return Defence("jpeg", f"JPEG, quality {quality}", of_picture)


def median(size: int = 3) -> Defence:
    """The median of each pixel's neighbourhood, in each channel (Xu, Evans and Qi 2018).

    Args:
        size: odd side of the neighbourhood, in pixels.

    Example:
        >>> import torch
        >>> speck = torch.zeros(1, 3, 5, 5)
        >>> speck[..., 2, 2] = 1.0
        >>> float(median()(speck).max())
        0.0
    """

    def of_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        from PIL import Image, ImageFilter

        return np.asarray(Image.fromarray(picture).filter(ImageFilter.MedianFilter(size)))

    return Defence("median", f"median of {size} x {size} pixels", of_picture)


def blur(radius: float = BLUR_RADIUS) -> Defence:
    """Pillow's Gaussian blur.

    Args:
        radius: standard deviation, pixels.

    Example:
        >>> import torch
        >>> blur()(torch.ones(1, 3, 4, 4)).min().item()
        1.0
    """

    def of_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        from PIL import Image, ImageFilter

        return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))

    return Defence("blur", f"Gaussian blur, {radius:g} px", of_picture)


def simple_defences() -> tuple[Defence, ...]:
    """Those that `robustness` measures."""
    return jpeg(), blur(), median()
