"""Photos and what became of them: every file ends as used, or as skipped with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Reason(StrEnum):
    """The closed list of reasons for not using a file."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not an image"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too many pixels"
    TOO_SMALL = "too small"
    TOO_LARGE = "file too large"
    FORMAT_NOT_ACCEPTED = "format not accepted"
    HEIC_NEEDS_EXTRA = "HEIC needs an extra"
    NOT_A_FILE = "not a file"
    MISSING = "missing"
    NO_PERMISSION = "no permission"
    READ_ERROR = "read error"
    CHANGED_DURING_READ = "changed while being read"
    OUTSIDE_FOLDER = "link leads outside the folder"
    NO_LABEL = "no label"
    TIMEOUT = "decoding took too long"
    DECODER_CRASH = "decoder crashed"
    IN_TWO_CLASSES = "same photo in two classes"
    ALSO_TRAINED_ON = "also trained on"
    ALSO_A_TEST = "also a test photo"
    OTHER_CONTENT = "another photo than the table means"


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that is believed to be a photo, before anything was read from it.

    Attributes:
        path: where it lies.
        name: its path relative to the folder or table that named it, with `/`; how people know it.
        label: its class, or None where it has none (prediction).
    """

    path: Path
    name: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Hashed:
    """A photo whose file was read once and can be decoded as far as its header tells.

    Attributes:
        photo: as found by the scan.
        sha256: of the file's bytes, hexadecimal: what the photo is, whatever its name.
        bytes: the file's size.
    """

    photo: Photo
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not used, and why.

    Attributes:
        name: as in `Photo.name`.
        reason: one of the closed list.
        detail: one sentence for people.
        stage: "scan", "read" or "decode".
        bytes: the file's size, where it is known.
        label: the class it would have had.
    """

    name: str
    reason: Reason
    detail: str
    stage: str
    bytes: int | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """What a scan found, nothing read yet.

    Attributes:
        source: the folder, table or list as the user wrote it.
        photos: in a fixed order (by name; files named one by one stay in the order given).
        classes: sorted class names; empty where photos have no labels.
        skipped: files that the scan itself ruled out.
        ignored: how many hidden and system files were passed over by rule.
        notes: what people should know: classes that differ only in case, links not followed, …
        order: names of photos and skipped files, as they were given; () where that does not matter.
    """

    source: str
    photos: tuple[Photo, ...]
    classes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    ignored: int = 0
    notes: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
