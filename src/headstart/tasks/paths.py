"""(paths as people write them) => paths that can be opened: `~` expanded, empty ones refused."""

from __future__ import annotations

import os
from pathlib import Path

from headstart.errors import UsageError
from headstart.storage.home import Home, require_writable


def given_path(path: str | Path, what: str) -> str:
    """Give a path as text, with `~` expanded; everything else stays as it was written.

    Args:
        path: as it was given.
        what: what it stands for, for the message.

    Raises:
        UsageError: it is empty: that would mean the working folder, which nobody asked for.

    Example:
        >>> given_path("photos/cats", "photos")
        'photos/cats'
        >>> given_path("", "photos")
        Traceback (most recent call last):
        headstart.errors.UsageError: photos is empty; expected a path
    """
    text = os.fspath(path)
    if not text:
        raise UsageError(f"{what} is empty; expected a path")
    return os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111 - Path("./x") loses its "./"


def photos_path(photos: str | Path, what: str, home: str | Path | None, *, measure: bool = False) -> str:
    """Give the path of photos as text; the name of a data set stands for its folder in the home.

    A file or folder of that name wins. Else NAME means the data set's training part, or, where something is
    measured, its test part if its makers published one; NAME/PART means another part.

    Args:
        photos: a path as it was given, or "oxford-pets", or "oxford-pets/test".
        what: what it stands for, for the message.
        home: the folder for data sets; None: `HEADSTART_HOME` or the platform's.
        measure: whether a model is measured on them.

    Raises:
        UsageError: it is empty.
        PhotosError: the data set is not at hand, or has no such part.

    Example:
        >>> photos_path("my/photos", "photos", None)
        'my/photos'
    """
    text = given_path(photos, what)
    if "\0" in text or os.path.lexists(text):
        return text
    from headstart.images.datasets.store import DatasetStore

    name, _, part = text.replace(os.sep, "/").rstrip("/").partition("/")
    store = DatasetStore(Home.find(home).datasets)
    return str(store.part(name, part, measure=measure)) if store.knows(name) else text


def photos_and_test(
    photos: str | Path, test: str | Path | None, home: str | Path | None
) -> tuple[str, str | None, list[str]]:
    """Give the paths of photos and of those to measure on; a data set brings its own test part along.

    Only the bare name of a data set does: NAME/PART means that part and nothing else.

    Returns:
        The photos, the test photos if there are any, and a note where nobody asked for them.

    Raises:
        UsageError: one is empty.
        PhotosError: a data set that is not at hand, or has no such part.
    """
    learned = photos_path(photos, "photos", home)
    if test is not None:
        return learned, photos_path(test, "test", home, measure=True), []
    name = given_path(photos, "photos").rstrip("/")
    own = learned if learned == name or "/" in name else photos_path(photos, "photos", home, measure=True)
    if own == learned:
        return learned, None, []
    return learned, own, [f"measured on {name}/{Path(own).name}, the test part that its makers published"]


def refuse_among_photos(target: Path, what: str, *sources: str | None) -> None:
    """Refuse to write among the photos: it would be taken for one of them, or for a class.

    Raises:
        UsageError: with both paths.
    """
    for source in sources:
        if source is None or not Path(source).is_dir():
            continue
        if target.resolve().is_relative_to(Path(source).resolve()):
            raise UsageError(
                f"{what} {str(target)!r} lies among the photos in {source!r}; choose another place"
            )


def check_page(output: str | Path, photos: str | None = None) -> Path:
    """Give the path of a page to write, refused before any work where it could not be written.

    Args:
        output: as it was given.
        photos: the folder or table that it may not lie among; None where no photos are at hand.

    Raises:
        UsageError: no name of an HTML file, or a place among the photos.
        StorageError: the folder can't be written.
    """
    path = Path(given_path(output, "output"))
    if path.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"output is {str(output)!r}; expected a file name that ends in .html")
    if path.is_dir():
        raise UsageError(f"output {str(output)!r} is a folder; expected a file name that ends in .html")
    if path.is_file() and b"headstart" not in path.read_bytes()[:20_000]:
        raise UsageError(f"output {str(output)!r} is there already and is no report; choose another name")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"output {str(output)!r} lies in a folder that is not there; make it first")
    refuse_among_photos(path, "output", photos)
    require_writable(path.absolute().parent, "the report", choose="choose another output")
    return path
