"""(folder, name) <=> large pieces of bytes under one name, each found by its SHA-256 and checked by it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 8 * 1024**3
"""Of one folder: VGG-16 with its classifier takes 0.5 GB, most networks 5 to 100 MB."""

_SUFFIXES = {".json", ".xml", ".bin", ".blob"}


def write_parts(place: Path, name: str, parts: Mapping[str, bytes]) -> None:
    """Write the pieces first, under their digests, then the record that names them.

    Args:
        place: a folder; made where it is missing.
        name: of the record.
        parts: bytes by kind, which becomes the ending of a file's name.

    Raises:
        StorageError: they can't be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_parts(Path(folder, "networks"), "mine", {"xml": b"<net/>"})
        ...     read_parts(Path(folder, "networks"), "mine")
        {'xml': b'<net/>'}
    """
    private_folder(place)
    tidy(place, MOST_BYTES - sum(map(len, parts.values())))
    record = {kind: hashlib.sha256(data).hexdigest() for kind, data in parts.items()}
    for kind, data in parts.items():
        path = place / f"{record[kind]}.{kind}"
        if not path.exists():
            atomic_write_bytes(path, data)
    atomic_write_bytes(place / f"{name}.json", json.dumps(record).encode())


def tidy(place: Path, most_bytes: int) -> None:
    """Remove what was used longest ago, until the rest is no larger; all of it can be made again.

    A process that reads a piece while it goes finds it missing, and makes it again.

    Args:
        place: the folder.
        most_bytes: that may stay.
    """
    records = sorted(place.glob("*.json"), key=_changed, reverse=True)
    kept, room = set[str](), most_bytes
    for path in records:
        pieces = [piece for piece in _pieces(path) if piece.name not in kept]
        room -= sum(piece.stat().st_size for piece in pieces if piece.exists())
        if room >= 0:
            kept.update((path.name, *(piece.name for piece in pieces)))
    for path in place.iterdir():
        if path.name not in kept and path.suffix in _SUFFIXES:
            with contextlib.suppress(OSError):
                path.unlink()


def _pieces(record: Path) -> list[Path]:
    try:
        known = json.loads(record.read_bytes())
        return [record.with_name(f"{digest}.{kind}") for kind, digest in known.items()]
    except (OSError, ValueError, AttributeError):
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def read_parts(place: Path, name: str) -> dict[str, bytes] | None:
    """The pieces that were written; None where one is missing or is not what was written.

    A damaged piece is removed, so that a sound one can be written again.
    """
    try:
        record: dict[str, str] = json.loads((place / f"{name}.json").read_bytes())
        parts = {kind: (place / f"{digest}.{kind}").read_bytes() for kind, digest in record.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    damaged = [kind for kind, data in parts.items() if hashlib.sha256(data).hexdigest() != record[kind]]
    for kind in damaged:
        with contextlib.suppress(OSError):
            (place / f"{record[kind]}.{kind}").unlink()
    if damaged:
        return None
    with contextlib.suppress(OSError):  # it was used: `tidy` takes others first
        os.utime(place / f"{name}.json")
    return parts
