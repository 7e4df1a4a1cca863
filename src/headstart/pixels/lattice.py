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

    Values are rounded. In "linf" the radius is rounded down to whole 255ths; in "l2" as many values are
    rounded outwards as the length allows, those with the largest remainders first.

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
        whole = _within(change, radius * LEVELS)
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


def _within(exact: Tensor, radius: float) -> Tensor:
    """Whole changes that spend the ball: cut off towards 0, then pushed outwards, largest remainders first.

    Plain rounding would lose every change below half a level, which in a small ball are most of them. The
    result is no longer than the exact change, or than its rounding where that fits.
    """
    size = exact.abs().flatten()
    least = size.floor()
    limit = min(radius, max(float(exact.norm()), float(exact.round().norm()))) ** 2
    order = torch.argsort(size - least, descending=True, stable=True)
    order = order[(size > least)[order]]
    # A value of size s that goes out by one adds 2 s + 1 to the squared length.
    costs = (2 * least + 1)[order].cumsum(0) + least.square().sum()
    least[order[: int(torch.searchsorted(costs, limit + 1e-9, right=True))]] += 1
    return (exact.flatten().sign() * least).view_as(exact)
