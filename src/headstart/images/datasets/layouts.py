"""(unpacked archives with photos in them) => (part, class, file) of each photo, as its makers split it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.datasets.facts import Placed
from headstart.images.names import by_bytes, has_photo_suffix, is_system_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Finder = Callable[[Mapping[str, Path]], Iterator[Placed]]


def class_folders(archive: str, parts: Mapping[str, str]) -> Finder:
    """Photos that lie in a folder for each class already.

    Args:
        archive: the file name of the archive.
        parts: the part's name by the folder in the archive that holds its class folders.
    """

    def find(files: Mapping[str, Path]) -> Iterator[Placed]:
        for folder, part in parts.items():
            for label in _listed(_there(files[archive] / folder)):
                for photo in _listed(label) if label.is_dir() else ():
                    if has_photo_suffix(photo.name):
                        yield Placed(part, label.name, photo.name, photo)

    return find


def pets(files: Mapping[str, Path]) -> Iterator[Placed]:
    """The Oxford-IIIT Pet set: lists of names, which begin with the breed."""
    photos, lists = files["images.tar.gz"] / "images", files["annotations.tar.gz"] / "annotations"
    for part in ("trainval", "test"):
        for line in _lines(lists / f"{part}.txt"):
            name = line.split()[0]
            yield Placed(part, name.rpartition("_")[0], f"{name}.jpg", _there(photos / f"{name}.jpg"))


def textures(files: Mapping[str, Path]) -> Iterator[Placed]:
    """The Describable Textures: the first of its ten splits, which its makers report too."""
    root = files["dtd-r1.0.1.tar.gz"] / "dtd"
    for part in ("train", "val", "test"):
        for line in _lines(root / "labels" / f"{part}1.txt"):
            label, _, name = line.partition("/")
            yield Placed(part, label, name, _there(root / "images" / label / name))


def _lines(path: Path) -> Iterable[str]:
    lines = (line.strip() for line in _there(path).read_text("utf-8", "replace").splitlines())
    found = [line for line in lines if line and not line.startswith("#")]
    # These become paths; the digest of the archive was checked, but nothing here relies on that.
    for line in found:
        if ".." in line or line.startswith("/") or "\\" in line or "\0" in line:
            raise PhotosError(f"{path.name} lists {line[:80]!r}, which is no name of a photo")
    return found


def _listed(folder: Path) -> list[Path]:
    entries = (path for path in folder.iterdir() if not is_system_name(path.name))
    return sorted(entries, key=lambda path: by_bytes(path.name))


def _there(path: Path) -> Path:
    if not path.exists():
        raise PhotosError(
            f"what arrived holds no {path.parent.name}/{path.name}: it is not the data set that was expected"
        )
    return path
