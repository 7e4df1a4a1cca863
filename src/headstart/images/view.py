"""(upright photo, seed) => one augmented view of it: a part, maybe mirrored, with slightly other colours."""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageEnhance

from headstart.images.fit import FILTERS
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from headstart.images.upright import Box

_ASPECT = 4 / 3
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much views differ from their photo.

    Attributes:
        least_area: smallest share of the photo's area that a view shows, above 0, at most 1 (random resized
            crop, Szegedy et al. 2015; its sides' ratio varies from 3:4 to 4:3).
        mirror: half of the views are mirrored, left to right.
        colour: brightness, contrast and saturation each vary by up to this share, 0 to below 1.
    """

    least_area: float = 0.35
    mirror: bool = True
    colour: float = 0.2

    def words(self) -> str:
        """What it is, as text that changes with every setting.

        Example:
            >>> Augmentation().words()
            'area 0.35, mirror True, colour 0.2'
        """
        return f"area {self.least_area:g}, mirror {self.mirror}, colour {self.colour:g}"


@dataclass(frozen=True, slots=True)
class View:
    """Which of its views each photo shows: chance comes from the seed, the photo's bytes and the number.

    Attributes:
        augmentation: how much views differ.
        seed: of the whole run, 0 or more.
        number: another number, another view.
    """

    augmentation: Augmentation
    seed: int
    number: int

    def request(self, sha256: str) -> dict[str, Any]:
        """What a decoding process is asked for one photo, as JSON values."""
        return {**asdict(self.augmentation), "seed": f"{self.seed}:{sha256}:{self.number}"}

    def words(self) -> str:
        """What it is, as text that changes with every setting.

        Example:
            >>> View(Augmentation(), 0, 3).words()
            'view 3 of seed 0 (area 0.35, mirror True, colour 0.2)'
        """
        return f"view {self.number} of seed {self.seed} ({self.augmentation.words()})"


def needed(resize: Resize, augmentation: Augmentation) -> Resize:
    """The size of the whole photo at which its smallest part still has the pixels that a view has."""
    side = math.ceil(max(resize.height, resize.width) / math.sqrt(augmentation.least_area))
    return Resize(side, side, side, resize.interpolation)


def random_part(size: tuple[float, float], least_area: float, chance: random.Random) -> Box:
    """Left, top, right, bottom of a part of a picture of this width and height, in pixels.

    Where a picture is so long that no attempt fits, the largest middle of an allowed shape is taken.

    Example:
        >>> random_part((400, 300), 1.0, random.Random(0))
        (0.0, 0.0, 400.0, 300.0)
    """
    width, height = size
    for _ in range(_ATTEMPTS):
        area = width * height * chance.uniform(least_area, 1.0)
        aspect = math.exp(chance.uniform(-math.log(_ASPECT), math.log(_ASPECT)))
        wide, high = math.sqrt(area * aspect), math.sqrt(area / aspect)
        if wide <= width and high <= height:
            left, top = chance.uniform(0, width - wide), chance.uniform(0, height - high)
            return left, top, left + wide, top + high
    wide, high = min(width, height * _ASPECT), min(height, width * _ASPECT)
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def augmented(
    picture: Image.Image, resize: Resize, augmentation: Augmentation, seed: str, box: Box | None = None
) -> Image.Image:
    """A view of a picture, `resize.width` x `resize.height`.

    Args:
        picture: RGB, upright, of any size.
        resize: size and interpolation; what it says of cutting is for plain pictures.
        augmentation: how much the view may differ.
        seed: the same text, the same view.
        box: the part of `picture` that is the photo; None: all of it.

    Example:
        >>> from headstart.images.resize import Resize
        >>> augmented(Image.new("RGB", (400, 300)), Resize(224, 224, 256), Augmentation(), "0:photo:1").size
        (224, 224)
    """
    chance = random.Random(seed)  # noqa: S311 - chance for training, not for secrets
    left, top, right, bottom = (0, 0, *picture.size) if box is None else box
    part = random_part((right - left, bottom - top), augmentation.least_area, chance)
    part = (left + part[0], top + part[1], min(left + part[2], right), min(top + part[3], bottom))
    view = picture.resize((resize.width, resize.height), FILTERS[resize.interpolation], part)
    if augmentation.mirror and chance.random() < 0.5:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if augmentation.colour:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            view = enhance(view).enhance(1 + chance.uniform(-augmentation.colour, augmentation.colour))
    return view
