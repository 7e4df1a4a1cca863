"""(three uncorrelated numbers for each place) <=> red, green and blue as photos mix them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_MIXING = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""Square root of the covariance of ImageNet's colours (Olah, Mordvintsev and Schubert, Feature
Visualization, 2017; the values that their library lucid uses)."""


def correlated(values: Tensor) -> Tensor:
    """Uncorrelated numbers => colours: in photos red, green and blue mostly rise and fall together.

    The mixing matrix is divided by its largest column norm, so that no number is made larger.

    Args:
        values: (n, 3, h, w), of any range: brightness, then blue to red, then green to purple.

    Returns:
        (n, 3, h, w), red, green and blue, not bounded.

    Example:
        >>> brightness = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> [round(value, 2) for value in correlated(brightness).flatten().tolist()]
        [0.56, 0.58, 0.58]
    """
    return torch.einsum("rc,nchw->nrhw", _matrix(values), values)


def uncorrelated(colours: Tensor) -> Tensor:
    """The inverse of `correlated`.

    Example:
        >>> colours = torch.rand(1, 3, 2, 2)
        >>> torch.allclose(correlated(uncorrelated(colours)), colours, atol=1e-5)
        True
    """
    return torch.einsum("rc,nchw->nrhw", torch.linalg.inv(_matrix(colours)), colours)


def _matrix(like: Tensor) -> Tensor:
    mixing = like.new_tensor(_MIXING)
    scaled: Tensor = mixing / torch.linalg.vector_norm(mixing, dim=0).max()
    return scaled
