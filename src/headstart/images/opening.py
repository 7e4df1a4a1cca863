"""(bytes) => a Pillow picture whose header was judged and whose pixels were not touched yet."""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING

from headstart.images.fault import PhotoFault
from headstart.images.photo import Reason
from headstart.images.sniff import HEAD_BYTES, looks_like, other_picture, photo_format

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 100_000_000
MAX_JPEG_PIXELS = 250_000_000  # photos of 200-megapixel phones; JPEG decodes at a fraction of its size
MIN_SIDE = 8

# The allow-list. The plug-ins are called directly and not through `Image.open(formats=...)`, which
# would apply Pillow's own limit of 179 million pixels (the process-wide MAX_IMAGE_PIXELS, which is
# the user's) and would replace every message by "cannot identify image file".
_PLUGINS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "PPM": ("PIL.PpmImagePlugin", "PpmImageFile"),
    "HEIC": ("pillow_heif.as_plugin", "HeifImageFile"),
}
_REDUCED_COPY = 1  # bit of TIFF's NewSubfileType
_NEW_SUBFILE_TYPE, _DNG_VERSION = 254, 50706


def accepted_format(data: bytes) -> str:
    """Which of the accepted formats a file has.

    Args:
        data: the file, or at least its first 64 bytes.

    Returns:
        Pillow's name for it: "JPEG", "PNG", … or "HEIC".

    Raises:
        PhotoFault: EMPTY, NOT_AN_IMAGE or FORMAT_NOT_ACCEPTED.

    Example:
        >>> accepted_format(b"%PDF-1.7 ...")
        Traceback (most recent call last):
        headstart.images.fault.PhotoFault: not an image: it looks like a PDF
    """
    head = data[:HEAD_BYTES]
    if not head:
        raise PhotoFault(Reason.EMPTY, "the file has no bytes")
    kind = photo_format(head)
    if kind is not None:
        return kind
    other = other_picture(head)
    if other is not None:
        raise PhotoFault(Reason.FORMAT_NOT_ACCEPTED, f"{other} is not accepted; save it as JPEG or PNG")
    raise PhotoFault(Reason.NOT_AN_IMAGE, f"it looks like {looks_like(head)}")


def open_picture(data: bytes, kind: str) -> ImageFile:
    """Read the header and refuse what it already rules out; no pixels are decoded.

    Args:
        data: the whole file.
        kind: what `accepted_format` said.

    Raises:
        PhotoFault: TOO_MANY_PIXELS, TOO_SMALL, FORMAT_NOT_ACCEPTED or HEIC_NEEDS_EXTRA.
        Exception: whatever Pillow raises for a broken header.
    """
    picture = _plugin(kind)(io.BytesIO(data), "")
    _check_size(picture.size, MAX_JPEG_PIXELS if kind == "JPEG" else MAX_PIXELS)
    if kind == "TIFF":
        _refuse_raw(picture)
    return picture


def _plugin(kind: str) -> type[ImageFile]:
    module, name = _PLUGINS[kind]
    try:
        plugin: type[ImageFile] = getattr(import_module(module), name)
    except ImportError as error:
        if kind != "HEIC":
            raise
        detail = "to read photos in Apple's HEIC format: pip install 'headstart[heic]'"
        raise PhotoFault(Reason.HEIC_NEEDS_EXTRA, detail) from error
    return plugin


def _check_size(size: tuple[int, int], limit: int) -> None:
    width, height = size
    if width * height > limit:
        detail = f"{width:,} x {height:,} pixels; up to {limit // 1_000_000} million are decoded"
        raise PhotoFault(Reason.TOO_MANY_PIXELS, detail)
    if min(width, height) < MIN_SIDE:
        detail = f"{width:,} x {height:,} pixels; each side needs at least {MIN_SIDE}"
        raise PhotoFault(Reason.TOO_SMALL, detail)


def _refuse_raw(picture: ImageFile) -> None:
    """Cameras' raw files are TIFF files whose first picture is a tiny preview."""
    tags = getattr(picture, "tag_v2", {})
    subfile_type = tags.get(_NEW_SUBFILE_TYPE, 0)
    if _DNG_VERSION in tags or (isinstance(subfile_type, int) and subfile_type & _REDUCED_COPY):
        detail = "a camera's raw photo, of which only a preview could be read; save it as JPEG"
        raise PhotoFault(Reason.FORMAT_NOT_ACCEPTED, detail)
