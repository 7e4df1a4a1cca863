"""(first bytes of a file) => what it is. The content decides, never the name."""

from __future__ import annotations

import re

HEAD_BYTES = 64
"""How many bytes from a file's beginning are enough for every function here."""

_HEIC_BRANDS = {
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"hevm",
    b"hevs",
    b"mif1",
    b"msf1",
    b"heif",
}
_AVIF_BRANDS = {b"avif", b"avis"}

_PHOTOS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"\xff\xd8\xff", "JPEG"),
        (rb"\x89PNG", "PNG"),
        (rb"GIF8[79]a", "GIF"),
        (rb"RIFF....WEBP", "WEBP"),
        (rb"BM", "BMP"),
        (rb"II\x2a\x00(?!.{4}CR)|MM\x00\x2a|II\x2b\x00|MM\x00\x2b", "TIFF"),
        (rb"P[1-6f][ \t\r\n\v\f#]", "PPM"),
    )
)

_OTHERS: tuple[tuple[re.Pattern[bytes], str, bool], ...] = tuple(
    (re.compile(pattern, re.DOTALL), name, is_picture)
    for pattern, name, is_picture in (
        (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype html|html|head|body|script|!--)", "an HTML page", False),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<svg", "an SVG drawing", True),
        (rb"(\xef\xbb\xbf)?\s*<\?xml", "an XML file", False),
        (rb"(\xef\xbb\xbf)?\s*[\[{]\s*([\"\[{\]}]|-?\d)", "a JSON file", False),
        (rb"%PDF", "a PDF", False),
        (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", False),
        (rb"\x1f\x8b", "a gzip archive", False),
        (rb"Rar!\x1a", "a RAR archive", False),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", False),
        (rb"ID3|\xff[\xfb\xf3\xf2]", "an MP3", False),
        (rb"RIFF....WAVE", "a WAV sound", False),
        (rb"RIFF....AVI ", "an AVI film", False),
        (rb"OggS|fLaC", "a sound file", False),
        (rb"\x1a\x45\xdf\xa3", "a Matroska film", False),
        (rb"\x7fELF|MZ|\xcf\xfa\xed\xfe", "a program", False),
        (rb"\x00\x05\x16\x07", "an AppleDouble file of macOS", False),
        (rb"SQLite format 3\x00", "an SQLite database", False),
        (rb"version https://git-lfs", "a Git LFS pointer, not the file itself", False),
        (rb"%!PS|\xc5\xd0\xd3\xc6", "EPS", True),
        (rb"8BPS", "PSD", True),
        (rb"\x00\x00[\x01\x02]\x00[^\x00]\x00", "ICO", True),
        (rb"DDS ", "DDS", True),
        (rb"BLP[12]", "BLP", True),
        (rb"SIMPLE  =", "FITS", True),
        (rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000", True),
        (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", "JPEG XL", True),
        (rb"II\x2a\x00.{4}CR", "a Canon raw photo", True),
        (rb"FUJIFILMCCD-RAW", "a Fujifilm raw photo", True),
        (rb"IIRO|IIRS|MMOR", "an Olympus raw photo", True),
        (rb"IIU\x00", "a Panasonic raw photo", True),
        (rb"#\?(RADIANCE|RGBE)", "Radiance HDR", True),
        (rb"\x76\x2f\x31\x01", "OpenEXR", True),
        (rb"qoif", "QOI", True),
        (rb"farbfeld", "farbfeld", True),
        (rb"icns", "ICNS", True),
        (rb"\x0a[\x00-\x05]\x01[\x01\x02\x04\x08]", "PCX", True),
        (rb"P[0F7y][\s\w]", "a rare kind of PNM", True),
        (rb"\xd7\xcd\xc6\x9a|\x01\x00\x00\x00.{36} EMF", "a Windows metafile", True),
    )
)


def photo_format(head: bytes) -> str | None:
    """Pillow's name of an accepted format ("JPEG", "PNG", …), "HEIC", or None for anything else.

    Args:
        head: the first `HEAD_BYTES` bytes of a file, or all of it.

    Example:
        >>> photo_format(b"GIF89a" + bytes(20)), photo_format(b"<!DOCTYPE html>")
        ('GIF', None)
    """
    if head[4:8] == b"ftyp":
        return _container_format(head)
    return next((name for pattern, name in _PHOTOS if pattern.match(head)), None)


def other_picture(head: bytes) -> str | None:
    """The name of a picture format that is known but not accepted ("EPS"), or None.

    Example:
        >>> other_picture(b"8BPS" + bytes(20)), other_picture(b"%PDF-1.7")
        ('PSD', None)
    """
    return next((name for pattern, name, picture in _OTHERS if picture and pattern.match(head)), None)


def looks_like(head: bytes) -> str:
    """What a file seems to be, in words for a message.

    Args:
        head: the first `HEAD_BYTES` bytes of a file, or all of it.

    Example:
        >>> looks_like(b"<!DOCTYPE html><title>404</title>")
        'an HTML page'
        >>> looks_like(bytes(30))
        'nothing but zeros'
    """
    known = photo_format(head)
    if known is not None:
        return f"{'an' if known == 'AVIF' else 'a'} {known} photo"
    for pattern, name, _ in _OTHERS:
        if pattern.match(head):
            return name
    return _film_or_text(head)


def _container_format(head: bytes) -> str | None:
    size = int.from_bytes(head[:4]) or len(head)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))]
    if _AVIF_BRANDS.intersection(brands):
        return "AVIF"
    return "HEIC" if brands[0] in _HEIC_BRANDS else None


def _film_or_text(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "a film or sound (MP4 family)" if head[8:11] != b"crx" else "a Canon raw photo"
    if not head.strip(b"\0"):
        return "nothing but zeros"
    if not re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", head):
        return "plain text"
    return "data of an unknown kind"
