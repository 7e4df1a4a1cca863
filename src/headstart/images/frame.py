"""(a photo, the part of it that a network sees, changed) => a picture that decodes to exactly that part.

A picture of the network's own size would be resized and cut once more when it is read again. What is kept
instead is the photo as it is after resizing and before cutting, the part that the cut leaves replaced:
resizing it again changes nothing, and the cut gives the replaced part, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.images.fit import resized_size
from headstart.images.opening import MIN_SIDE
from headstart.images.passes import offset
from headstart.images.resize import Resize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_PIXELS = 50_000_000  # a longer photo has its ends cut off before it is resized: see `fit`

Slices = tuple[slice, slice]


def before_cutting(size: tuple[int, int], resize: Resize) -> Resize:
    """How a photo comes to the size that it has before its centre is cut out.

    Args:
        size: width and height of the photo.
        resize: the network's.

    Raises:
        UsageError: the photo is so long and narrow that there is no such picture, or it can't be read again.

    Example:
        >>> whole = before_cutting((500, 375), Resize(224, 224, 256))
        >>> whole.width, whole.height
        (341, 256)
    """
    width, height = resized_size(size, resize)
    again = resized_size((width, height), resize)
    if min(width, height) < MIN_SIDE or width * height > _MAX_PIXELS or again != (width, height):
        raise UsageError(
            f"a photo of {size[0]:,} x {size[1]:,} pixels is {width:,} x {height:,} as the network reads it, "
            "which can't be kept as a picture; give a photo that is less long and narrow"
        )
    return Resize(height, width, min(height, width), resize.interpolation, "squash")


def covered(size: tuple[int, int], resize: Resize) -> Slices:
    """Which rows and columns of what the network sees come from the photo; the others are filled borders.

    Args:
        size: width and height of the photo.
        resize: the network's.

    Example:
        >>> covered((500, 250), Resize(224, 224, 224, mode="pad"))
        (slice(56, 168, None), slice(0, 224, None))
    """
    width, height = resized_size(size, resize)
    return _overlap(height, resize.height)[1], _overlap(width, resize.width)[1]


def framed(whole: NDArray[np.uint8], seen: NDArray[np.uint8], resize: Resize) -> NDArray[np.uint8]:
    """Put what a network shall see back in its place.

    Args:
        whole: (H, W, 3), the photo decoded with `before_cutting`.
        seen: (h, w, 3), what the network shall see; its filled borders, where it has some, are left out.
        resize: the network's.

    Returns:
        (H, W, 3): a picture that, kept without loss and decoded with `resize`, gives `seen`.

    Example:
        >>> import numpy as np
        >>> whole, seen = np.zeros((256, 341, 3), np.uint8), np.full((224, 224, 3), 9, np.uint8)
        >>> picture = framed(whole, seen, Resize(224, 224, 256))
        >>> picture[16:240, 58:282].min(), picture[:16].max()
        (np.uint8(9), np.uint8(0))
    """
    rows, seen_rows = _overlap(whole.shape[0], resize.height)
    columns, seen_columns = _overlap(whole.shape[1], resize.width)
    picture = whole.copy()
    picture[rows, columns] = seen[seen_rows, seen_columns]
    return picture


def _overlap(size: int, wanted: int) -> tuple[slice, slice]:
    """Along one side: what of the whole the cut leaves, and where that is in what is cut out."""
    start = offset(size, wanted)
    if size < wanted:
        return slice(0, size), slice(-start, size - start)
    return slice(start, start + wanted), slice(0, wanted)
