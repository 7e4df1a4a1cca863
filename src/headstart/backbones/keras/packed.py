"""(a model's config) <=> (letters, digits, "-" and "_"): what one option of a backbone's spec can hold."""

from __future__ import annotations

import base64
import binascii
import zlib

from headstart.errors import BackboneError

_LARGEST = 1 << 24


def pack(text: str) -> str:
    """Write a text so that it can stand in a spec: a tenth of its length.

    Example:
        >>> unpack(pack('{"layers": []}'))
        '{"layers": []}'
    """
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpack(packed: str) -> str:
    """Read it again.

    Raises:
        BackboneError: nothing that `pack` gave, or far longer than any model's.
    """
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        stream = zlib.decompressobj()
        text = stream.decompress(data, _LARGEST)
        if not stream.eof or stream.unused_data:
            raise BackboneError("the config of this Keras model is cut short or too long")
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeError) as error:
        raise BackboneError(f"the config of this Keras model can't be read: {error}") from error
