"""(photos with part and class) => a folder part/class/file, its digests, and which names are wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.datasets.record import DIGESTS_FILE, Odd
from headstart.images.names import by_bytes, is_system_name
from headstart.images.photo import Photo
from headstart.images.sniff import HEAD_BYTES, looks_like, photo_format
from headstart.storage.atomic import atomic_write_text
from headstart.storage.checksums import digest_of
from headstart.storage.place import put, wait_for_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from headstart.images.datasets.facts import Placed

_SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".png": "PNG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


@dataclass
class Built:
    """What a folder was filled with.

    Attributes:
        photos: how many of each part, the parts in their order.
        classes: of all parts.
        digests: SHA-256 of each file by part/class/file.
        misnamed: files of another type than their names say.
        files: the photos of each part that came as files; the others were made here from pixels.
    """

    photos: Counter[str]
    classes: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    misnamed: list[Odd] = field(default_factory=list)
    files: dict[str, list[Photo]] = field(default_factory=dict)


def build(
    placed: Iterable[Placed],
    folder: Path,
    parts: Sequence[str],
    *,
    step: Callable[[], None] | None = None,
) -> Built:
    """Fill a new folder; a photo that comes as a file is moved there, and none is changed or left out.

    Args:
        placed: the photos.
        folder: to make.
        parts: of the official split; each has to get a photo.
        step: called after each photo.

    Raises:
        PhotosError: a name that is none, a photo that comes twice, or a part without photos.
    """
    folder.mkdir(mode=0o700)
    built = Built(Counter(dict.fromkeys(parts, 0)))
    for each in placed:
        name = _name(each, built)
        path = folder / name
        came_as_file = not isinstance(each.source, bytes)
        put(each.source, path)
        built.photos[each.part] += 1
        built.classes.add(each.label)
        built.digests[name] = digest_of(path)
        if came_as_file:
            built.files.setdefault(each.part, []).append(Photo(path, name, each.label))
        if what := _misnamed(path):
            built.misnamed.append(Odd(file=name, what=what))
        if step is not None:
            step()
    if empty := [part for part in parts if not built.photos[part]]:
        raise PhotosError(f"what arrived holds no photo of {', '.join(empty)}: it is another data set")
    wait_for_disk([folder / name for name in built.digests])
    return built


def _name(each: Placed, built: Built) -> str:
    name = f"{each.part}/{each.label}/{each.name}"
    for word in (each.label, each.name):
        if not word.isprintable() or not word.strip(". ") or "/" in word or is_system_name(word):
            raise PhotosError(f"what arrived holds a photo called {name[:200]!a}, which is no file name")
    if each.part not in built.photos:
        raise PhotosError(f"what arrived has a part {each.part!r}; expected {', '.join(built.photos)}")
    if name in built.digests:
        raise PhotosError(f"what arrived holds {name!a} twice: it is not the data set that was expected")
    return name


def _misnamed(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found, named = photo_format(head), _SUFFIXES.get(path.suffix.lower())
    if found is None or named in {found, None}:
        return None
    return f"it is {looks_like(head)}, its name says {named}"


def write_digests(folder: Path, digests: dict[str, str]) -> str:
    """Write the list that `sha256sum -c` understands too.

    Returns:
        The SHA-256 of the list itself.
    """
    names = sorted(digests, key=by_bytes)
    text = "".join(f"{digests[name]}  {name}\n" for name in names)
    atomic_write_text(folder / DIGESTS_FILE, text)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def read_digests(folder: Path, sha256: str) -> dict[str, str] | None:
    """Read the list again; None where it is not the one that was written."""
    try:
        data = (folder / DIGESTS_FILE).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
