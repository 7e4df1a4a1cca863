"""(folder, name) <=> large pieces of bytes under one name, each found by its SHA-256 and checked by it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING

from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import private_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
    record = {kind: hashlib.sha256(data).hexdigest() for kind, data in parts.items()}
    for kind, data in parts.items():
        path = place / f"{record[kind]}.{kind}"
        if not path.exists():
            atomic_write_bytes(path, data)
    atomic_write_bytes(place / f"{name}.json", json.dumps(record).encode())


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
    return None if damaged else parts
