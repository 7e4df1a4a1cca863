"""(looks of photos) => those that are hard to see anything on: dark, bright, blurred, blank, tiny.

The limits stand where few good photos are and most spoilt ones. Of good photos these were flagged:
cats-vs-dogs 1 bright and 3 blurred of 600, pets-37 1 blurred of 370, aerial 2 dark of 420, PACS 1 bright
cartoon of 210 and no photo or sketch of 420, ants-bees none of 200; of one photo each of ImageNet's 1,000
classes 9 dark (a lit thing before black), 3 bright, 1 blurred, 1 small. Of copies blurred by 1.5 % of their
shorter side 97 of 100 are found, of copies with a quarter of the light 87 to 96, of copies faded to 15 %
all 60; of copies with four times the light 10 of 60 only, as most of them still show something black.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.look import LOOK_SIDE
from headstart.tasks.doctoring.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.images.look import Look
    from headstart.images.photo import Hashed

DARK, BRIGHT = 0.16, 0.85
LIT = 0.15
"""With more contrast it is a lit thing before black or white paper, and not badly exposed."""
WHITE, STROKES, CLEAR = 0.65, 1.7, 0.12
"""With so much near-white on it, so sharp lines or so much contrast make a drawing on white paper, which is
as it should be. Without this rule 88 of 210 sketches were called very bright."""
SHARP = 0.2
CONTRAST = 0.015
SIDE = 64


def hard_to_see(hashed: Sequence[Hashed], looks: Mapping[str, Look]) -> list[Finding]:
    """Find photos on which little can be seen; of a blank one nothing else is said.

    Args:
        hashed: the photos.
        looks: by the SHA-256 of their bytes; photos without one are passed over.
    """
    found = []
    for each in hashed:
        look = looks.get(each.sha256)
        if look is not None:
            found += [
                Finding(kind, (each.photo.name,), sentence, score, label=each.photo.label)
                for kind, sentence, score in faults(look)
            ]
    return found


def faults(look: Look) -> list[tuple[str, str, float]]:
    """The faults of one photo: kind, sentence, how bad.

    Example:
        >>> import numpy as np
        >>> from headstart.images.look import Look
        >>> faults(Look(0.1, 0.9, 0.0, 0.1, 0.1, 0.1, 50, 400, np.zeros((32, 32), np.float32)))[0][:2]
        ('dark', 'mean brightness 10 %')
    """
    small = [("small", f"{look.width} x {look.height} pixels", -look.short_side)]
    small = small if look.short_side < SIDE else []
    if look.contrast < CONTRAST:
        size = f", {look.width} x {look.height} pixels" if small else ""
        return [("uniform", f"contrast {100 * look.contrast:.1f} %{size}", -look.contrast)]
    found: list[tuple[str, str, float]] = []
    if look.brightness < DARK and look.contrast < LIT:
        found.append(("dark", f"mean brightness {100 * look.brightness:.0f} %", -look.brightness))
    if look.brightness > BRIGHT and look.contrast < LIT and not _drawn(look):
        found.append(("bright", f"mean brightness {100 * look.brightness:.0f} %", look.brightness))
    # A photo smaller than its look was enlarged for it, and enlarged photos are soft.
    if look.sharpness < SHARP and look.short_side >= LOOK_SIDE:
        found.append(
            ("blurred", f"sharpness {look.sharpness:.2f}; most photos have 0.4 or more", -look.sharpness)
        )
    return [*found, *small]


def _drawn(look: Look) -> bool:
    return look.bright >= WHITE and (look.sharpness >= STROKES or look.contrast >= CLEAR)
