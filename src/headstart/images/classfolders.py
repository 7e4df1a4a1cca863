"""(folder with a folder for each class) => (labelled photos), or why its layout can't be understood."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError
from headstart.images.layout import NEEDED, labelled_set
from headstart.images.names import counted, has_photo_suffix, label_from, some
from headstart.images.photo import Photo
from headstart.images.probe import from_os_error
from headstart.images.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headstart.images.photo import PhotoSet
    from headstart.images.walk import Walk


_STRAY = 0.1  # up to this many files for each one deeper are strays, and no photos of a class


def read_class_folders(source: str | Path, *, follow_links: bool = False, least_classes: int = 2) -> PhotoSet:
    """Find the photos in a folder that holds a folder for each class.

    Photos at any depth in a class folder belong to that class. Files beside the class folders are noted
    and not used; photos there, by their suffix, are a mistake that stops.

    Args:
        source: the folder.
        follow_links: as in `walk`.
        least_classes: how many classes there must be.

    Raises:
        PhotosError: the folder can't be listed, or is not laid out as needed.
    """
    try:
        found = walk(source, follow_links=follow_links)
    except OSError as error:
        raise PhotosError(
            f"the folder {str(source)!r} can't be listed: {from_os_error(error).detail}"
        ) from None
    labels = {name: label_from(name) for name in found.folders if "/" not in name}
    beside = [name for name in found.files if "/" not in name]
    _refuse_other_layouts(str(source), found, beside, labels)
    root = Path(source)
    photos = [Photo(root / name, name, labels[_top(name)]) for name in found.files if "/" in name]
    return labelled_set(
        str(source),
        photos,
        [replace(entry, label=labels.get(_top(entry.name))) for entry in found.skipped],
        classes=labels.values(),
        least_classes=least_classes,
        ignored=found.ignored,
        notes=(*found.notes(), *_notes_on_beside(beside), *_notes_on_merged(labels)),
    )


def _top(name: str) -> str:
    return name.partition("/")[0]


def _refuse_other_layouts(source: str, found: Walk, beside: list[str], labels: Iterable[str]) -> None:
    photos = [name for name in beside if has_photo_suffix(name)]
    if photos:
        raise PhotosError(
            f"{source!r} holds {counted(len(photos), 'photo')} outside any class folder, such as "
            f"{photos[0]!r}; needed: {NEEDED}"
        )
    if not labels:
        links = "".join(f"; {note}" for note in found.notes())
        raise PhotosError(f"{source!r} holds no class folder{links}; needed: {NEEDED}")
    _refuse_nested_classes(source, found)


def _refuse_nested_classes(source: str, found: Walk) -> None:
    """Stop where class folders hold hardly a photo themselves: train/cat, test/cat are not train and test."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    direct = deeper = 0
    for name in found.files:
        top, _, rest = name.partition("/")
        inner, slash, _ = rest.partition("/")
        if slash:
            below[top].add(inner)
            deeper += 1
        elif rest and (has_photo_suffix(rest) or "." not in rest):
            direct += 1
    if direct > _STRAY * deeper:
        return
    top = max(below, key=lambda name: (len(below[name]), name), default="")
    if len(below[top]) > 1:
        raise PhotosError(
            f"the folders in {source!r} hold folders instead of photos ({top!r} holds "
            f"{some(sorted(below[top]))}), so which of them are the classes would be a guess; "
            f"give for example {str(Path(source, top))!r}, move the photos up, or use a CSV (path,label)"
        )


def _notes_on_beside(beside: list[str]) -> list[str]:
    if not beside:
        return []
    return [f"{counted(len(beside), 'file')} beside the class folders not used: {some(beside)}"]


def _notes_on_merged(labels: dict[str, str]) -> list[str]:
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for folder, label in labels.items():
        folders[label].append(folder)
    return [
        f"{len(same)} folders differ in Unicode form or outer blanks only and make one class, {label!r}"
        for label, same in sorted(folders.items())
        if len(same) > 1
    ]
