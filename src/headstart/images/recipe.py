"""(nothing) => the name of everything here that can change a pixel; cheap to import: no decoder is loaded."""

from __future__ import annotations

import PIL
from PIL import _imaging

_TURBO = getattr(_imaging, "libjpeg_turbo_version", None)

DECODE_RECIPE = f"1, Pillow {PIL.__version__}, libjpeg-turbo {_TURBO}"
"""Everything in this folder that can change a pixel; part of the key of each stored feature.

Raise the first number with any change to what comes out.
"""
