"""(Tiny ImageNet, a folder with a photo of each ImageNet class) => pictures in memory, decoded once."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.images.decode import decode
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pictures:
    """All that the student learns from, and what it is asked at the end.

    Attributes:
        small: (30,000, 64, 64, 3) uint8, RGB.
        labels: (30,000,) the place of each small picture's class in `ids`.
        sample: (1,000, side, side, 3) uint8.
        held_out: (2,000, 64, 64, 3) uint8: never trained on.
        held_out_labels: (2,000,).
        ids: the 200 classes' WordNet ids, sorted.
    """

    small: NDArray[np.uint8]
    labels: NDArray[np.int64]
    sample: NDArray[np.uint8]
    held_out: NDArray[np.uint8]
    held_out_labels: NDArray[np.int64]
    ids: tuple[str, ...]


def read_pictures(data: Path, *, sample_side: int) -> Pictures:
    """Decode everything.

    Args:
        data: folder with `tiny-imagenet/{train.zip,val.zip,classes.json}` and `imagenet-sample`.
        sample_side: of the sample's pictures, pixels.

    Raises:
        UsageError: something is not there.
    """
    tiny, sample = data / "tiny-imagenet", data / "imagenet-sample"
    for each in (tiny / "train.zip", tiny / "val.zip", tiny / "classes.json", sample):
        if not each.exists():
            raise UsageError(
                f"{str(each)!r} is not there; DATA should hold tiny-imagenet and imagenet-sample"
            )
    ids = tuple(sorted(json.loads((tiny / "classes.json").read_text())))
    small, labels = _read_zip(tiny / "train.zip", ids)
    held_out, held_out_labels = _read_zip(tiny / "val.zip", ids)
    resize = Resize(sample_side, sample_side, sample_side)
    photos = [decode(path.read_bytes(), resize).pixels for path in sorted(sample.glob("*.jpg"))]
    return Pictures(small, labels, np.stack(photos), held_out, held_out_labels, ids)


def _read_zip(path: Path, ids: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Photos named `<id>/<name>.JPEG`, sorted by name."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".JPEG"))
        pictures = np.stack([decode(archive.read(name)).pixels for name in names])
    return pictures, np.array([ids.index(name.split("/", maxsplit=1)[0]) for name in names])
