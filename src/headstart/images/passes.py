"""(picture, its size after resizing, a smaller size) => the centre of the resized picture, and nothing else.

Pillow resizes in two passes, first along the rows, then along the columns, and rounds to 8 bits in
between. The passes can be asked for one by one, and what the cut throws away need not be computed:
the bits are those of `picture.resize(...).crop(...)`, for a sixth less time.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import PIL
from PIL.Image import Resampling

if TYPE_CHECKING:
    from PIL.Image import Image

    from headstart.images.upright import Box

    Size = tuple[int, int]

KNOWN_PILLOW = ("13.0.",)
"""Versions whose order of passes `_columns_first` knows; with others everything is left to Pillow.

To add one, see whether tests/images/test_passes.py passes with it.
"""

_EXACT = 2**24  # numbers of Pillow's boxes have this many steps


def resize_centre(
    picture: Image, size: Size, wanted: Size, resampling: Resampling, box: Box | None = None
) -> Image | None:
    """Resize and cut the centre out, bit for bit as Pillow does it in full.

    Args:
        picture: 8 bits per channel, without transparency.
        size: width and height to which all of it is resized.
        wanted: width and height of the centre.
        resampling: Pillow's filter.
        box: as in `Image.resize`.

    Returns:
        None where Pillow's own way has to be taken: nothing is cut, something is missing at a
        border, the passes are in the other order, or this Pillow is not known.

    Example:
        >>> from PIL import Image
        >>> picture = Image.linear_gradient("L").resize((50, 40))
        >>> centre = resize_centre(picture, (40, 32), (28, 28), Resampling.BICUBIC)
        >>> in_full = picture.resize((40, 32), Resampling.BICUBIC).crop((6, 2, 34, 30))
        >>> centre.tobytes() == in_full.tobytes()
        True
    """
    inside = size != wanted and size[0] >= wanted[0] and size[1] >= wanted[1]
    whole = box is None or box == (0, 0, *picture.size)
    if not (inside and whole and PIL.__version__.startswith(KNOWN_PILLOW)):
        return None
    if resampling == Resampling.NEAREST or _columns_first(picture.size, size):
        return None
    left, right = _cut(size[0], wanted[0])
    narrow = _rows(picture, size[0], left, right, resampling)
    top, bottom = _cut(size[1], wanted[1])
    return _columns(narrow, size[1], top, bottom, resampling)


def offset(size: int, wanted: int) -> int:
    """Where the centre begins along one side; negative: how much is missing before the picture.

    Example:
        >>> offset(256, 224), offset(341, 224), offset(20, 25)
        (16, 58, -2)
    """
    return -((wanted - size) // 2) if size < wanted else round((size - wanted) / 2)


def _cut(size: int, wanted: int) -> tuple[int, int]:
    start = offset(size, wanted)
    return start, start + wanted


def _columns_first(old: Size, new: Size) -> bool:
    """Whether Pillow 13 begins with the columns: the height loses more than twice what the width does."""
    return new[1] < old[1] and old[1] - new[1] > 2 * (old[0] - new[0])


def _rows(picture: Image, new: int, left: int, right: int, resampling: Resampling) -> Image:
    """Resize the width to `new`, and keep what lies between `left` and `right` of it."""
    old, height = picture.size
    if new == old:
        return picture.crop((left, 0, right, height))
    if _is_exact(old, new):
        box = (left * old / new, 0, right * old / new, height)
        return picture.resize((right - left, height), resampling, box)
    return picture.resize((new, height), resampling).crop((left, 0, right, height))


def _columns(picture: Image, new: int, top: int, bottom: int, resampling: Resampling) -> Image:
    """Resize the height to `new`, and keep what lies between `top` and `bottom` of it."""
    width, old = picture.size
    if new == old:
        return picture.crop((0, top, width, bottom))
    if _is_exact(old, new):
        box = (0, top * old / new, width, bottom * old / new)
        return picture.resize((width, bottom - top), resampling, box)
    return picture.resize((width, new), resampling).crop((0, top, width, bottom))


def _is_exact(old: int, new: int) -> bool:
    """Whether nothing is rounded where Pillow places a part's pixels, so that they have the whole's weights.

    Pillow takes boxes as 32-bit floats and computes in 64 bits: that is exact if `old / new` has a
    power of two below the line, as every size has that is resized to 256.
    """
    below = new // gcd(old, new)
    return below & (below - 1) == 0 and old * below < _EXACT
