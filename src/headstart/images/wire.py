"""(header, bytes) <=> frames in a pipe: two lengths, a JSON object, raw bytes. No pickle."""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LENGTHS = struct.Struct(">IQ")

_MAX_TEXT, _MAX_BODY = 2**20, 2**30

Frame = tuple[dict[str, Any], bytes]


def send(stream: IO[bytes], header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
    """Write one frame and flush it.

    Raises:
        OSError: if the other side has gone.

    Example:
        >>> import io
        >>> pipe = io.BytesIO()
        >>> send(pipe, {"do": "hash"}, b"photo.jpg")
        >>> pipe.seek(0), receive(pipe), receive(pipe)
        (0, ({'do': 'hash'}, b'photo.jpg'), None)
    """
    text = json.dumps(header).encode("ascii")
    # In one piece: the other side wakes up once
    stream.write(b"".join((_LENGTHS.pack(len(text), len(body)), text, body)))
    stream.flush()


def receive(stream: IO[bytes]) -> Frame | None:
    """Read one frame; None if the other side ended, also in the middle of a frame.

    Raises:
        ValueError: if what arrives is no frame.
    """
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    text_size, body_size = _LENGTHS.unpack(lengths)
    if text_size > _MAX_TEXT or body_size > _MAX_BODY:
        raise ValueError(f"a frame of {text_size} and {body_size} bytes is none of ours")
    text, body = stream.read(text_size), stream.read(body_size)
    if len(text) < text_size or len(body) < body_size:
        return None
    return json.loads(text), body


def pack_paths(request: Mapping[str, Any], paths: Sequence[bytes]) -> Frame:
    r"""One frame that asks the same of several files.

    Example:
        >>> frame = pack_paths({"do": "hash"}, [b"a.jpg", b"caf\xe9.jpg"])
        >>> unpack_paths(*frame)
        [b'a.jpg', b'caf\xe9.jpg']
    """
    return {**request, "lengths": [len(path) for path in paths]}, b"".join(paths)


def unpack_paths(request: Mapping[str, Any], body: bytes) -> list[bytes]:
    """The files that a frame asks about, as the file system spells them; without lengths it is one."""
    paths, at = [], 0
    for length in request.get("lengths", [len(body)]):
        paths.append(body[at : at + length])
        at += length
    return paths
