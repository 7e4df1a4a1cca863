"""Made-up photos that are not alike, in classes that a colour tells apart."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

TINTS = {"red": (1.0, 0.3, 0.3), "blue": (0.3, 0.3, 1.0)}


def scene(seed: int, tint=(1.0, 1.0, 1.0)) -> Image.Image:
    """Patches of light and shadow with fine detail on them, 300 x 220."""
    draw = np.random.default_rng(seed)
    patches = Image.fromarray(draw.integers(60, 250, (7, 9), np.uint8)).resize(
        (300, 220), Image.Resampling.BICUBIC
    )
    detail = draw.normal(0, 25, (220, 300))
    light = np.clip(np.asarray(patches) + detail, 0, 255)[..., None]
    return Image.fromarray((light * np.array(tint)).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def write(folder: Path, each: int = 8, first: int = 0) -> Path:
    for place, (label, tint) in enumerate(TINTS.items()):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            data = jpeg(scene(first + 100 * place + number, tint))
            (folder / label / f"{number}.jpg").write_bytes(data)
    return folder


def half(file: Path) -> bytes:
    """A near copy: half the size, compressed again."""
    with Image.open(file) as picture:
        return jpeg(picture.resize((picture.width // 2, picture.height // 2)), 60)
