"""(a photo's path) => the one photo that a verb looks at, as the network receives it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import PhotosError, UsageError
from headstart.images.photo import Photo, Skipped
from headstart.images.reader import PhotoReader
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from headstart.images.reader import DecodedPhoto
    from headstart.images.resize import Resize


def read_photo(path: str | Path, resize: Resize | None) -> DecodedPhoto:
    """Decode one photo in a process that it may crash.

    Args:
        path: a file.
        resize: to which size; None: in full.

    Raises:
        UsageError: it is a folder.
        PhotosError: it can't be used; the message has the reason.
    """
    text = given_path(path, "the photo")
    if Path(text).is_dir():
        raise UsageError(f"{text!r} is a folder; expected one photo")
    with PhotoReader(workers=1) as reader:
        for hashed in reader.hash([Photo(Path(text), text)]):
            if isinstance(hashed, Skipped):
                raise _unusable(text, hashed)
            for decoded in reader.decode([hashed], resize):
                if isinstance(decoded, Skipped):
                    raise _unusable(text, decoded)
                return decoded
    raise AssertionError("a photo is decoded or skipped")


def _unusable(text: str, why: Skipped) -> PhotosError:
    return PhotosError(f"{text!r} can't be used: {why.reason.value}: {why.detail}; give another photo")
