"""A picture written down as waves, as phases, as the network's own numbers: what numpy makes of the same."""

import numpy as np
import pytest
import torch

from headstart.pixels.colour import correlated, uncorrelated
from headstart.pixels.images import Normalised, Phases, Waves, frequencies
from headstart.pixels.network import of_backbone
from headstart.pixels.spectrum import Spectrum
from headstart.testing import tiny_backbone

SIZES = [(8, 8), (9, 7), (8, 11), (12, 6)]
MIXING = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def in_numpy(values, size, decay):
    """The same picture by another way: a sum over numpy's own frequencies, then the colour matrix."""
    height, width = size
    frequency = np.sqrt(np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width)[None] ** 2)
    scale = np.sqrt(height * width) / np.maximum(frequency, 1 / max(size)) ** decay
    waves = (values[..., 0] + 1j * values[..., 1]) * scale
    spatial = np.fft.irfft2(waves, s=size) / 4
    matrix = MIXING / np.linalg.norm(MIXING, axis=0).max()
    colours = np.tensordot(matrix, spatial, axes=([1], [1])).transpose(1, 0, 2, 3)
    return 1 / (1 + np.exp(-colours))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("decay", [1.0, 1.5])
def test_waves_are_what_numpy_makes_of_them(size, decay):
    image = Waves(size, seeded(), count=2, decay=decay, spread=1.0)

    expected = in_numpy(image.values.detach().double().numpy(), size, decay)

    assert np.allclose(image.pixels().detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_any_picture_can_be_written_in_waves(size):
    picture = 0.05 + 0.9 * torch.rand((1, 3, *size), generator=seeded(), dtype=torch.float64)
    image = Waves(size, seeded())
    scale = (size[0] * size[1]) ** 0.5 / frequencies(size).clamp(min=1 / max(size))
    waves = torch.fft.rfft2(4 * uncorrelated(torch.logit(picture))) / scale

    image.values = torch.view_as_real(waves)

    assert torch.allclose(image.pixels(), picture, atol=1e-6)


def test_gradients_of_waves_reach_every_coefficient_and_are_finite():
    image = Waves((8, 8), seeded())
    (gradient,) = torch.autograd.grad((image.pixels() * torch.rand(8, 8)).sum(), image.parameters())

    assert torch.isfinite(gradient).all()
    assert (gradient[..., 0] != 0).all()


def test_colours_are_mixed_as_the_matrix_says_and_back():
    colours = torch.rand(2, 3, 4, 5, generator=seeded())
    matrix = MIXING / np.linalg.norm(MIXING, axis=0).max()

    assert np.allclose(correlated(colours)[1, :, 2, 3], matrix @ colours[1, :, 2, 3].numpy(), atol=1e-6)
    assert torch.allclose(uncorrelated(correlated(colours)), colours, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_phases_keep_the_magnitude_after_every_step(size):
    template = 0.1 + torch.rand((3, size[0], size[1] // 2 + 1), generator=seeded(1))
    template = (template + torch.roll(template.flip(1), 1, dims=1)) / 2  # of real pictures
    image = Phases(template, size, seeded(), count=2)
    wanted = torch.rand((2, 3, *size), generator=seeded(2))
    walk = torch.optim.NAdam(image.parameters(), lr=1.0)
    before = image.pixels().detach()

    for _ in range(6):
        walk.zero_grad()
        ((image.pixels() - wanted) ** 2).sum().backward()
        walk.step()
        found = torch.fft.rfft2(image.values().detach().double()).abs()
        assert torch.allclose(found, template.double().expand_as(found), atol=1e-5)
    assert not torch.allclose(image.pixels().detach(), before, atol=1e-2)


def test_the_real_template_stays_to_a_hundred_thousandth_of_itself():
    photo = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    template = Spectrum.measure([photo]).of_size((64, 64))
    image = Phases(template, (64, 64), seeded())

    found = torch.fft.rfft2(image.values().detach().double()).abs()

    assert torch.allclose(found, template.double().expand_as(found), atol=1e-5 * float(template.max()))


def test_phases_spread_no_spike():
    """Phases that hang together heap everything up in one place: 27 sd at pixel (0, 0) in some systems."""
    template = 1 / frequencies((64, 64)).clamp(min=1 / 64).expand(3, -1, -1)
    values = Phases(template, (64, 64), seeded()).values().detach()

    strayed = (values - values.mean(dim=(2, 3), keepdim=True)).abs() / values.std(dim=(2, 3), keepdim=True)

    assert strayed.max() < 6


def test_normalised_numbers_are_what_the_network_takes():
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    start = 3 * torch.randn((1, 3, 32, 32), generator=seeded())
    image = Normalised(
        start, network.backbone.spec.preprocessing.mean, network.backbone.spec.preprocessing.std
    )

    assert torch.allclose(network.backbone.normalise(image.pixels()), start, atol=1e-5)
    assert image.pixels().min() < 0
    assert image.pixels().max() > 1
