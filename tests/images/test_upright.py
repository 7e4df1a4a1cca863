"""EXIF orientation: every reader sees the photo as a person does."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from headstart.images.decode import decode
from headstart.images.resize import Resize
from headstart.images.upright import UNREADABLE
from tests.images import makers

KINDS = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "AVIF": {"speed": 10, "quality": 95},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_in_each_format_is_upright(kind, orientation):
    upright = makers.quadrants()
    data = makers.encode(
        makers.turned(upright, orientation), kind, exif=makers.exif(orientation), **KINDS[kind]
    )

    decoded = decode(data)

    assert decoded.pixels.shape == upright.shape
    assert (decoded.width, decoded.height) == (64, 48)
    assert np.abs(decoded.pixels.astype(int) - upright).mean() < 6
    assert decoded.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_turned_picture_is_resized_as_the_upright_one_would_be(orientation):
    upright = makers.noise(90, 61)
    resize = Resize(32, 32, 40)
    data = makers.encode(makers.turned(upright, orientation), "PNG", exif=makers.exif(orientation))

    np.testing.assert_array_equal(
        decode(data, resize).pixels, decode(makers.encode(upright, "PNG"), resize).pixels
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright_with_a_note(kind, orientation):
    plain, odd = (makers.encode(makers.scene(64, 48), kind, exif=makers.exif(n)) for n in (1, orientation))

    decoded = decode(odd)

    np.testing.assert_array_equal(decoded.pixels, decode(plain).pixels)
    assert decoded.notes == (UNREADABLE,)


def tiff_exif(*entries):
    """EXIF data built by hand: (tag, type, count, value as 4 bytes)."""
    body = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4)


BROKEN_EXIF = {
    "empty": b"Exif\0\0",
    "junk": b"Exif\0\0" + b"junk" * 50,
    "no entries where they should be": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "half an entry": tiff_exif((0x0112, 3, 1, b"\x06\0\0\0"))[:-10],
    "a text": tiff_exif((0x0112, 2, 4, b"six\0")),
    "a rational far outside": tiff_exif((0x0112, 5, 1, b"\xff\xff\xff\xff")),
    "a rational with zero below": tiff_exif((0x011A, 5, 1, b"\x1a\0\0\0")) + struct.pack("<iI", -1, 0),
    "an unknown type": tiff_exif((0x0112, 99, 1, b"\x06\0\0\0")),
    "four billion values": tiff_exif((0x0112, 3, 0xFFFFFFFF, b"\x08\0\0\0")),
}


@pytest.mark.parametrize("data", BROKEN_EXIF.values(), ids=BROKEN_EXIF)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_does_not_cost_the_photo(kind, data):
    pixels = makers.scene(64, 48)

    decoded = decode(makers.encode(pixels, kind, exif=data))

    np.testing.assert_array_equal(decoded.pixels, decode(makers.encode(pixels, kind)).pixels)


def test_an_orientation_only_in_xmp_is_obeyed():
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'

    assert decode(makers.encode(Image.new("RGB", (40, 20)), "JPEG", xmp=packet)).pixels.shape == (40, 20, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_apples_format_is_turned_once(orientation):
    heif = pytest.importorskip("pillow_heif", reason="the extra headstart[heic] is not installed")
    upright, file = makers.quadrants(), io.BytesIO()
    stored = Image.fromarray(makers.turned(upright, orientation))
    heif.from_pillow(stored).save(file, format="HEIF", quality=95, exif=makers.exif(orientation).tobytes())

    decoded = decode(file.getvalue())

    assert decoded.format == "HEIC"
    assert np.abs(decoded.pixels.astype(int) - upright).mean() < 6
