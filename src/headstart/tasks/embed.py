"""(photos, backbone) => rows of features, and a .npz file of them."""

from __future__ import annotations

import time
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.features.extract import extract
from headstart.images.folder import scan_files, scan_photos
from headstart.images.names import label_from
from headstart.images.photo import Photo
from headstart.images.reader import PhotoReader
from headstart.storage.atomic import atomic_write
from headstart.storage.home import Home, require_writable
from headstart.tasks.advice import advice
from headstart.tasks.gather import reasons, require_usable, skipped_json
from headstart.tasks.paths import given_path, photos_path, refuse_among_photos
from headstart.tasks.rows import Wanted, best_engine, open_store

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.images.photo import PhotoSet, Skipped


@dataclass(frozen=True, slots=True)
class Embedding:
    """Rows of features, and what became of every photo.

    Attributes:
        table: the rows.
        skipped: files that could not be used.
        notes: what people should know.
        seconds: wall time in all.
    """

    table: FeatureTable
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def photos_per_second(self) -> float | None:
        """How fast features were computed; None where none was."""
        computed = self.table.computed
        return round(computed / max(self.table.seconds, 1e-9), 1) if computed else None

    def to_json(self) -> dict[str, Any]:
        """Give the counts as JSON values."""
        rows, width = self.table.rows.shape
        return {
            "backbone": self.table.space.backbone,
            "rows": rows,
            "width": width,
            "layer": self.table.space.layer,
            "features": {"computed": self.table.computed, "reused": self.table.reused},
            "photos": {"used": rows, "skipped": len(self.skipped), "reasons": reasons(self.skipped)},
            "skipped": skipped_json(self.skipped),
            "notes": list(self.notes),
            "engine": None if self.table.plan is None else self.table.plan.to_json(),
            "seconds": {"features": round(self.table.seconds, 3), "total": round(self.seconds, 3)},
            "photos_per_second": self.photos_per_second,
        }


def embed(
    photos: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    output: str | Path | None = None,
    layer: str | None = None,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Embedding:
    """Turn photos into rows of features, kept in the home's store for every later task.

    Args:
        photos: a folder with a folder for each class, a folder of photos without classes, a CSV with the
            columns path and label, or the name of a data set.
        backbone: the name of a pretrained network, or a `Backbone`; by default the small one that comes
            with headstart.
        output: a .npz file to write: `features` (n, width) float32, `paths` (n,) relative to the
            folder, `sha256` (n,), `labels` (n,), empty where there are none.
        layer: a layer reference; None: the backbone's default.
        engine: "openvino", "torch" or "tensorflow"; None: the one that is fastest here, by a short trial.
        precision: "f32", "bf16" or "int8"; None: f32, or bf16 where its features agree with f32's.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: `output` does not end in .npz.
        PhotosError: no photo, or most files can't be used.

    Example:
        >>> import tempfile
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     result = embed(photos, backbone=tiny_backbone(), home=Path(folder, "home"))
        >>> result.table.rows.shape
        (12, 16)
    """
    began = time.monotonic()
    photos = photos_path(photos, "photos", home)
    target = None if output is None else _check_output(output, photos)
    place = Home.find(home)
    choosing = best_engine(place, engine, precision)
    wanted = Wanted.checked(backbone, layer, place, progress)
    found = scan_any(photos, follow_links=follow_links)
    source = wanted.open(progress)
    with PhotoReader() as reader, open_store(place) as store:
        table = extract(
            found.photos,
            source,
            store=store,
            reader=reader,
            engine=choosing,
            rehash=rehash,
            progress=progress,
        )
    skipped = (*found.skipped, *table.skipped)
    require_usable(str(photos), len(table.photos), skipped)
    if target is not None:
        _write(target, table)
    notes = tuple(dict.fromkeys((*found.notes, *table.notes, *advice(source.spec, "embed"))))
    return Embedding(table, skipped, notes, time.monotonic() - began)


def _check_output(output: str | Path, photos: str) -> Path:
    """Refuse before any work what could not be written, or would replace something else."""
    path = Path(given_path(output, "output"))
    if path.suffix != ".npz":
        raise UsageError(f"output is {str(output)!r}; expected a file name that ends in .npz")
    if path.exists() and not zipfile.is_zipfile(path):
        raise UsageError(f"{str(output)!r} is there already and holds no features; choose another name")
    refuse_among_photos(path, "output", photos)
    require_writable(path.absolute().parent, "features", choose="choose another output")
    return path


def scan_any(photos: str | Path, *, follow_links: bool) -> PhotoSet:
    """Find photos with or without classes; in a folder, the folder directly below it is the label.

    Names are relative to the folder.
    """
    if not Path(photos).is_dir():
        return scan_photos(photos, follow_links=follow_links, least_classes=1)
    found = scan_files([photos], follow_links=follow_links)
    root = Path(photos)
    return replace(
        found,
        photos=tuple(_relative(photo, root) for photo in found.photos),
        skipped=tuple(
            replace(each, name=Path(each.name).relative_to(root).as_posix()) for each in found.skipped
        ),
    )


def _relative(photo: Photo, root: Path) -> Photo:
    name = photo.path.relative_to(root)
    label = label_from(name.parts[0]) if len(name.parts) > 1 else None
    return Photo(photo.path, name.as_posix(), label)


def _write(path: Path, table: FeatureTable) -> None:
    def write(file: BinaryIO) -> None:
        np.savez(
            file,
            features=table.rows,
            paths=np.array([photo.name for photo in table.photos], dtype=str),
            sha256=np.array(table.sha256, dtype=str),
            labels=np.array([photo.label or "" for photo in table.photos], dtype=str),
        )

    atomic_write(path, write)
