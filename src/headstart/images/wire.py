"""(header, bytes) <=> frames in a pipe: two lengths, a JSON object, raw bytes. No pickle."""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)
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
