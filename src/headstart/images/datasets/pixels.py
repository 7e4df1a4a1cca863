"""(files that hold bare pixels) => PNG files, one for each picture; nothing is ever unpickled."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.datasets.facts import Placed
from headstart.images.datasets.flower_names import FLOWERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CELLS = (
    *("basophil", "eosinophil", "erythroblast", "immature granulocyte"),
    *("lymphocyte", "monocyte", "neutrophil", "platelet"),
)
_CIFAR_ROW = 1 + 3 * 32 * 32
_MOST_PIXELS = 2 << 30


def cifar(files: Mapping[str, Path]) -> Iterator[Placed]:
    """CIFAR-10's binary version: a byte for the class, then 32 x 32 red, green and blue ones."""
    import numpy as np

    root = files["cifar-10-binary.tar.gz"] / "cifar-10-batches-bin"
    batches = [("train", f"data_batch_{number}") for number in range(1, 6)]
    for part, batch in (*batches, ("test", "test_batch")):
        data = _bytes(root / f"{batch}.bin")
        if not data or len(data) % _CIFAR_ROW:
            raise PhotosError(
                f"{batch}.bin has {len(data):,} bytes; expected {_CIFAR_ROW:,} for each picture"
            )
        rows = np.frombuffer(data, np.uint8).reshape(-1, _CIFAR_ROW)
        pictures = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        for at, (label, pixels) in enumerate(zip(rows[:, 0].tolist(), pictures, strict=True)):
            yield Placed(part, _class(CIFAR, label), f"{batch}_{at:05d}.png", _png(pixels))


def blood(files: Mapping[str, Path]) -> Iterator[Placed]:
    """BloodMNIST: pixels (n, 28, 28, 3) and classes (n, 1) of each part, in NumPy's format."""
    import numpy as np

    path = files["bloodmnist.npz"]
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_PIXELS:
                raise PhotosError(f"{path.name} unpacks to more than {_MOST_PIXELS:,} bytes")
        with np.load(path, allow_pickle=False) as arrays:
            for part in ("train", "val", "test"):
                pictures, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"].reshape(-1)
                if pictures.ndim != 4 or pictures.dtype != np.uint8 or len(pictures) != len(labels):
                    raise PhotosError(f"{path.name} holds no pictures of {part} as they were published")
                for at, (label, pixels) in enumerate(zip(labels.tolist(), pictures, strict=True)):
                    yield Placed(part, _class(CELLS, label), f"{part}_{at:05d}.png", _png(pixels))
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        if isinstance(error, PhotosError):
            raise
        raise PhotosError(f"{path.name} can't be read as arrays of pixels ({error})") from None


def flowers(files: Mapping[str, Path]) -> Iterator[Placed]:
    """The 102 flowers: numbered photos, their classes and parts in two small MATLAB files."""
    labels = _matlab(files["imagelabels.mat"], "labels")
    photos = files["102flowers.tgz"] / "jpg"
    for part, key in (("train", "trnid"), ("val", "valid"), ("test", "tstid")):
        for number in _matlab(files["setid.mat"], key):
            if not 1 <= number <= len(labels):
                raise PhotosError(f"setid.mat names photo {number}; there are {len(labels)}")
            name = f"image_{number:05d}.jpg"
            path = photos / name
            if not path.is_file():
                raise PhotosError(f"102flowers.tgz holds no {name}, which setid.mat names")
            yield Placed(part, _class(FLOWERS, labels[number - 1] - 1), name, path)


def _matlab(path: Path, key: str) -> list[int]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        values = loadmat(path, variable_names=[key])[key]
    except (MatReadError, ValueError, KeyError, TypeError, NotImplementedError, OSError) as error:
        raise PhotosError(f"{path.name} can't be read as a table of MATLAB ({error})") from None
    return [int(value) for value in values.reshape(-1)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PhotosError(f"what arrived holds no {path.name}: it is not the set that was expected") from None


def _class(names: tuple[str, ...], number: int) -> str:
    if not 0 <= number < len(names):
        raise PhotosError(f"a picture has class {number}; expected 0 to {len(names) - 1}")
    return names[number]


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()
