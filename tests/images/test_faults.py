"""Files that can't be used: each ends in a reason of the closed list."""

import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from headstart.images.decode import PhotoFault, decode, inspect
from headstart.images.fault import fault_from
from headstart.images.opening import MAX_JPEG_PIXELS, MAX_PIXELS
from headstart.images.photo import Reason
from headstart.images.resize import Resize
from tests.images import makers


def reason(data, *, read=decode):
    with pytest.raises(PhotoFault) as caught:
        read(data)
    assert caught.value.detail
    return caught.value.reason


def cuts(size):
    """Ends at which a file is cut: each byte of the beginning, then 5 % steps, then the last bytes."""
    return sorted(
        {*range(min(size, 64)), *range(64, min(size, 1000), 37), *range(0, size, max(size // 20, 1))}
    )


def test_no_bytes_are_an_empty_file():
    assert reason(b"") is Reason.EMPTY


@pytest.mark.parametrize(("name", "data"), makers.good_files().items(), ids=makers.good_files())
def test_a_cut_file_is_refused_or_all_of_its_pixels_are_there(name, data):
    whole = decode(data).pixels
    reasons = set()
    for end in cuts(len(data)):
        try:
            pixels = decode(data[:end]).pixels
        except PhotoFault as fault:
            reasons.add(fault.reason)
        else:
            np.testing.assert_array_equal(pixels, whole, err_msg=f"{name} cut at {end} was filled up")

    assert Reason.TRUNCATED in reasons
    assert reasons <= {Reason.TRUNCATED, Reason.CORRUPT, Reason.NOT_AN_IMAGE, Reason.EMPTY}


@pytest.mark.parametrize(
    "name", ["baseline.jpg", "progressive.jpg", "rgb.png", "lossy.webp", "palette.gif", "rgb.bmp"]
)
def test_half_a_file_is_truncated(name):
    data = makers.good_files()[name]

    assert reason(data[: len(data) // 2]) is Reason.TRUNCATED


def test_a_switch_of_the_users_process_does_not_fill_cut_photos_with_grey(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = makers.good_files()["baseline.jpg"]

    assert reason(data[: len(data) // 2]) is Reason.TRUNCATED
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def broken_pngs():
    good = makers.encode(makers.noise(), "PNG")
    at = good.index(b"IDAT")
    flipped = bytearray(good)
    flipped[at + 100] ^= 1
    size = int.from_bytes(good[at - 4 : at])
    body = good[at + 4 : at + 4 + size]
    before, after = good[: at - 4], good[at + 8 + size :]
    adler = body[:-1] + bytes([body[-1] ^ 1])
    header = good[8:33]
    return {
        "flipped bit in the pixels": bytes(flipped),
        "wrong checksum of the pixels": before + good[at - 4 : at + 4 + size] + b"\0\0\0\0" + after,
        "wrong checksum of the stream": before + makers.chunk(b"IDAT", adler) + after,
        "no zlib stream": before + makers.chunk(b"IDAT", b"junk" * 20) + after,
        "no header": good[:8] + good[33:],
        "header after the pixels": good[:8] + good[33:-12] + header + good[-12:],
        "a depth that does not exist": makers.png(16, 16, 3, 2, [bytes(48)] * 16),
        "a colour type that does not exist": makers.png(16, 16, 8, 5, [bytes(48)] * 16),
        "wrong checksum of the header": good[:29] + b"\0\0\0\0" + good[33:],
    }


@pytest.mark.parametrize("data", broken_pngs().values(), ids=broken_pngs())
def test_a_damaged_png_is_corrupt(data):
    assert reason(data) is Reason.CORRUPT


def test_a_text_bomb_in_a_png_is_refused():
    bomb = makers.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))

    assert reason(makers.png(16, 16, 8, 0, [bytes(16)] * 16, bomb)) is Reason.CORRUPT


bombs = pytest.mark.parametrize(
    "make", [makers.png_header_only, makers.gif_header_only, makers.webp_header_only, makers.tiff_header_only]
)


@bombs
@pytest.mark.parametrize("read", [decode, inspect])
def test_too_many_pixels_are_known_from_the_header(make, read):
    side = 16383 if make is makers.webp_header_only else 65535

    assert reason(make(side, side), read=read) is Reason.TOO_MANY_PIXELS


def test_the_limit_itself_is_allowed():
    inspect(makers.png_header_only(MAX_PIXELS // 10_000, 10_000))

    assert (
        reason(makers.png_header_only(MAX_PIXELS // 10_000 + 1, 10_000), read=inspect)
        is Reason.TOO_MANY_PIXELS
    )


def resized_jpeg(width, height):
    """A JPEG whose header claims another size than its data have."""
    data = makers.encode(makers.noise(16, 16), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def test_photos_of_large_phones_are_within_the_limit_of_jpeg(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # the user's own business: not ours to change

    assert inspect(resized_jpeg(16_320, 12_240)) == "JPEG"
    assert reason(resized_jpeg(MAX_JPEG_PIXELS // 10_000 + 1, 10_000), read=inspect) is Reason.TOO_MANY_PIXELS
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_a_later_frame_can_not_be_larger_than_the_header_says():
    lying = makers.gif_header_only(16, 16).replace(
        b"," + struct.pack("<HHHH", 0, 0, 16, 16), b"," + struct.pack("<HHHH", 0, 0, 65535, 65535)
    )

    assert reason(lying, read=inspect) is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7), (1, 60_000), (60_000, 1)])
def test_less_than_eight_pixels_a_side_are_too_small(size):
    data = makers.encode(Image.new("L", size), "PNG")

    assert reason(data) is Reason.TOO_SMALL
    assert reason(data, read=inspect) is Reason.TOO_SMALL


def test_eight_pixels_a_side_are_enough():
    assert decode(makers.encode(makers.noise(8, 8), "PNG")).pixels.shape == (8, 8, 3)


def test_apples_format_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)

    with pytest.raises(PhotoFault, match=r"pip install 'headstart\[heic\]'") as caught:
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    assert caught.value.reason is Reason.HEIC_NEEDS_EXTRA


def test_a_preview_inside_a_cameras_raw_file_is_not_taken_for_the_photo():
    preview = makers.encode(makers.noise(), "TIFF", tiffinfo={254: 1})

    assert reason(preview, read=inspect) is Reason.FORMAT_NOT_ACCEPTED


@pytest.mark.parametrize(
    ("header", "expected"), [(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), (b"\xff\xc0", b"\xff\xc3")]
)
def test_a_rare_kind_of_jpeg_is_refused_with_a_reason(header, expected):
    data = makers.encode(makers.noise(), "JPEG").replace(header, expected, 1)

    assert reason(data) in {Reason.FORMAT_NOT_ACCEPTED, Reason.CORRUPT}


ERRORS = [OSError, SyntaxError, ValueError, struct.error, zlib.error, KeyError, IndexError, TypeError]
ERRORS += [ZeroDivisionError, OverflowError, RuntimeError, RecursionError, EOFError, AssertionError]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("words", [(), ("x",), ("two\nlines",)])
def test_whatever_a_decoder_raises_becomes_a_reason(error, words):
    fault = fault_from(error(*words), makers.good_files()["rgb.png"], "PNG")

    assert fault.reason is Reason.CORRUPT
    assert "\n" not in fault.detail


def test_too_little_memory_is_too_many_pixels():
    assert fault_from(MemoryError(), b"", "PNG").reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_ends_in_an_outcome_without_warnings(seed):
    random, outcomes = np.random.default_rng(seed), set()
    for data in makers.good_files().values():
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 1 + seed % 5):
            damaged[at] = random.integers(256)
        try:
            outcomes.add(decode(bytes(damaged), Resize(32, 32, 32)).pixels.shape)
        except PhotoFault as fault:
            outcomes.add(type(fault.reason))

    assert outcomes <= {(32, 32, 3), Reason}


@pytest.mark.parametrize("tail", [b"", bytes(5000)], ids=["nothing", "zeros"])
def test_a_jpeg_whose_end_is_missing_is_never_filled_silently(tail):
    import io

    from PIL import Image

    thumbnail = makers_thumbnail = io.BytesIO()
    Image.new("RGB", (160, 120), "red").save(makers_thumbnail, "JPEG")
    picture = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(picture, "JPEG")
    data = picture.getvalue()
    # A thumbnail in the metadata has an end marker of its own.
    exif = b"\xff\xe1" + (len(thumbnail.getvalue()) + 2).to_bytes(2) + thumbnail.getvalue()
    cut = data[:2] + exif + data[2 : len(data) * 9 // 10] + tail

    with pytest.raises(PhotoFault) as caught:
        decode(cut)
    assert caught.value.reason in {Reason.TRUNCATED, Reason.CORRUPT}


@pytest.mark.parametrize("missing", [1, 2, 12, 20])
def test_a_png_without_its_end_is_truncated(missing):
    import io

    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (100, 100), "red").save(picture, "PNG")

    with pytest.raises(PhotoFault) as caught:
        decode(picture.getvalue()[:-missing])
    assert caught.value.reason is Reason.TRUNCATED
