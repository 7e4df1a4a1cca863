"""The centre of a resized picture, without the rest: the same bits as resizing all of it and cutting."""

import numpy as np
import PIL
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.Image import Resampling

from headstart.images import passes
from headstart.images.passes import offset, resize_centre
from tests.images import makers

FILTERS = [each for each in Resampling if each.name != "NEAREST" and not each.name.startswith("MKS")]
sides = st.integers(1, 300)


def picture(mode, width, height, seed=0):
    return Image.fromarray(makers.noise(width, height, 1 if mode == "L" else 3, seed))


def in_full(whole, size, wanted, resampling, box=None):
    left, top = offset(size[0], wanted[0]), offset(size[1], wanted[1])
    return whole.resize(size, resampling, box).crop((left, top, left + wanted[0], top + wanted[1]))


def assert_same(centre, expected):
    assert centre.mode == expected.mode
    np.testing.assert_array_equal(np.asarray(centre), np.asarray(expected))


def test_this_pillow_is_known():
    """If this fails with a new Pillow and the other tests pass with it, add it to the list."""
    assert PIL.__version__.startswith(passes.KNOWN_PILLOW)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    mode=st.sampled_from(["L", "RGB"]),
    old=st.tuples(sides, sides),
    new=st.tuples(sides, sides),
    keep=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    resampling=st.sampled_from(FILTERS),
)
@example("RGB", (160, 250), (128, 200), (0.875, 0.56), Resampling.BICUBIC)  # both sides exact
@example("RGB", (60, 300), (30, 239), (0.5, 0.5), Resampling.BICUBIC)  # columns first, by one pixel
@example("RGB", (60, 300), (30, 240), (0.5, 0.5), Resampling.BICUBIC)  # rows first
def test_any_size_any_filter(mode, old, new, keep, resampling):
    wanted = (max(1, round(new[0] * keep[0])), max(1, round(new[1] * keep[1])))
    whole = picture(mode, *old)

    centre = resize_centre(whole, new, wanted, resampling)

    assume(centre is not None)
    assert_same(centre, in_full(whole, new, wanted, resampling))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    old=st.tuples(st.integers(8, 400), st.integers(8, 400)),
    short=st.sampled_from([32, 48, 64, 96, 128]),
    keep=st.floats(0.3, 1),
    resampling=st.sampled_from(FILTERS),
)
def test_short_side_to_a_given_length_then_a_square_cut(old, short, keep, resampling):
    scale = short / min(old)
    size = (short, int(old[1] * scale)) if old[0] <= old[1] else (int(old[0] * scale), short)
    wanted = (max(1, int(short * keep)),) * 2
    assume(max(size) < 2000)
    whole = picture("RGB", *old)

    centre = resize_centre(whole, size, wanted, resampling)

    if centre is None:
        # Nothing to cut or to resize, columns first, or (31 of 32, by the rounding above) something missing.
        assert size in {wanted, old} or old[1] > 2 * old[0] or min(size) < wanted[0]
    else:
        assert_same(centre, in_full(whole, size, wanted, resampling))


@pytest.mark.parametrize("resampling", FILTERS)
@pytest.mark.parametrize("size", [(500, 375), (375, 500), (415, 360), (1000, 667), (256, 300), (2001, 1024)])
def test_the_sizes_of_photos(size, resampling):
    whole = picture("RGB", *size)
    scale = 256 / min(size)
    new = (256, int(size[1] * scale)) if size[0] <= size[1] else (int(size[0] * scale), 256)

    centre = resize_centre(whole, new, (224, 224), resampling)

    assert_same(centre, in_full(whole, new, (224, 224), resampling))


def test_what_pillow_has_to_do_itself(monkeypatch):
    whole = picture("RGB", 100, 80)
    some = Resampling.BILINEAR

    assert resize_centre(whole, (50, 40), (50, 40), some) is None  # nothing to cut
    assert resize_centre(whole, (50, 40), (60, 30), some) is None  # something is missing
    assert resize_centre(whole, (50, 40), (30, 30), Resampling.NEAREST) is None
    assert resize_centre(whole, (50, 40), (30, 30), some, (0, 0, 99.5, 80)) is None
    assert resize_centre(whole, (50, 40), (30, 30), some, (0, 0, 100, 80)) is not None
    monkeypatch.setattr(PIL, "__version__", "99.0.0")
    assert resize_centre(whole, (50, 40), (30, 30), some) is None


def test_the_picture_given_stays_as_it_is():
    whole = picture("RGB", 60, 50)
    before = whole.tobytes()

    centre = resize_centre(whole, (60, 50), (40, 50), Resampling.BICUBIC)
    centre.paste((1, 2, 3), (0, 0, 40, 50))

    assert whole.tobytes() == before
