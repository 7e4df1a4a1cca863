"""Nothing to download => the whole journey, on two photographs that scikit-learn carries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.storage.atomic import atomic_write
from headstart.tasks.train import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.model.model import Model

DEMO_BACKBONE = "torchvision:resnet18@random"
DEMO_WARNING = (
    "this network has random weights and has learned nothing from photos: the demo shows the way, "
    "and that two pictures of different colours are easily told apart, not how good transfer learning is"
)
_TILE = 61
_PICTURES = {"temple": "china.jpg", "flower": "flower.jpg"}


def demo(
    output: str | Path, *, home: str | Path | None = None, progress: Progress | None = None
) -> tuple[Model, Path]:
    """Cut two photographs into tiles, train on the upper ones and measure on the lower ones.

    The tiles of the two parts share no pixel.

    Args:
        output: folder to write: `photos/train`, `photos/test` and `model`.
        home: as in `train`.
        progress: told of each stretch of work.

    Returns:
        The model, and the folder that it was saved in.
    """
    folder = Path(output)
    write_tiles(folder / "photos")
    model = train(
        folder / "photos" / "train",
        test=folder / "photos" / "test",
        backbone=DEMO_BACKBONE,
        output=folder / "model",
        home=home,
        progress=progress,
    )
    return model, folder / "model"


def write_tiles(folder: Path) -> None:
    """Write the tiles as PNG files: the upper rows of each photograph to `train`, the lower to `test`."""
    for label, name in _PICTURES.items():
        rows = _tiles(name)
        for index, row in enumerate(rows):
            part = "train" if index < len(rows) // 2 else "test"
            for column, tile in enumerate(row):
                _write_png(folder / part / label / f"{index}-{column:02}.png", tile)


def _tiles(name: str) -> list[list[NDArray[np.uint8]]]:
    from sklearn.datasets import load_sample_image

    picture = np.asarray(load_sample_image(name), dtype=np.uint8)
    height, width = picture.shape[0] // _TILE, picture.shape[1] // _TILE
    return [
        [picture[_TILE * y : _TILE * (y + 1), _TILE * x : _TILE * (x + 1)] for x in range(width)]
        for y in range(height)
    ]


def _write_png(path: Path, tile: NDArray[np.uint8]) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(tile)
    atomic_write(path, lambda file: picture.save(file, format="PNG"))
