"""(photos, network) => what headstart does with them: cold, warm, and each of its parts alone."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.choose import the_engine
from headstart.backbones.source import FeatureSource
from headstart.features.hashing import hash_photos
from headstart.images.folder import scan_files
from headstart.tasks.embed import embed
from headstart.testing import write_photos

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.backbones.engines.engine import EngineName, Precision
    from headstart.features.extract import FeatureTable
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.images.resize import Resize

_DISTINCT, _OTHERS = 32, 8


@dataclass(frozen=True)
class Way:
    """One way to compute that `embed` offers."""

    engine: EngineName
    precision: Precision

    def __str__(self) -> str:
        return f"{self.engine} {self.precision}"


WAYS = (Way("openvino", "f32"), Way("openvino", "bf16"), Way("torch", "f32"))


@dataclass(frozen=True)
class Embedded:
    """What three calls of `embed` took: for a few other photos, for the photos, and for the photos again.

    Attributes:
        photos: how many rows there are.
        speed: photos a second of the second call, as `embed` itself tells.
        opening: seconds of the first call in a home that has nothing but weights: the network is loaded,
            converted and tried, for the first and last time.
        cold: seconds of the second call.
        warm: seconds of the third call.
        table: the rows.
    """

    photos: int
    speed: float
    opening: float
    cold: float
    warm: float
    table: FeatureTable


def embed_twice(photos: Path, backbone: str, way: Way, home: Path) -> Embedded:
    """Embed photos with a home that knows the network but none of the photos, then again.

    Args:
        photos: a folder.
        backbone: its name.
        way: how to compute.
        home: a home with the weights; it is copied, and stays as it is.

    Raises:
        HeadstartError: this way is not to be had here.
    """
    with fresh(home) as place:
        options: dict[str, Any] = {"backbone": backbone, "home": place, **asdict(way)}
        others = write_photos(place.parent / "others", each=_OTHERS, side=256)
        opened = time.perf_counter()
        embed(others, **options)
        began = time.perf_counter()
        first = embed(photos, **options)
        between = time.perf_counter()
        second = embed(photos, **options)
        ended = time.perf_counter()
    count = len(first.table.rows)
    if first.table.computed != count or second.table.computed:
        raise RuntimeError(f"{first.table.computed} of {count} rows were computed, then again some")
    speed = first.photos_per_second or 0.0
    return Embedded(count, speed, began - opened, between - began, ended - between, first.table)


@contextmanager
def fresh(home: Path) -> Iterator[Path]:
    """A copy of a home that goes away again."""
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        place = Path(folder, "home")
        place.mkdir(mode=0o700)
        if (home / "weights").is_dir():
            shutil.copytree(home / "weights", place / "weights")
        yield place


def hashed_photos(photos: Path, reader: PhotoReader) -> tuple[Hashed, ...]:
    """The photos below a folder, read once."""
    return hash_photos(scan_files([photos]).photos, reader)[0]


def decode_alone(photos: Sequence[Hashed], reader: PhotoReader, resize: Resize) -> float:
    """Photos a second that the reader decodes when nothing else runs.

    Args:
        photos: at least one.
        reader: with its processes, which may be running already.
        resize: to the network's input size.
    """
    began = time.perf_counter()
    count = sum(1 for _ in reader.decode(photos, resize))
    return count / (time.perf_counter() - began)


def engine_alone(backbone: Backbone, way: Way, photos: int) -> Callable[[], float]:
    """Open an engine; each call gives the photos a second that it computes when nothing else runs.

    Args:
        backbone: the network.
        way: how to compute.
        photos: how many in a call.

    Raises:
        HeadstartError: this way is not to be had here.
    """
    engine = the_engine(FeatureSource.of(backbone), None, way.engine, way.precision)
    resize = backbone.spec.preprocessing.resize
    some = _pictures(min(photos, _DISTINCT), resize)
    list(engine.rows(some))  # compiling and first touches are not part of the speed

    def speed() -> float:
        began = time.perf_counter()
        count = sum(1 for _ in engine.rows(islice(cycle(some), photos)))
        return count / (time.perf_counter() - began)

    return speed


def _pictures(count: int, resize: Resize) -> list[NDArray[np.uint8]]:
    """Noise: what a picture shows makes no difference to a network's speed."""
    noise = np.random.default_rng(0)
    shape = (resize.height, resize.width, 3)
    return [noise.integers(0, 256, shape, dtype=np.uint8) for _ in range(count)]


def shared_limit(decode: float, engine: float) -> float:
    """The most photos a second where decoding and engine share the same processors.

    Example:
        >>> shared_limit(300.0, 150.0)
        100.0
    """
    return 1 / (1 / decode + 1 / engine)
