"""(upright RGB picture, Resize) => picture of the network's size, bit for bit as torchvision and timm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from headstart.images.passes import offset, resize_centre

if TYPE_CHECKING:
    from headstart.images.resize import Resize
    from headstart.images.upright import Box

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}
_MAX_RESIZED_PIXELS = 50_000_000
_LONGEST = 64  # times the short side; what lies further out is never inside the centre crop


def fit(picture: Image.Image, resize: Resize, box: Box | None = None) -> Image.Image:
    """Resize and cut, or pad.

    Args:
        picture: RGB, upright.
        resize: what comes out is `resize.width` x `resize.height`.
        box: the part of `picture` that is the photo (a JPEG decoded at an eighth of its size may end
            within a pixel); None: all of it.

    Example:
        >>> from headstart.images.resize import Resize
        >>> fit(Image.new("RGB", (400, 300)), Resize(224, 224, 256)).size
        (224, 224)
    """
    size = resized_size(picture.size, resize)
    if size[0] * size[1] > _MAX_RESIZED_PIXELS and resize.mode == "crop":
        picture, box = _middle_of_long(picture), None
        size = resized_size(picture.size, resize)
    filter_ = FILTERS[resize.interpolation]
    centre = resize_centre(picture, size, (resize.width, resize.height), filter_, box)
    return _centre(picture.resize(size, filter_, box), resize) if centre is None else centre


def resized_size(size: tuple[int, int], resize: Resize) -> tuple[int, int]:
    """Width and height that a picture of this width and height is resized to, before cutting.

    Example:
        >>> from headstart.images.resize import Resize
        >>> resized_size((500, 375), Resize(224, 224, 256))
        (341, 256)
    """
    width, height = size
    scale_width, scale_height = _scale_size(resize)
    if resize.mode == "squash":
        return scale_width, scale_height
    if resize.mode == "crop" and resize.width == resize.height:
        # torchvision's Resize(int): the long side is cut off, not rounded
        short, long = sorted(size)
        new_long = int(resize.short_side * long / short)
        return (resize.short_side, new_long) if width <= height else (new_long, resize.short_side)
    # timm's ResizeKeepRatio
    ratios = width / scale_width, height / scale_height
    ratio = max(ratios) if resize.mode == "pad" else min(ratios)
    return max(1, round(width / ratio)), max(1, round(height / ratio))


def _scale_size(resize: Resize) -> tuple[int, int]:
    """The size before the centre is cut out: timm's `scale_size`, whose short side is `short_side`."""
    short = min(resize.width, resize.height)
    return resize.width * resize.short_side // short, resize.height * resize.short_side // short


def _centre(picture: Image.Image, resize: Resize) -> Image.Image:
    left, top = offset(picture.width, resize.width), offset(picture.height, resize.height)
    if left < 0 or top < 0:
        page = Image.new("RGB", (resize.width, resize.height), resize.fill)
        page.paste(picture, (-left, -top))
        return page
    return picture.crop((left, top, left + resize.width, top + resize.height))


def _middle_of_long(picture: Image.Image) -> Image.Image:
    longest = min(picture.size) * _LONGEST
    width, height = min(picture.width, longest), min(picture.height, longest)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
