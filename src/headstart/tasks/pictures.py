"""(where a picture should go) => a path that can be written, found out before any work."""

from __future__ import annotations

from pathlib import Path

from headstart.errors import UsageError
from headstart.storage.home import require_writable
from headstart.tasks.paths import given_path, refuse_among_photos


def picture_path(output: str | Path, *photos: str | Path | None, suffix: str = ".png") -> Path:
    """Refuse a path where no picture can be written, or where it would be taken for one of the photos.

    Args:
        output: as it was given.
        photos: the photos that are looked at: none of them may be replaced, and nothing may be written into
            a folder of them.
        suffix: how the file's name must end.

    Raises:
        UsageError: another suffix, a folder, a missing folder, a photo or a place among the photos.
        StorageError: the folder can't be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     picture_path(Path(folder, "maps.png")).name
        'maps.png'
    """
    path = Path(given_path(output, "output"))
    if path.suffix.lower() != suffix:
        raise UsageError(f"output is {str(output)!r}; expected a file name that ends in {suffix}")
    if path.is_dir():
        raise UsageError(f"output {str(output)!r} is a folder; expected the name of a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"the folder of output {str(output)!r} does not exist; make it, or name another place"
        )
    sources = [str(each) for each in photos if each is not None]
    for each in sources:
        if path.exists() and Path(each).is_file() and path.samefile(each):
            raise UsageError(f"output {str(output)!r} is the photo itself; choose another name")
    refuse_among_photos(path, "output", *sources)
    require_writable(path.absolute().parent, "the picture", choose="choose another output")
    return path
