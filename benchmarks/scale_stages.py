"""What happens to many photos and rows, stage by stage, each measured on its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from costs import Cost, Stretch
from headstart.backbones.spec import BackboneSpec, Preprocessing
from headstart.errors import UsageError
from headstart.features.hashing import hash_photos
from headstart.features.key import FeatureSpace
from headstart.features.store import FeatureStore
from headstart.images.folder import scan_photos
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize
from headstart.testing import fake_photo, jpeg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from headstart.images.photo import Hashed, Photo, Skipped

WIDTH = 1280
CLASSES = 20
_ORIGINALS = 200
_LARGEST_BYTES = 100_000
_ROWS_AT_ONCE = 64
_SETTLED_SECONDS = 2.5

_SPEC = BackboneSpec(
    name="module:scale",
    framework="module",
    architecture="scale",
    tag="own",
    preprocessing=Preprocessing(Resize(224, 224, 224), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
    feature_layer="features",
    feature_width=WIDTH,
    weights_digest="00" * 32,
    parameters=1,
)
_SPACE = FeatureSpace.of(_SPEC, engine={"engine": "none"}, decode_recipe="none")


def originals(data: Path | None, folder: Path) -> list[Path]:
    """JPEG files to make many of: some below the data folder, or else some that headstart makes.

    Args:
        data: photos; None or without any: headstart's own.
        folder: where headstart's own are written.
    """
    found = () if data is None else sorted(islice(data.rglob("*.jpg"), 50 * _ORIGINALS))
    usable = [file for file in found if file.stat().st_size <= _LARGEST_BYTES][:_ORIGINALS]
    return usable or [_written(folder / f"{number}.jpg", number) for number in range(_ORIGINALS)]


def make_folder(files: Sequence[Path], folder: Path, count: int) -> None:
    """Fill a folder of classes: a few copies of each file, and hard links of those.

    What photos contain makes no difference to the stages, and a hard link is read like any other file.
    """
    for label in range(CLASSES):
        (folder / f"class-{label:02}").mkdir(parents=True)
    firsts: list[Path] = []
    for number in range(count):
        path = folder / f"class-{number % CLASSES:02}" / f"photo-{number:07}.jpg"
        if number < len(files):
            # Bytes after the end of a JPEG change what it contains, but not what it shows.
            path.write_bytes(files[number].read_bytes() + b"%d" % number)
            firsts.append(path)
        else:
            os.link(firsts[number % len(firsts)], path)
    time.sleep(_SETTLED_SECONDS)  # a file that was changed just now is not believed


def scan(folder: Path) -> Cost:
    """Find the photos."""
    with Stretch() as measured:
        scan_photos(folder)
    return measured.cost


def read_and_hash(folder: Path, store: Path) -> Cost:
    """Read every photo for the first time."""
    photos = scan_photos(folder).photos
    with PhotoReader() as reader, FeatureStore(store) as opened:
        hash_photos(photos[:1], reader)  # its processes start
        with Stretch() as measured:
            hash_photos(photos, reader, files=opened.files)
    return measured.cost


def recognise(folder: Path, store: Path) -> Cost:
    """Look at photos that were read before."""
    photos = scan_photos(folder).photos
    with _NoReader() as no_reader, FeatureStore(store) as opened:
        hash_photos(photos[:1], no_reader, files=opened.files)  # what it needs is loaded
        with Stretch() as measured:
            hash_photos(photos, no_reader, files=opened.files)
    return measured.cost


def write(store: Path, count: int) -> Cost:
    """Keep rows, a few at a time, in the order of their content, as training does."""
    pool = np.random.default_rng(0).random((256, WIDTH), dtype=np.float32)
    keys = Keys(count)
    with FeatureStore(store) as opened, Stretch() as measured:
        for start in range(0, count, _ROWS_AT_ONCE):
            chunk = keys[start : start + _ROWS_AT_ONCE]
            opened.put(_SPACE, {key: pool[(start + at) % 256] for at, key in enumerate(chunk)})
    return measured.cost


def read_back(store: Path, count: int) -> Cost:
    """Look up rows and read them, all in one go."""
    with FeatureStore(store) as opened:
        opened.get(_SPACE, Keys(1))
        with Stretch() as measured:
            found = sum(1 for _ in opened.rows(_SPACE, Keys(count)))
    _require(found, count)
    return measured.cost


def miss(store: Path, count: int) -> Cost:
    """Look up rows that are not there."""
    with FeatureStore(store) as opened, Stretch() as measured:
        found = sum(1 for _ in opened.rows(_SPACE, Keys(count, others=True)))
    _require(found, 0)
    return measured.cost


def verify(store: Path, count: int) -> Cost:
    """Check every row against its checksum, and the file."""
    with FeatureStore(store) as opened, Stretch() as measured:
        checked = opened.verify().checked
    _require(checked, count)
    return measured.cost


def thin_out(store: Path, count: int) -> Cost:
    """Remove half of the rows, and give their space back."""
    with FeatureStore(store) as opened, Stretch() as measured:
        removed = opened.prune(max_bytes=count // 2 * WIDTH * 2).rows
    _require(removed, count - count // 2)
    return measured.cost


class Keys(Sequence[str]):
    """Made-up SHA-256, ascending, each made when it is asked for: a million of them would be memory too.

    Args:
        count: how many.
        others: others than without it, which lie between them.
    """

    def __init__(self, count: int, *, others: bool = False) -> None:
        self._numbers = range(int(others), 2 * count, 2)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [f"{number:064x}" for number in self._numbers[at]]
        return f"{self._numbers[at]:064x}"


class _NoReader(PhotoReader):
    """Must not be asked."""

    def hash(self, photos: Iterable[Photo]) -> Iterator[Hashed | Skipped]:
        raise UsageError(f"{sum(1 for _ in photos)} photos are not known that were read before")


def _written(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(fake_photo(number % 5, number, side=160)))
    return path


def _require(found: int, expected: int) -> None:
    if found != expected:
        raise UsageError(f"the store gave {found} rows; expected {expected}: this measurement is void")
