"""Small pictures: the right size, upright as given, and nothing but pixels."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from headstart.errors import UsageError
from headstart.report.thumbnails import thumbnail


def opened(uri):
    kind, _, data = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


@pytest.mark.parametrize(
    ("shape", "size"),
    [((300, 400), (160, 120)), ((400, 300), (120, 160)), ((20, 30), (30, 20)), ((1, 5000), (160, 1))],
)
def test_the_longer_side_is_fitted_and_small_photos_stay(shape, size):
    assert opened(thumbnail(np.zeros((*shape, 3), np.uint8))).size == size


def test_colours_survive():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :, 0] = 250
    middle = np.asarray(opened(thumbnail(pixels, 32)), dtype=float)[16, 16]
    assert middle == pytest.approx([250, 0, 0], abs=6)


def test_it_carries_no_metadata():
    image = opened(thumbnail(np.zeros((50, 50, 3), np.uint8)))
    assert not image.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


def test_views_and_read_only_arrays_are_accepted_and_left_alone():
    pixels = np.arange(60 * 60 * 3, dtype=np.uint8).reshape(60, 60, 3)[::-1, ::2]
    before = pixels.copy()
    pixels.setflags(write=False)
    assert thumbnail(pixels) == thumbnail(before)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_pixels_are_refused(pixels):
    with pytest.raises(UsageError, match="expected uint8"):
        thumbnail(pixels)


def test_a_side_below_one_is_refused():
    with pytest.raises(UsageError, match="side 0"):
        thumbnail(np.zeros((4, 4, 3), np.uint8), 0)
