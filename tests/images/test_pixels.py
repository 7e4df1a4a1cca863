import numpy as np
import pytest

from headstart.images.pixels import to_pixels
from tests.images import makers


def test_the_batch_equals_torchvisions_to_tensor():
    import torch
    from torchvision.transforms import ToTensor

    every_value = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    pictures = [every_value, makers.noise(16, 16)]

    pixels = to_pixels(pictures)

    expected = torch.stack([ToTensor()(picture) for picture in pictures]).numpy()
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous


def test_white_is_exactly_one_and_black_exactly_zero():
    pixels = to_pixels([np.array([[[0, 255, 0]]], np.uint8)])

    assert pixels.ravel().tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("pictures", [[], [makers.noise(4, 4), makers.noise(4, 5)]])
def test_no_pictures_or_different_sizes_are_refused(pictures):
    with pytest.raises(ValueError, match="picture"):
        to_pixels(pictures)
