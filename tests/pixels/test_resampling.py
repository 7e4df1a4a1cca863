"""The matrices are Pillow's resizing, and gradients through them are those of finite differences."""

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.images.fit import FILTERS, fit, resized_size
from headstart.images.pixels import to_pixels
from headstart.images.resize import Resize
from headstart.pixels.resampling import inside_borders, through_resizing
from tests.images import makers
from tests.pixels.attacks.linear_network import LinearNetwork

SIZES = [(61, 47), (47, 61), (24, 24), (15, 80), (13, 11)]
RESIZES = [
    Resize(24, 24, 28),
    Resize(24, 24, 28, "bicubic"),
    Resize(20, 31, 23, "lanczos"),
    Resize(24, 24, 18, fill=(10, 200, 30)),
    Resize(24, 24, 27, "bicubic", "squash"),
    Resize(24, 24, 24, "bicubic", "pad", (124, 116, 104)),
    Resize(24, 24, 24, "nearest"),
]


def network_of(resize):
    class Sized(LinearNetwork):
        pass

    Sized.resize = resize
    return Sized(torch.zeros(2, 3 * resize.height * resize.width), (resize.height, resize.width))


def smooth(size):
    """A picture that stays within 0 and 255 when it is sharpened by a filter: Pillow cuts there, twice."""
    return (makers.noise(*size) // 3 + 85).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("resize", RESIZES)
def test_the_network_is_shown_what_decoding_gives(resize, size):
    photo = smooth(size)
    larger, (rows, columns) = through_resizing(network_of(resize), size)

    shown = larger.shown(torch.from_numpy(to_pixels([photo]))[..., rows, columns])

    expected = to_pixels([np.asarray(fit(Image.fromarray(photo), resize))])
    # Pillow rounds twice: half a level each, the first one spread by the second filter's weights
    assert abs(shown.numpy() - expected).max() <= 1.2 / 255


@pytest.mark.parametrize("interpolation", FILTERS)
def test_without_rounding_it_is_pillow_s_own(interpolation):
    resize = Resize(32, 32, 36, interpolation)
    plane = makers.noise(90, 70)[..., 0].astype(np.float32) / 255
    larger, (rows, columns) = through_resizing(network_of(resize), (90, 70))

    shown = larger.shown(torch.from_numpy(plane).expand(1, 3, 70, 90)[..., rows, columns])

    size = resized_size((90, 70), resize)
    resized = np.asarray(Image.fromarray(plane).resize(size, FILTERS[interpolation])).clip(0, 1)
    left, top = (size[0] - 32) // 2, (size[1] - 32) // 2
    np.testing.assert_allclose(shown[0, 0].numpy(), resized[top : top + 32, left : left + 32], atol=1e-5)


def test_gradients_reach_every_pixel_that_counts_and_no_other():
    resize = Resize(24, 24, 28, "bicubic")
    larger, (rows, columns) = through_resizing(network_of(resize), (61, 47))
    photo = torch.from_numpy(to_pixels([smooth((61, 47))])).requires_grad_()

    (gradient,) = torch.autograd.grad(larger.shown(photo[..., rows, columns]).square().sum(), photo)

    outside = torch.ones(47, 61, dtype=torch.bool)
    outside[rows, columns] = False
    assert outside.any()
    assert (gradient[..., outside] == 0).all()
    assert (gradient[..., rows, columns] != 0).float().mean() > 0.99


def test_borders_stay_as_they_are_filled():
    resize = Resize(24, 24, 24, "bicubic", "pad", (124, 116, 104))
    photo = smooth((48, 30))
    seen = torch.from_numpy(to_pixels([np.asarray(fit(Image.fromarray(photo), resize))]))
    inner, (rows, columns) = inside_borders(network_of(resize), (48, 30))

    assert torch.equal(inner.shown(seen[..., rows, columns]), seen)
    assert (rows, columns) == (slice(4, 19), slice(0, 24))


def test_without_borders_the_network_is_itself():
    network = network_of(Resize(24, 24, 28))

    assert inside_borders(network, (61, 47))[0] is network
