"""Nothing to download => the whole journey, on two photographs that scikit-learn carries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.images.names import some
from headstart.model.folder import check_target
from headstart.storage.atomic import atomic_write
from headstart.tasks.paths import given_path
from headstart.tasks.train import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.model.model import Model

DEMO_BACKBONE = "torchvision:resnet18@random"
DEMO_WARNING = (
    "This network has random weights: it has learned nothing from photos. The demo shows the way",
    "from photos to a measured model, not how good transfer learning is.",
)
_TILE = 61
_PICTURES = {"temple": "china.jpg", "flower": "flower.jpg"}


def demo(
    output: str | Path, *, home: str | Path | None = None, progress: Progress | None = None
) -> tuple[Model, Path, list[Path]]:
    """Cut two photographs into tiles, train on the upper ones and measure on the lower ones.

    The tiles of the two parts share no pixel.

    Args:
        output: folder to write: `photos/train`, `photos/test` and `model`.
        home: as in `train`.
        progress: told of each stretch of work.

    Returns:
        The model, the folder that it was saved in, and one test photo of each row of tiles to try it on.
    """
    folder = Path(given_path(output, "output"))
    _check_folder(folder)
    write_tiles(folder / "photos")
    model = train(
        folder / "photos" / "train",
        test=folder / "photos" / "test",
        backbone=DEMO_BACKBONE,
        output=folder / "model",
        home=home,
        progress=progress,
    )
    return model, folder / "model", sorted((folder / "photos" / "test").rglob("*-00.png"))


def _check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier demo."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    strange = sorted(names - {"photos", "model"})
    if strange:
        raise UsageError(f"{str(folder)!r} holds {some(strange)}; name a new or empty folder for the demo")
    check_target(folder / "model")


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
