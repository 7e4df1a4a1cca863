"""What is put back into its place is what decoding gives, for every way to bring a photo to size."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.errors import UsageError
from headstart.images.decode import decode
from headstart.images.frame import before_cutting, covered, framed
from headstart.images.resize import Resize
from tests.images import makers

RESIZES = {
    "torchvision": Resize(24, 24, 28),
    "exact": Resize(24, 24, 24, "bicubic"),
    "oblong": Resize(20, 31, 23, "bicubic"),
    "borders": Resize(24, 24, 18, fill=(10, 200, 30)),
    "squash": Resize(24, 24, 24, "bicubic", "squash"),
    "squash and cut": Resize(24, 24, 27, "lanczos", "squash"),
    "squash with borders": Resize(24, 24, 20, "bilinear", "squash", (1, 2, 3)),
    "pad": Resize(24, 24, 24, "bicubic", "pad", (124, 116, 104)),
    "pad and cut": Resize(24, 24, 29, "bicubic", "pad", (124, 116, 104)),
    "pad oblong": Resize(33, 21, 21, "bilinear", "pad"),
    "pad more": Resize(24, 24, 19, "bilinear", "pad"),
}


def as_png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", RESIZES)
@settings(max_examples=12, deadline=None)
@given(width=st.integers(9, 90), height=st.integers(9, 90), seed=st.integers(0, 99))
def test_decoding_gives_exactly_what_was_put_there(name, width, height, seed):
    resize = RESIZES[name]
    photo = as_png(makers.noise(width, height))
    seen = decode(photo, resize).pixels
    try:
        whole = decode(photo, before_cutting((width, height), resize)).pixels
    except UsageError:
        assert resize.mode == "pad"  # a long photo becomes a strip of fewer rows than a decoder takes
        return
    rows, columns = covered((width, height), resize)
    changed = seen.copy()
    noise = np.random.default_rng(seed).integers(0, 256, seen.shape, dtype=np.uint8)
    changed[rows, columns] = noise[rows, columns]

    unchanged, picture = framed(whole, seen, resize), framed(whole, changed, resize)

    np.testing.assert_array_equal(unchanged, whole)
    np.testing.assert_array_equal(decode(as_png(picture), resize).pixels, changed)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (301, 223), (64, 64), (224, 224), (341, 256)])
@pytest.mark.parametrize("resize", [Resize(224, 224, 256), Resize(224, 224, 248, "bicubic")])
def test_the_sizes_of_real_networks(size, resize):
    photo = as_png(makers.noise(*size))
    whole = decode(photo, before_cutting(size, resize)).pixels
    changed = 255 - decode(photo, resize).pixels

    picture = framed(whole, changed, resize)

    np.testing.assert_array_equal(decode(as_png(picture), resize).pixels, changed)
    assert (picture != whole).any(axis=2).sum() <= 224 * 224


def test_a_large_jpeg_is_framed_as_it_is_read():
    # Decoded at half its size, as the network's own reading of it is
    file = io.BytesIO()
    Image.fromarray(makers.noise(1500, 1100)).save(file, "JPEG")
    resize = Resize(224, 224, 256)

    whole = decode(file.getvalue(), before_cutting((1500, 1100), resize)).pixels

    np.testing.assert_array_equal(framed(whole, decode(file.getvalue(), resize).pixels, resize), whole)


@pytest.mark.parametrize(
    ("size", "resize"),
    [((1000, 20), Resize(224, 224, 224, mode="pad")), ((9, 20_000), Resize(224, 224, 256))],
)
def test_what_cannot_be_kept_is_said(size, resize):
    with pytest.raises(UsageError, match="less long and narrow"):
        before_cutting(size, resize)
