"""(bytes, format) => is the file whole? From its structure alone, without decoding anything."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PNG_SIGNATURE_BYTES = 8
_PNG_CHECKED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}


def is_cut(data: bytes, kind: str) -> bool:
    """Whether the file ends before its own structure says that it should.

    Args:
        data: the whole file.
        kind: Pillow's name of its format, "PNG".

    Example:
        >>> is_cut(b"RIFF" + (1000).to_bytes(4, "little") + b"WEBPVP8 ", "WEBP")
        True
    """
    check = _CUT_CHECKS.get(kind)
    try:
        return check is not None and check(data)
    except (struct.error, IndexError):
        return True


def broken_png_chunk(data: bytes) -> str | None:
    """The name of the first chunk of pixels or colours whose checksum is wrong, if there is one.

    Pillow does not look at the checksums of the pixel data.
    """
    for name, body, checksum in _png_chunks(data):
        whole = len(checksum) == 4
        if whole and name in _PNG_CHECKED and zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(checksum):
            return name.decode("ascii")
    return None


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bytes]]:
    view, at = memoryview(data), _PNG_SIGNATURE_BYTES
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, view[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        at += 12 + length


def _jpeg_is_cut(data: bytes) -> bool:
    """No end marker follows the scan; that of a thumbnail in the metadata does not count."""
    return data.find(b"\xff\xd9", _jpeg_scan(data)) < 0


def _jpeg_scan(data: bytes) -> int:
    """Where the picture's first scan begins: segments before it say their own length."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return at


def _png_is_cut(data: bytes) -> bool:
    return not any(name == b"IEND" and len(checksum) == 4 for name, _, checksum in _png_chunks(data))


def _gif_is_cut(data: bytes) -> bool:
    return not data.rstrip(b"\0").endswith(b";")


def _webp_is_cut(data: bytes) -> bool:
    return int.from_bytes(data[4:8], "little") + 8 > len(data)


def _bmp_is_cut(data: bytes) -> bool:
    size, _, pixels = struct.unpack_from("<III", data, 2)
    return bool(max(size, pixels) > len(data))


def _tiff_is_cut(data: bytes) -> bool:
    order = "<" if data[:2] == b"II" else ">"
    magic, first = struct.unpack_from(f"{order}HI", data, 2)
    if magic == 43:  # BigTIFF
        (first,) = struct.unpack_from(f"{order}Q", data, 8)
    return bool(first + 2 > len(data))


def _avif_is_cut(data: bytes) -> bool:
    at = 0
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if length == 1:  # a 64-bit length follows
            (length,) = struct.unpack_from(">Q", data, at + 8)
        at = at + length if length >= 8 else len(data)  # 0: up to the end of the file
    return at != len(data)


_CUT_CHECKS = {
    "JPEG": _jpeg_is_cut,
    "PNG": _png_is_cut,
    "GIF": _gif_is_cut,
    "WEBP": _webp_is_cut,
    "BMP": _bmp_is_cut,
    "TIFF": _tiff_is_cut,
    "AVIF": _avif_is_cut,
    "HEIC": _avif_is_cut,
}
