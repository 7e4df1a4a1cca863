"""(pixels padded to a box, size of the photo) => the photo without its borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.fit import resized_size
from headstart.images.passes import offset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headstart.images.resize import Resize


def unpadded(pixels: NDArray[np.uint8], size: tuple[int, int], box: Resize) -> NDArray[np.uint8]:
    """Cut off the borders that decoding with the mode "pad" put around a photo.

    Args:
        pixels: (h, w, 3) as `box` decodes it.
        size: width and height of the photo itself, pixels.
        box: what it was decoded with, its mode "pad".

    Example:
        >>> import numpy as np
        >>> from headstart.images.resize import Resize
        >>> box = Resize(64, 64, 64, "bicubic", mode="pad")
        >>> unpadded(np.zeros((64, 64, 3), np.uint8), (400, 200), box).shape
        (32, 64, 3)
    """
    width, height = resized_size(size, box)
    left, top = -offset(width, pixels.shape[1]), -offset(height, pixels.shape[0])
    return pixels[top : top + height, left : left + width]
