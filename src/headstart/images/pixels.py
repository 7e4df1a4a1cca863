"""[pictures (h, w, 3) 0-255] <=> pixels (n, 3, h, w) in [0, 1]: nowhere else does one become the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def to_pixels(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Pictures of one size as one batch of pixels.

    Args:
        pictures: each (h, w, 3), RGB, 0-255, all of the same height and width.

    Returns:
        (n, 3, h, w) float32 in [0, 1], contiguous: value / 255.

    Raises:
        ValueError: if there is no picture, or the sizes differ.

    Example:
        >>> to_pixels([np.full((2, 4, 3), 255, np.uint8)]).shape
        (1, 3, 2, 4)
    """
    if len(pictures) == 0:
        raise ValueError("no pictures were given; at least one is needed to know the height and width")
    height, width, _ = pictures[0].shape
    pixels = np.empty((len(pictures), 3, height, width), np.float32)
    for row, picture in zip(pixels, pictures, strict=True):
        if picture.shape != (height, width, 3):
            raise ValueError(f"pictures of one size are needed, got {pictures[0].shape} and {picture.shape}")
        # 1/255 as a factor would differ in the last bit from what torchvision's ToTensor gives
        np.divide(picture.transpose(2, 0, 1), np.float32(255), out=row)
    return pixels


def to_pictures(pixels: ArrayLike) -> NDArray[np.uint8]:
    """Pixels as the 8-bit pictures that a file holds, rounded to the nearest: cutting off would darken them.

    Args:
        pixels: (n, 3, h, w) in [0, 1], an array or a tensor without gradients.

    Returns:
        (n, h, w, 3).

    Example:
        >>> to_pictures(np.full((1, 3, 1, 1), 0.999, np.float32)).tolist()
        [[[[255, 255, 255]]]]
    """
    levels = np.rint(np.asarray(pixels, np.float32) * np.float32(255)).clip(0, 255)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(0, 2, 3, 1))
