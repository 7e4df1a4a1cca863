"""Pictures and comparisons that the adapters' tests share."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image

from headstart.backbones.base import normalised
from headstart.backbones.spec import Preprocessing
from headstart.images.decode import decode

SIZES = ((150, 190), (181, 121), (224, 224))


def picture(height: int, width: int) -> Image.Image:
    """A smooth random RGB picture."""
    rough = np.random.default_rng(height).integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


def as_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def entering(image: Image.Image, preprocessing: Preprocessing) -> torch.Tensor:
    """What enters the network for a PNG file, by our own way: decode, resize, normalise."""
    pixels = torch.from_numpy(decode(as_png(image), preprocessing.resize).pixels.copy())
    return normalised(pixels.permute(2, 0, 1)[None].float() / 255, preprocessing)[0]
