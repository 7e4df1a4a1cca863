"""What comes out has the values that torchvision's and timm's own transforms give, bit for bit."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.images.decode import decode
from headstart.images.resize import Resize
from tests.images import makers

FILTERS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
SIZES = [(500, 375), (375, 500), (301, 223), (64, 64), (20, 200), (257, 256), (1000, 9), (33, 47)]


def ours(pixels, resize):
    return decode(makers.encode(pixels, "PNG"), resize).pixels


def torchvision_s(pixels, short_side, crop, interpolation):
    from torchvision import transforms

    steps = [
        transforms.Resize(short_side, transforms.InterpolationMode(interpolation)),
        transforms.CenterCrop(crop),
    ]
    return np.asarray(transforms.Compose(steps)(Image.fromarray(pixels)))


def timm_s(pixels, crop, crop_pct, mode, interpolation="bicubic"):
    from timm.data import create_transform

    transform = create_transform(
        (3, *crop),
        crop_pct=crop_pct,
        crop_mode=mode,
        interpolation=interpolation,
        mean=(0.5, 0.25, 0.75),
        normalize=False,
    )
    return transform(Image.fromarray(pixels)).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("short_side", "crop"), [(256, 224), (224, 224), (232, 224), (235, 224), (64, 96), (77, 60)]
)
def test_resize_and_centre_crop_equal_torchvision(size, short_side, crop):
    pixels = makers.noise(*size)

    expected = torchvision_s(pixels, short_side, crop, "bilinear")

    np.testing.assert_array_equal(ours(pixels, Resize(crop, crop, short_side)), expected)


@pytest.mark.parametrize("interpolation", FILTERS)
def test_each_filter_equals_torchvision(interpolation):
    pixels = makers.noise(150, 101)

    np.testing.assert_array_equal(
        ours(pixels, Resize(48, 48, 55, interpolation)), torchvision_s(pixels, 55, 48, interpolation)
    )


def test_enlarging_equals_torchvision():
    pixels = makers.noise(20, 31)

    np.testing.assert_array_equal(
        ours(pixels, Resize(60, 60, 64, "bicubic")), torchvision_s(pixels, 64, 60, "bicubic")
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("timms_mode", "mode"),
    [("center", "crop"), ("squash", "squash"), ("border", "pad")],
    ids=["crop", "squash", "pad"],
)
@pytest.mark.parametrize(
    ("height", "width", "crop_pct"), [(224, 224, 0.875), (64, 64, 0.9), (64, 64, 1.0), (96, 64, 1.0)]
)
def test_timms_crop_modes(size, timms_mode, mode, height, width, crop_pct):
    pixels = makers.noise(*size)
    short_side = int(min(height, width) / crop_pct)
    resize = Resize(height, width, short_side, "bicubic", mode, fill=(128, 64, 191))

    expected = timm_s(pixels, (height, width), crop_pct, timms_mode)

    np.testing.assert_array_equal(ours(pixels, resize), expected)


@pytest.mark.parametrize("ratio", [1, 2, 10, 100, 1000, 10_000])
@pytest.mark.parametrize("mode", ["crop", "squash", "pad"])
@pytest.mark.parametrize("wide", [True, False])
def test_no_shape_is_too_long(ratio, mode, wide):
    size = (8 * ratio, 8) if wide else (8, 8 * ratio)
    picture = Image.new("RGB", size, (9, 8, 7))

    decoded = decode(makers.encode(picture, "PNG"), Resize(224, 224, 256, mode=mode))

    assert decoded.pixels.shape == (224, 224, 3)
    assert decoded.pixels[111, 111].tolist() == [9, 8, 7]
    assert (decoded.width, decoded.height) == size


def test_the_middle_of_a_very_long_picture_is_used():
    strip = np.zeros((8, 80_000, 3), np.uint8)
    strip[:, 39_900:40_100] = 255

    assert (ours(strip, Resize(224, 224, 256)) == 255).all()


def photo(width, height, **options):
    return makers.encode(makers.scene(width, height), "JPEG", quality=95, **options)


def test_a_small_jpeg_equals_torchvision_too():
    data = photo(500, 375)
    expected = torchvision_s(np.asarray(Image.open(io.BytesIO(data))), 256, 224, "bilinear")

    np.testing.assert_array_equal(decode(data, Resize(224, 224, 256)).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(803, 601), (515, 1031)])
def test_a_large_jpeg_is_decoded_small_with_next_to_no_difference(size, orientation):
    data = photo(*size, exif=makers.exif(orientation))
    resize = Resize(48, 48, 56)
    in_full = decode(data)
    expected = torchvision_s(in_full.pixels, 56, 48, "bilinear")

    decoded = decode(data, resize)

    assert (decoded.width, decoded.height) == (in_full.width, in_full.height)
    assert np.abs(decoded.pixels.astype(int) - expected).mean() < 1


def test_a_large_jpeg_is_never_decoded_at_less_than_twice_the_size(monkeypatch):
    from PIL.JpegImagePlugin import JpegImageFile

    loaded = []
    load = JpegImageFile.load
    monkeypatch.setattr(JpegImageFile, "load", lambda self: (loaded.append(self.size), load(self))[1])

    for scale in (1, 2, 3, 4, 7, 8, 15, 16, 17):
        decode(photo(100 * scale, 60 * scale), Resize(48, 48, 48))

    assert all(min(size) >= 2 * 48 or size == (100, 60) for size in loaded)
    assert max(min(size) for size in loaded) < 8 * 48
