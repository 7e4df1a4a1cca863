"""(photo, result) => one picture of photo, difference and result, so that a person sees what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.pixels.attacks.settings import show_epsilon
from headstart.report.sheet import Tile, sheet
from headstart.tasks.attacks.files import JPEG_QUALITY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from headstart.tasks.attacks.facts import Attacked
    from headstart.tasks.attacks.files import Said

_SIDE = 320
_GREY = 128


def attack_picture(attacked: Attacked) -> Image:
    """Draw photo, difference and result side by side, as the network sees them."""
    amplified, times = amplify(attacked.photo_seen, attacked.result_seen)
    largest = show_epsilon(attacked.linf, "linf")
    tiles = [
        Tile(attacked.photo_seen, f"photo\n{_words(attacked.before)}"),
        Tile(amplified, f"difference x {times} (grey: none)\nlargest {largest}, length {attacked.l2:.3g}"),
        Tile(attacked.result_seen, f"result, read from its file\n{_words(attacked.after)}"),
    ]
    return sheet([tiles], side=_SIDE, heading=_heading(attacked), note=_note(attacked))


def amplify(photo: NDArray[np.uint8], result: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The difference around grey, as many times as fit.

    Example:
        >>> photo = np.full((1, 1, 3), 100, np.uint8)
        >>> picture, times = amplify(photo, photo + np.uint8(8))
        >>> int(picture[0, 0, 0]), times
        (248, 15)
    """
    change = result.astype(int) - photo
    times = max(1, (255 - _GREY) // max(1, int(abs(change).max())))
    return np.clip(_GREY + times * change, 0, 255).astype(np.uint8), times


def _heading(attacked: Attacked) -> str:
    wanted = "anything else" if attacked.target is None else attacked.target
    done = "" if attacked.success else " (did not succeed)"
    return f"{attacked.before.label} to {wanted}{done}"


def _note(attacked: Attacked) -> str:
    return (
        f"{attacked.method_words}, network {attacked.network}; "
        f"as JPEG of quality {JPEG_QUALITY} the result is {_words(attacked.after_jpeg)}"
    )


def _words(said: Said) -> str:
    return f"{said.label} {100 * said.probability:.1f} %"
