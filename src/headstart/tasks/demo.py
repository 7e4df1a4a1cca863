"""Nothing to download => the whole journey, on pictures that installed packages carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.spec import POCKET, RANDOM
from headstart.errors import UsageError
from headstart.heads.linear import LinearClassifier
from headstart.images.names import is_system_name, some
from headstart.model.folder import check_target
from headstart.tasks.demo_pictures import TEST, TRAIN, UNKNOWN, demo_pictures, write_picture
from headstart.tasks.paths import given_path
from headstart.tasks.predict import predict
from headstart.tasks.train import train, training_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.model.model import Model
    from headstart.tasks.predict import Predictions

    Pictures = Mapping[str, NDArray[np.uint8]]

DEMO_BACKBONE = POCKET
UNTRAINED_BACKBONE = f"{POCKET}@{RANDOM}"
DEMO_WARNING = (
    "What this proves is small: patches of the same nine pictures are far easier than new photos, and most",
    "of these strangers are far from them. It shows what a network that was trained on other photos brings",
    "along, not how good it will be on yours: for that, measure on yours.",
)
_BLOCK = 4  # pixels; 16 x 16 means of a tile are what a head without a network sees


@dataclass(frozen=True)
class Demo:
    """What the demo gave.

    Attributes:
        model: trained on the upper parts of the pictures, measured on the lower.
        folder: that the model was saved in.
        photos: the folder of the pictures.
        compared: simpler ways, and their share of right answers on the same test tiles, in [0, 1]: "one
            answer" (always the same), "bare pixels" and "grey histogram" (the same head without a network),
            "untrained network" (the same network with random weights).
        tiles: the answers for the test tiles.
        strangers: the answers for pictures of what no class is.
    """

    model: Model
    folder: Path
    photos: Path
    compared: Mapping[str, float]
    tiles: Predictions
    strangers: Predictions

    def to_json(self) -> dict[str, Any]:
        """Give what `train --json` prints, and what the demo has beside it."""
        return {
            **training_json(self.model, self.folder),
            "compared": dict(self.compared),
            "predictions": [each.to_json() for each in (*self.tiles, *self.strangers)],
        }


def demo(output: str | Path, *, home: str | Path | None = None, progress: Progress | None = None) -> Demo:
    """Learn nine surfaces from a few tiles each, measure on others, and meet pictures of something else.

    Args:
        output: folder to write: `photos/surfaces`, `photos/surfaces-test`, `photos/unknown` and `model`.
            An earlier demo is replaced.
        home: as in `train`.
        progress: told of each stretch of work.

    Raises:
        UsageError: the folder holds something else, or a package that carries pictures is not installed.
        StorageError: the disk stands in the way.
    """
    folder = Path(given_path(output, "output"))
    pictures = demo_pictures()
    _check_folder(folder, pictures)
    photos = folder / "photos"
    for name, pixels in pictures.items():
        write_picture(photos / name, pixels)
    model = train(
        photos / TRAIN,
        test=photos / TEST,
        backbone=DEMO_BACKBONE,
        output=folder / "model",
        home=home,
        progress=progress,
    )
    return Demo(
        model=model,
        folder=folder / "model",
        photos=photos,
        compared=_compared(photos, pictures, home, progress),
        tiles=predict(model, photos / TEST, home=home),
        strangers=predict(model, photos / UNKNOWN, home=home),
    )


def _check_folder(folder: Path, pictures: Pictures) -> None:
    """Refuse a folder that holds anything but an earlier demo: it would be overwritten, or learned from."""
    check_target(folder / "model")
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    strange = [name for name in names if name not in {"photos", "model"} and not is_system_name(name)]
    photos = folder / "photos"
    ours = {Path(name) for name in pictures}
    ours |= {parent for name in ours for parent in name.parents}
    found = (path.relative_to(photos) for path in photos.rglob("*") if not is_system_name(path.name))
    strange += [Path("photos", name).as_posix() for name in found if name not in ours]
    if strange:
        raise UsageError(
            f"{str(folder)!r} holds {some(sorted(strange))}; name a new or empty folder for the demo"
        )


def _compared(
    photos: Path, pictures: Pictures, home: str | Path | None, progress: Progress | None
) -> dict[str, float]:
    """Measure simpler ways on the same test tiles: what they reach needs no network, or no training of it."""
    labels = _labels(pictures, TEST)
    compared = {"one answer": max(Counter(labels).values()) / len(labels)}
    for name, rows in (("bare pixels", _pixels), ("grey histogram", _histogram)):
        head = LinearClassifier().fit(rows(_stack(pictures, TRAIN)), _labels(pictures, TRAIN))
        answers = head.predict(rows(_stack(pictures, TEST)))
        compared[name] = float(np.mean(answers == np.asarray(labels)))
    untrained = train(
        photos / TRAIN, test=photos / TEST, backbone=UNTRAINED_BACKBONE, home=home, progress=progress
    )
    if untrained.training.accuracy is not None:
        compared["untrained network"] = untrained.training.accuracy.value
    return compared


def _labels(pictures: Pictures, part: str) -> list[str]:
    return [name.split("/")[1] for name in pictures if name.startswith(f"{part}/")]


def _stack(pictures: Pictures, part: str) -> NDArray[np.uint8]:
    return np.stack([pixels for name, pixels in pictures.items() if name.startswith(f"{part}/")])


def _pixels(tiles: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Tiles (n, height, width) to rows of their pixels, each the mean of a block."""
    count, height, width = tiles.shape
    blocks = tiles.reshape(count, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(count, -1) / 255)


def _histogram(tiles: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Tiles (n, height, width) to rows that say how often each of 16 greys occurs."""
    return np.stack([np.bincount(tile.ravel() // 16, minlength=16) / tile.size for tile in tiles])
