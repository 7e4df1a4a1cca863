"""(a changed photo) => one of 8 bits that is no further from the photo: what a PNG file can hold."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.constraints import Norm

LEVELS = 255


def on_lattice(changed: Tensor, photo: Tensor, norm: Norm | None = None, radius: float = 0.0) -> Tensor:
    """Round to whole 255ths without leaving the ball.

    Values are rounded, not cut off. In "linf" the radius is rounded down to whole 255ths; in "l2", if
    rounding has made the change too long, those values that rounding moved outwards furthest go one 255th
    back, until the change fits.

    Args:
        changed: (1, 3, h, w) in [0, 1].
        photo: (1, 3, h, w), whole 255ths themselves.
        norm: of the ball; None: there is none.
        radius: of the ball.

    Returns:
        (1, 3, h, w): k / 255 with whole k, as a decoder gives them, bit for bit.

    Example:
        >>> photo = torch.full((1, 3, 1, 1), 100 / 255)
        >>> (255 * on_lattice(photo + 3.4 / 255, photo, "linf", 3.4 / 255)).flatten().tolist()
        [103.0, 103.0, 103.0]
    """
    origin = levels(photo)
    change = changed.double() * LEVELS - origin
    if norm == "linf":
        most = floor(radius * LEVELS + 1e-6)
        whole = change.round().clamp(-most, most)
    elif norm == "l2":
        whole = _within(change, change.round(), radius * LEVELS)
    else:
        whole = change.round()
    return ((origin + whole).clamp(0, LEVELS).float() / LEVELS).contiguous()


def levels(pixels: Tensor) -> Tensor:
    """Values in [0, 1] => the nearest whole 255ths, 0 to 255, as float64.

    Example:
        >>> levels(torch.tensor([0.0, 0.5, 1.0])).tolist()
        [0.0, 128.0, 255.0]
    """
    return (pixels.double() * LEVELS).round()


def _within(exact: Tensor, whole: Tensor, radius: float) -> Tensor:
    """Take back some of the rounding outwards until the length is no more than `radius`."""
    excess = float(whole.square().sum()) - radius**2
    if excess <= 0:
        return whole
    flat, size = whole.flatten().clone(), whole.abs().flatten()
    outwards = size - exact.abs().flatten()
    order = torch.argsort(outwards, descending=True, stable=True)
    # A value of size s that goes back by one takes 2 s - 1 off the squared length
    gains = torch.where(outwards > 0, 2 * size - 1, 0.0)[order].cumsum(0)
    needed = int(torch.searchsorted(gains, excess - 1e-9)) + 1
    back = order[:needed]
    back = back[outwards[back] > 0]
    flat[back] -= flat[back].sign()
    return flat.view_as(whole)
