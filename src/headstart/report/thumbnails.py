"""PIXELS -> DATA URI: small pictures that stand inside the page itself."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UsageError


def thumbnail(pixels: NDArray[np.uint8], side: int = 160) -> str:
    """A small JPEG of decoded pixels, as a data URI for an `img`.

    Only the pixels go in: place, camera and date of the photo's file can't come along.

    Args:
        pixels: (h, w, 3) in 0..255, upright.
        side: the longer side of the result, in pixels; smaller photos keep their size.

    Raises:
        UsageError: pixels of another shape or kind, or a side below 1.

    Example:
        >>> thumbnail(np.zeros((300, 400, 3), np.uint8))[:23]
        'data:image/jpeg;base64,'
    """
    from PIL import Image

    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0 or side < 1:
        raise UsageError(
            f"a thumbnail was asked of {pixels.dtype} pixels {pixels.shape} with side {side}; "
            "expected uint8 (height, width, 3) and a side of at least 1"
        )
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
