"""(the framework's preprocess_input) => mean, std and the order of colours, found by trying it on colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable

    Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Colours:
    """How pixels become a network's numbers, for pixels in [0, 1].

    Attributes:
        mean: subtracted per RGB channel.
        std: divided by per RGB channel, afterwards.
        bgr: the network takes blue first.
    """

    mean: Triple
    std: Triple
    bgr: bool


def colours_of(preprocess_input: Callable[[Any], Any]) -> Colours:
    """Find out what a `preprocess_input` does to the colours of pixels from 0 to 255.

    Args:
        preprocess_input: takes and gives (n, h, w, 3).

    Raises:
        BackboneError: it is more than a factor and a shift for each channel.

    Example:
        >>> colours_of(lambda pixels: pixels / 127.5 - 1)
        Colours(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), bgr=False)
    """

    def tried(*colour: float) -> np.ndarray:
        # A new array each time: Keras's own functions write into what they are given.
        given = np.array(colour, np.float32).reshape(1, 1, 1, 3)
        return np.asarray(preprocess_input(given), np.float64).reshape(3)

    black = tried(0, 0, 0)
    slopes = np.stack([tried(*(255.0 * np.eye(3)[channel])) - black for channel in range(3)])
    bgr = bool(slopes[0, 2] != 0)
    factors = np.diag(slopes[:, ::-1] if bgr else slopes)
    shift = black[::-1] if bgr else black
    expected = np.diag(factors)[:, ::-1] if bgr else np.diag(factors)
    halfway = tried(127.5, 127.5, 127.5)
    middle = (shift + factors / 2)[::-1] if bgr else shift + factors / 2
    if not factors.all() or not np.allclose(slopes, expected) or not np.allclose(halfway, middle, atol=1e-3):
        raise BackboneError("its preprocess_input is more than a factor and a shift for each colour")
    return Colours(_triple(-shift / factors), _triple(1 / factors), bgr)


def _triple(values: np.ndarray) -> Triple:
    # float32 made the last digits: 0.485 is meant, not 0.48500001.
    red, green, blue = (float(f"{value:.7g}") + 0.0 for value in values)  # and 0, not -0
    return red, green, blue
