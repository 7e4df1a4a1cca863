"""(pictures that scikit-image and scikit-learn carry) => tiles to learn from and to ask about, strangers.

The classes are surfaces, because any patch of gravel is gravel, while a patch of a cat's photo may be wall;
the cat is a stranger. The upper part of each picture is learned from and the lower part asked about, with a
strip between them that belongs to neither, so that no pixel, no block of a JPEG and no interpolation is
shared. Colour and exposure would give the answer away (mean and spread of a tile's grey are enough for 77 %
of right answers, after evening out for 29 %): everything is grey, and each part is evened out by itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.storage.atomic import atomic_write
from headstart.storage.faults import storage_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TRAIN, TEST, UNKNOWN = "surfaces", "surfaces-test", "unknown"  # folders; the report is titled after the first
SIDE = 64  # pixels; the same for every class, or sharpness would tell them apart
GAP = 16  # rows between the parts; no block of a JPEG is taller
LEARNED, ASKED = 6, 12  # tiles of a class at most, spread evenly over its part
_MEAN, _SPREAD = 128, 50  # of the evened grey values

_SKIMAGE, _SKLEARN = ("skimage", "data"), ("sklearn", "datasets/images")
SURFACES = {
    "brick": (*_SKIMAGE, "brick.png"),
    "coins": (*_SKIMAGE, "coins.png"),
    "galaxies": (*_SKIMAGE, "hubble_deep_field.jpg"),
    "grass": (*_SKIMAGE, "grass.png"),
    "gravel": (*_SKIMAGE, "gravel.png"),
    "handwriting": (*_SKIMAGE, "text.png"),
    "moon": (*_SKIMAGE, "moon.png"),
    "print": (*_SKIMAGE, "page.png"),
    "tissue": (*_SKIMAGE, "ihc.png"),
}
STRANGERS = {
    "astronaut": (*_SKIMAGE, "astronaut.png"),
    "cat": (*_SKIMAGE, "chelsea.png"),
    "coffee": (*_SKIMAGE, "coffee.png"),
    "flower": (*_SKLEARN, "flower.jpg"),
    "retina": (*_SKIMAGE, "retina.jpg"),
    "rocket": (*_SKIMAGE, "rocket.jpg"),
    "temple": (*_SKLEARN, "china.jpg"),
}


def demo_pictures() -> dict[str, NDArray[np.uint8]]:
    """Make every picture of the demo, by its place in the demo's folder of photos.

    Returns:
        `surfaces/CLASS/NN.png` to learn from and `surfaces-test/CLASS/NN.png` to ask about, grey uint8
        (64, 64); `unknown/NAME.png`, whole pictures of what no class is, grey uint8 (height, width).

    Raises:
        UsageError: a package is not installed, or no longer carries a picture.

    Example:
        >>> pictures = demo_pictures()
        >>> pictures["surfaces/brick/00.png"].shape
        (64, 64)
        >>> sum(name.startswith("surfaces/") for name in pictures)
        54
    """
    return dict(_pictures())


def _pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    for label, where in SURFACES.items():
        upper, lower = parts(grey_picture(*where))
        for part, region, most in ((TRAIN, upper, LEARNED), (TEST, lower, ASKED)):
            for number, tile in enumerate(_spread(_tiles(evened(region)), most)):
                yield f"{part}/{label}/{number:02}.png", tile
    for name, where in STRANGERS.items():
        yield f"{UNKNOWN}/{name}.png", evened(grey_picture(*where))


def parts(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Divide a picture into the part to learn from and the part to ask about, `GAP` rows apart.

    Args:
        picture: grey (height, width), at least two tiles and the gap high.

    Returns:
        The upper and the lower part, each a whole number of tiles high.

    Example:
        >>> upper, lower = parts(np.zeros((160, 64), dtype=np.uint8))
        >>> upper.shape, lower.shape
        ((64, 64), (64, 64))
    """
    rows = (len(picture) - GAP) // SIDE
    middle = rows // 2 * SIDE
    return picture[:middle], picture[middle + GAP : rows * SIDE + GAP]


def evened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a picture to the brightness and contrast that all have.

    Example:
        >>> evened(np.array([[10, 12]], dtype=np.uint8)).tolist()
        [[78, 178]]
    """
    grey = picture.astype(np.float64)
    scaled = (grey - grey.mean()) / max(grey.std(), 1.0) * _SPREAD + _MEAN
    return np.asarray(np.clip(scaled.round(), 0, 255), dtype=np.uint8)


def grey_picture(package: str, folder: str, name: str) -> NDArray[np.uint8]:
    """Read a picture that an installed package carries, without importing the package.

    Args:
        package: as it is imported.
        folder: inside the package.
        name: of the file.

    Returns:
        Grey uint8 (height, width).

    Raises:
        UsageError: the package or the picture is not there.

    Example:
        >>> grey_picture("skimage", "data", "brick.png").shape
        (512, 512)
    """
    from PIL import Image

    with Image.open(carried_file(package, folder, name)) as picture:
        return np.asarray(picture.convert("L"))


def carried_file(package: str, folder: str, name: str) -> Path:
    """Find a picture that an installed package carries, without importing the package.

    Args:
        package: as it is imported.
        folder: inside the package.
        name: of the file.

    Raises:
        UsageError: the package or the picture is not there.

    Example:
        >>> carried_file("skimage", "data", "coffee.png").name
        'coffee.png'
    """
    spec = find_spec(package)
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / folder / name
    if path is None or not path.is_file():
        raise UsageError(
            f"{name} is needed from the package {package}, which is not there; "
            "pip install scikit-image scikit-learn"
        )
    return path


def _tiles(region: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    height, width = region.shape
    return [
        region[y : y + SIDE, x : x + SIDE]
        for y in range(0, height - SIDE + 1, SIDE)
        for x in range(0, width - SIDE + 1, SIDE)
    ]


def _spread(tiles: list[NDArray[np.uint8]], most: int) -> list[NDArray[np.uint8]]:
    index = np.linspace(0, len(tiles) - 1, min(most, len(tiles))).round().astype(int)
    return [tiles[at] for at in index]


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture of the demo.

    Args:
        path: with its folder, which is made.
        pixels: grey uint8 (height, width).

    Raises:
        StorageError: it can't be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_picture(Path(folder) / "cat/0.png", np.zeros((2, 2), dtype=np.uint8))
        ...     (Path(folder) / "cat/0.png").exists()
        True
    """
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path.parent, "the demo's pictures were not written") from error
    picture = Image.fromarray(pixels)
    atomic_write(path, lambda file: picture.save(file, format="PNG"))
