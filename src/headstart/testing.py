"""Small fakes for tests and for authors of plug-ins: photos without a data set, a network without weights.

The photos are made of colour and pattern, so that even a random network can tell their classes apart: a
test that uses them checks that the parts fit together, not how good anything is.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone

_COLOURS = ((200, 40, 40), (40, 60, 200), (40, 170, 60), (210, 180, 40), (150, 60, 180))


def fake_photo(label: int, number: int, *, side: int = 48) -> NDArray[np.uint8]:
    """Make a picture: a class has a colour and a stripe width, a number its own noise.

    Args:
        label: which class, 0 or more.
        number: which picture of that class.
        side: height and width in pixels.

    Returns:
        RGB uint8 (side, side, 3); the same for the same arguments.

    Example:
        >>> fake_photo(0, 0).shape
        (48, 48, 3)
    """
    noise = np.random.default_rng((label, number)).normal(0, 25, (side, side, 3))
    stripes = 40 * np.sin(np.arange(side) * (0.3 + 0.4 * label))[None, :, None]
    picture = np.array(_COLOURS[label % len(_COLOURS)]) + stripes + noise
    return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)


def jpeg(pixels: NDArray[np.uint8], *, quality: int = 90) -> bytes:
    """Encode RGB uint8 (h, w, 3) as a JPEG file's bytes.

    Example:
        >>> jpeg(fake_photo(0, 0))[:2].hex()
        'ffd8'
    """
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def write_photos(
    folder: Path, classes: Sequence[str] = ("red", "blue"), *, each: int = 6, side: int = 48
) -> Path:
    """Write a folder with a folder of JPEG photos for each class.

    Args:
        folder: where; created.
        classes: class names.
        each: photos a class.
        side: of each photo, pixels.

    Returns:
        The folder.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = write_photos(Path(place), each=2)
        ...     sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
        ['blue/0.jpg', 'blue/1.jpg', 'red/0.jpg', 'red/1.jpg']
    """
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            # The name seeds the picture, so that two folders with other class names differ.
            picture = fake_photo(label, number + zlib.crc32(name.encode()) % 1000, side=side)
            (folder / name / f"{number}.jpg").write_bytes(jpeg(picture))
    return folder


def tiny_backbone(*, seed: int = 0, classes: Sequence[str] = (), surer: float = 1.0) -> Backbone:
    """Make a backbone of two convolutions: 32 px in, 16 features, in milliseconds.

    Args:
        seed: of its random weights.
        classes: its own classes, if it should have any.
        surer: the weights of the layer that names classes, times this: its answers lie further apart.

    Example:
        >>> tiny_backbone().spec.feature_width
        16
    """
    import torch

    from headstart.backbones.module import module_backbone

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = torch.nn.Sequential()
        network.add_module("first", torch.nn.Conv2d(3, 8, 3, stride=2))
        network.add_module("relu", torch.nn.ReLU())
        network.add_module("last", torch.nn.Conv2d(8, 16, 3, stride=2))
        if classes:
            network.add_module("pool", torch.nn.AdaptiveAvgPool2d(1))
            network.add_module("flatten", torch.nn.Flatten())
            classifier = torch.nn.Linear(16, len(classes))
            classifier.weight.data *= surer
            network.add_module("classifier", classifier)
    return module_backbone(
        network,
        name="tiny",
        input_size=32,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        feature_layer="last:mean",
        classes=tuple(classes),
    )
