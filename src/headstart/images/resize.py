"""(picture of any size) => (picture of the backbone's input size), as the frameworks do it in Pillow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]


@dataclass(frozen=True, slots=True)
class Resize:
    """How a picture comes to a network's input size.

    Attributes:
        height: of the result, pixels.
        width: of the result, pixels.
        short_side: the picture's short side after resizing, before the centre crop (mode "crop").
        interpolation: Pillow's filter, antialiased as Pillow always does.
        mode: "crop": short side to `short_side`, then the centre (torchvision, timm's default);
            "squash": both sides, the shape is not kept; "pad": long side fits, borders filled.
            In these two, `short_side` larger than the result means that the centre is cut out.
        fill: colour of the borders, 0-255, where the picture does not cover the result.
    """

    height: int
    width: int
    short_side: int
    interpolation: Interpolation = "bilinear"
    mode: Literal["crop", "squash", "pad"] = "crop"
    fill: tuple[int, int, int] = (0, 0, 0)
