"""(picture, its EXIF data) => the picture as a person sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL.Image import Transpose

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Box = tuple[float, float, float, float]

UNREADABLE = "EXIF orientation can't be read: taken as upright"

_ORIENTATION = 0x0112
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def orientation(picture: ImageFile) -> tuple[int, str | None]:
    """The EXIF orientation, 1 to 8, and a note where it could not be read or is not valid."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken EXIF data raises anything; the picture is still good
        return 1, UNREADABLE
    if isinstance(value, int) and 1 <= value <= 8:
        return value, None
    return 1, UNREADABLE


def swaps_sides(turn: int) -> bool:
    """Whether this orientation makes the width the height."""
    return turn >= 5


def upright(picture: Image, turn: int) -> Image:
    """The picture with an EXIF orientation (1 to 8) applied."""
    return picture if turn == 1 else picture.transpose(_TURNS[turn])


def upright_box(box: Box, size: tuple[int, int], turn: int) -> Box:
    """Where a box of the stored picture lies in the upright one.

    Args:
        box: left, top, right, bottom, in the stored picture.
        size: width and height of the stored picture.
        turn: EXIF orientation, 1 to 8.

    Example:
        >>> upright_box((0, 0, 30, 20), (31, 21), 3)
        (1, 1, 31, 21)
    """
    x1, y1 = _upright_point(box[0], box[1], size, turn)
    x2, y2 = _upright_point(box[2], box[3], size, turn)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _upright_point(x: float, y: float, size: tuple[int, int], turn: int) -> tuple[float, float]:
    width, height = size
    if turn in {2, 3, 7, 8}:
        x = width - x
    if turn in {3, 4, 6, 7}:
        y = height - y
    return (y, x) if swaps_sides(turn) else (x, y)
