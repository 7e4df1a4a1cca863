"""(picture in any of Pillow's modes) => (picture in RGB), as a person sees it on a white page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

# numpy is loaded where it is needed, by rare kinds of photos: it is half of a worker's time to start
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRETCHED = "values outside 0-255: scaled from the photo's own minimum and maximum"
UNIT_RANGE = "values between 0 and 1: scaled to 0-255"

_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_WHITE_IS_ZERO = 0


def to_rgb(picture: Image.Image) -> tuple[Image.Image, str | None]:
    """Convert a loaded picture, and say what people should know about it.

    16 bits are scaled (Pillow's own conversion cuts them off), transparent parts show a white page.
    Colour profiles are not applied, as in torchvision and timm.
    """
    if picture.mode.startswith("I;16"):
        return _from_16_bits(picture), None
    if picture.mode in {"I", "F"}:
        return _from_wide(picture)
    if picture.has_transparency_data:
        return _on_white(picture.convert("RGBA")), None
    return (picture if picture.mode == "RGB" else picture.convert("RGB")), None  # convert would copy it


def repair_png_key(picture: Image.Image, data: bytes) -> None:
    """Bring a PNG's transparent colour to the 8 bits of the pixels; Pillow keeps the file's own depth.

    Args:
        picture: opened from `data`.
        data: a PNG file; its header says the depth.
    """
    key, depth = picture.info.get("transparency"), data[24]
    if isinstance(key, tuple) and depth == 16:
        picture.info["transparency"] = tuple(value >> 8 for value in key)
    elif isinstance(key, int) and picture.mode == "L" and depth < 8:
        picture.info["transparency"] = key * (255 // (2**depth - 1)) & 255


def _on_white(picture: Image.Image) -> Image.Image:
    page = Image.new("RGB", picture.size, (255, 255, 255))
    page.paste(picture, mask=picture)
    return page


def _from_16_bits(picture: Image.Image) -> Image.Image:
    import numpy as np

    values: NDArray[np.uint16] = np.asarray(picture)
    grey = (values >> (_declared_bits(picture) - 8)).astype(np.uint8)
    if _tags(picture).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        grey = 255 - grey
    key = picture.info.get("transparency")
    if isinstance(key, int):
        grey[values == key] = 255
    return Image.fromarray(grey).convert("RGB")


def _from_wide(picture: Image.Image) -> tuple[Image.Image, str | None]:
    """32-bit integers and floats have no declared white, except in PGM, where Pillow gives 16 bits."""
    import numpy as np

    values = np.asarray(picture)
    if picture.format == "PPM" and picture.mode == "I":
        return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB"), None
    grey, note = _to_bytes(values.astype(np.float32))
    return Image.fromarray(grey).convert("RGB"), note


def _to_bytes(values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], str | None]:
    import numpy as np

    finite = np.isfinite(values)
    low, high = values.min(where=finite, initial=np.inf), values.max(where=finite, initial=-np.inf)
    values[~finite] = low if np.isfinite(low) else 0
    if low >= 0 and high <= 255 and (high > 1 or np.array_equal(values, np.rint(values))):
        return np.rint(values).astype(np.uint8), None
    if low >= 0 and high <= 1:
        return np.rint(values * np.float32(255)).astype(np.uint8), UNIT_RANGE
    spread = float(high) - float(low)
    values -= low
    values *= np.float32(255 / spread if spread > 0 else 0)
    return np.rint(values).clip(0, 255).astype(np.uint8), STRETCHED


def _declared_bits(picture: Image.Image) -> int:
    bits = _tags(picture).get(_BITS_PER_SAMPLE, (16,))
    return min(max(int(bits[0]), 8), 16)


def _tags(picture: Image.Image) -> Any:
    return getattr(picture, "tag_v2", {})
