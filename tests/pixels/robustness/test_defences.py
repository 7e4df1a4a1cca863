"""Simple defences: what they do to pictures, and that what comes out is what a file can hold."""

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.pixels.robustness.defences import blur, jpeg, median, simple_defences, to_pictures


@pytest.mark.parametrize("defence", simple_defences(), ids=lambda each: each.name)
def test_pictures_keep_their_shape_and_are_whole_255ths(defence):
    pixels = torch.rand(2, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    given = pixels.clone()
    after = defence(pixels)
    assert after.shape == pixels.shape
    assert after.dtype == torch.float32
    assert torch.equal(pixels, given)
    assert torch.allclose(after * 255, (after * 255).round(), atol=1e-4)
    assert torch.equal(after[1:], defence(pixels[1:]))
    assert not torch.equal(after, pixels)


def test_jpeg_is_pillows(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.jpg", quality=75)
    read = np.asarray(Image.open(tmp_path / "a.jpg"))
    pixels = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    assert np.array_equal(to_pictures(jpeg(75)(pixels))[0], read)


def test_the_median_takes_specks_away_and_blur_spreads_them():
    speck = torch.zeros(1, 3, 9, 9)
    speck[..., 4, 4] = 1.0
    assert median(3)(speck).max() == 0
    assert 0 < blur(1.0)(speck).max() < 0.5


def test_no_picture_gives_no_picture():
    assert jpeg()(torch.zeros(0, 3, 8, 8)).shape == (0, 3, 8, 8)


def test_rounding_is_to_the_nearest():
    assert to_pictures(torch.tensor([0.4, 0.6, 254.6]).div(255).reshape(1, 3, 1, 1)).ravel().tolist() == [
        0,
        1,
        255,
    ]
