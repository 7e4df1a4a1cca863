"""What the network sees is what a person sees: depth, palette, transparency, CMYK, frames, metadata."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.GifImagePlugin import GifImageFile

from headstart.images.colour import STRETCHED, UNIT_RANGE
from headstart.images.decode import BROKEN_PROFILE, ODD_METADATA, SEVERAL, decode
from tests.images import makers

WHITE = [255, 255, 255]


def grey(values, **options):
    """What a grey picture of these values becomes: its (h, w) levels, and the notes."""
    decoded = decode(makers.encode(Image.fromarray(values), options.pop("kind", "TIFF"), **options))
    assert (decoded.pixels == decoded.pixels[..., :1]).all()
    return decoded.pixels[..., 0], decoded.notes


def test_rgb_comes_through_unchanged():
    pixels = makers.noise()

    decoded = decode(makers.encode(pixels, "PNG"))

    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert (decoded.width, decoded.height, decoded.format, decoded.notes) == (40, 30, "PNG", ())


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_grey_is_the_same_in_all_three_channels(kind):
    pixels = makers.noise(channels=1)

    decoded = decode(makers.encode(pixels, kind)).pixels

    np.testing.assert_array_equal(decoded, np.stack([pixels] * 3, axis=-1))


def test_one_bit_is_black_and_white():
    bits = makers.noise(channels=1) > 127

    decoded = decode(makers.encode(Image.fromarray(bits), "PNG")).pixels

    np.testing.assert_array_equal(decoded[..., 0], np.where(bits, 255, 0))


RAMP = np.tile(np.arange(0, 65536, 64, dtype=np.uint16), (8, 1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_cut_off(kind):
    levels, notes = grey(RAMP, kind=kind)

    np.testing.assert_array_equal(levels, RAMP >> 8)
    assert len(np.unique(levels)) == 256
    assert notes == ()


def test_16_bit_big_endian_grey():
    levels, _ = grey(RAMP.astype(">u2"))

    np.testing.assert_array_equal(levels, RAMP >> 8)


def test_16_bit_pgm():
    data = b"P5 1024 8 65535\n" + RAMP.astype(">u2").tobytes()

    np.testing.assert_array_equal(decode(data).pixels[..., 0], RAMP >> 8)


def test_16_bit_rgb():
    values = np.random.default_rng(0).integers(0, 65536, (10, 12, 3), dtype=np.uint16)
    data = makers.png(12, 10, 16, 2, [row.astype(">u2").tobytes() for row in values])

    np.testing.assert_array_equal(decode(data).pixels, values >> 8)


def test_16_bit_grey_with_transparency():
    values = np.stack([RAMP, np.full_like(RAMP, 65535)], axis=-1)
    data = makers.png(1024, 8, 16, 4, [row.astype(">u2").tobytes() for row in values])

    np.testing.assert_array_equal(decode(data).pixels[..., 1], RAMP >> 8)


def test_white_is_zero_in_16_bits():
    levels, _ = grey(RAMP, tiffinfo={262: 0})

    np.testing.assert_array_equal(levels, 255 - (RAMP >> 8))


def test_floats_within_0_to_255_are_taken_as_they_are():
    values = np.tile(np.linspace(0, 255, 256, dtype=np.float32), (8, 1))

    levels, notes = grey(values)

    np.testing.assert_array_equal(levels, np.rint(values))
    assert notes == ()


def test_floats_outside_0_to_255_are_scaled_by_their_range_with_a_note():
    values = np.tile(np.linspace(-1000, 7000, 256, dtype=np.float32), (8, 1))

    levels, notes = grey(values)

    np.testing.assert_array_equal(levels[0], np.arange(256))
    assert notes == (STRETCHED,)


def test_floats_between_0_and_1_are_not_made_black():
    levels, notes = grey(np.tile(np.linspace(0, 1, 256, dtype=np.float32), (8, 1)))

    np.testing.assert_array_equal(levels[0], np.arange(256))
    assert notes == (UNIT_RANGE,)


def test_a_float_that_is_no_number_does_not_spoil_the_others():
    values = np.tile(np.linspace(0, 1000, 256, dtype=np.float32), (8, 1))
    values[0, :3] = np.nan, np.inf, -np.inf

    levels, notes = grey(values)

    np.testing.assert_array_equal(levels[1], np.arange(256))
    assert notes == (STRETCHED,)


def test_a_constant_float_picture():
    levels, notes = grey(np.full((9, 9), -3.5, np.float32))

    assert np.unique(levels).tolist() == [0]
    assert notes == (STRETCHED,)


def test_32_bit_integers_keep_their_levels():
    levels, notes = grey(np.tile(np.linspace(0, 2**31 - 1, 256).astype(np.int32), (8, 1)))

    assert len(np.unique(levels)) == 256
    assert notes == (STRETCHED,)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_parts_show_white_and_hide_their_colour(kind):
    pixels = np.zeros((10, 10, 4), np.uint8)
    pixels[..., 0] = 255  # red, not seen
    pixels[5:, :, 3] = 255
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}

    decoded = decode(makers.encode(pixels, kind, **options)).pixels

    assert decoded[0, 0].tolist() == WHITE
    assert decoded[9, 9].tolist() == [255, 0, 0]


def test_half_transparent_black_is_grey():
    pixels = np.zeros((10, 10, 4), np.uint8)
    pixels[..., 3] = 128

    assert decode(makers.encode(pixels, "PNG")).pixels[0, 0].tolist() == [127, 127, 127]


def test_grey_with_transparency():
    picture = Image.merge("LA", [Image.new("L", (10, 10), 100), Image.new("L", (10, 10), 0)])

    assert decode(makers.encode(picture, "PNG")).pixels[0, 0].tolist() == WHITE


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette(kind):
    picture = Image.new("P", (10, 10), 1)
    picture.putpalette([0, 255, 0, 255, 0, 0])
    picture.paste(0, (0, 0, 5, 10))

    decoded = decode(makers.encode(picture, kind, transparency=1)).pixels

    assert decoded[0, 0].tolist() == [0, 255, 0]
    assert decoded[0, 9].tolist() == WHITE


def test_a_palette_with_an_alpha_for_each_colour():
    picture = Image.new("P", (10, 10), 1)
    picture.putpalette([0, 255, 0, 255, 0, 0])

    decoded = decode(makers.encode(picture, "PNG", transparency=bytes([255, 51]))).pixels

    assert decoded[0, 0].tolist() == [255, 204, 204]


@pytest.mark.parametrize(
    ("depth", "colour", "key", "row", "other"),
    [
        (8, 0, b"\0\x07", bytes([7] * 8), bytes([9] * 8)),
        (4, 0, b"\0\x0f", bytes([0xFF] * 4), bytes([0x33] * 4)),
        (2, 0, b"\0\x02", bytes([0b10101010] * 2), bytes([0b01010101] * 2)),
        (16, 0, b"\x12\x34", b"\x12\x34" * 8, b"\x12\x35" * 8),
        (8, 2, b"\0\x01\0\x02\0\x03", b"\1\2\3" * 8, b"\1\2\4" * 8),
        (
            16,
            2,
            b"\x11\x01\x22\x02\x33\x03",
            b"\x11\x01\x22\x02\x33\x03" * 8,
            b"\x11\x01\x22\x02\x44\x03" * 8,
        ),
    ],
)
def test_a_transparent_colour_without_a_palette_at_each_depth(depth, colour, key, row, other):
    data = makers.png(8, 8, depth, colour, [row] * 4 + [other] * 4, makers.chunk(b"tRNS", key))

    decoded = decode(data).pixels

    assert decoded[0, 0].tolist() == WHITE
    assert decoded[7, 7].tolist() != WHITE


def test_cmyk_is_neither_negative_nor_far_off():
    scene = makers.scene()
    data = makers.encode(Image.fromarray(scene).convert("CMYK"), "JPEG", quality=95)

    difference = np.abs(decode(data).pixels.astype(int) - scene)

    assert difference.mean() < 8


def test_lab_becomes_rgb():
    picture = Image.merge("LAB", [Image.new("L", (20, 20), value) for value in (255, 128, 128)])

    assert np.abs(decode(makers.encode(picture, "TIFF")).pixels.astype(int) - 255).max() <= 2


def test_ycck_is_right_too():
    # libjpeg turns YCCK to CMYK itself when the Adobe marker says 2: claim it for data that are YCCK then
    red = Image.merge("CMYK", [Image.new("L", (64, 64), value) for value in (0, 255, 255, 0)])
    data = makers.encode(red, "JPEG", quality=95)
    at = data.index(b"Adobe") + 11
    as_ycck = data[:at] + b"\2" + data[at + 1 :]

    plain, turned = decode(data).pixels[32, 32].astype(int), decode(as_ycck).pixels[32, 32].astype(int)

    assert np.abs(plain - [255, 0, 0]).max() < 8
    assert np.abs(turned - plain).max() > 50  # the marker is obeyed


def test_extra_bytes_before_the_end_of_a_jpeg_are_accepted():
    data = makers.encode(makers.scene(64, 64), "JPEG")

    longer = data[:-2] + b"\0\1\2\3 extraneous" + data[-2:]

    np.testing.assert_array_equal(decode(longer).pixels, decode(data).pixels)


def test_what_follows_a_jpeg_is_not_part_of_it():
    data = makers.encode(makers.scene(64, 64), "JPEG")

    np.testing.assert_array_equal(decode(data + b"PK\3\4 a zip follows").pixels, decode(data).pixels)


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})]
)
def test_of_several_pictures_the_first_is_used_with_a_note(kind, options):
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")

    decoded = decode(makers.encode(first, kind, save_all=True, append_images=[second, first], **options))

    assert decoded.pixels[0, 0].tolist() == [255, 0, 0]
    assert decoded.notes == (SEVERAL,)


def test_of_a_3d_photo_the_first_picture_is_used():
    first, second = Image.new("RGB", (16, 16), "white"), Image.new("RGB", (16, 16), "black")

    decoded = decode(makers.encode(first, "MPO", save_all=True, append_images=[second]))

    assert decoded.pixels[0, 0].tolist() == WHITE
    assert decoded.notes == (SEVERAL,)


def test_frames_are_not_counted(monkeypatch):
    looked_at = []
    seek = GifImageFile._seek
    monkeypatch.setattr(
        GifImageFile, "_seek", lambda self, frame, *rest: (looked_at.append(frame), seek(self, frame, *rest))
    )

    decoded = decode(makers.animated_gif(50))

    assert decoded.notes == (SEVERAL,)
    assert max(looked_at) == 1


def test_a_broken_second_frame_does_not_matter():
    data = makers.animated_gif(3)
    at = data.rindex(b"\x21\xf9")

    decoded = decode(data[:at] + b"\x21\xf9\x09junk")

    np.testing.assert_array_equal(decoded.pixels, decode(data).pixels)


def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_broken_colour_profile_is_ignored_with_a_note(kind):
    pixels = makers.scene(64, 64)

    broken = decode(makers.encode(pixels, kind, icc_profile=b"not a profile" * 20))
    sound = decode(makers.encode(pixels, kind, icc_profile=profile()))

    np.testing.assert_array_equal(broken.pixels, decode(makers.encode(pixels, kind)).pixels)
    assert broken.notes == (BROKEN_PROFILE,)
    assert sound.notes == ()


def test_large_metadata_is_carried_but_not_used():
    data = makers.encode(makers.scene(64, 64), "JPEG", comment=b"x" * 60_000, xmp=b"y" * 60_000)

    assert decode(data).notes == ()


def test_a_warning_of_the_decoder_becomes_a_note():
    file = io.BytesIO()
    Image.fromarray(makers.noise()).save(file, "TIFF")
    data = file.getvalue()
    # an ASCII tag whose text would begin behind the end of the file
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    entries = (
        data[first + 2 : first + 2 + 12 * count]
        + b"\x31\x01\x02\x00"
        + (100).to_bytes(4, "little")
        + b"\xff\xff\xff\x00"
    )
    directory = (count + 1).to_bytes(2, "little") + entries + bytes(4)
    moved = data[:4] + len(data).to_bytes(4, "little") + data[8:] + directory

    decoded = decode(moved)

    np.testing.assert_array_equal(decoded.pixels, makers.noise())
    assert decoded.notes == (ODD_METADATA,)
