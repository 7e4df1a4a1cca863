"""The spectrum of photos, and that of a picture of any size."""

from importlib import resources

import numpy as np
import pytest
import torch

from headstart.errors import UsageError
from headstart.pixels.spectrum import SIDE, Spectrum, default_spectrum, spectrum_bytes


def noise(seed):
    return np.random.default_rng(seed).integers(60, 196, (SIDE, SIDE, 3), dtype=np.uint8)


def test_noise_has_every_wave_alike_and_a_smooth_photo_has_not():
    flat = Spectrum.measure([noise(seed) for seed in range(8)]).magnitude
    smooth = np.sin(np.linspace(0, 20, SIDE))[None, :, None] * 60 + 128 + np.zeros((SIDE, SIDE, 3))
    slow = Spectrum.measure([smooth.astype(np.uint8)]).magnitude

    assert flat[0, 4:, 4:].std() < 0.3 * flat[0, 4:, 4:].mean()
    assert int(slow[0, 0].argmax()) == 3  # 20 radians are a little more than 3 turns


@pytest.mark.parametrize("size", [(256, 256), (128, 128), (96, 96), (97, 65), (300, 300)])
def test_another_size_has_the_same_contrast_and_is_grey_on_average(size):
    known = default_spectrum()
    template = known.of_size(size)

    deviation = torch.fft.irfft2(torch.polar(template, torch.zeros_like(template)), s=size).std(dim=(1, 2))

    assert template.shape == (3, size[0], size[1] // 2 + 1)
    assert torch.isfinite(template).all()
    assert (template[:, 0, 0] == 0).all()
    original = known.of_size((SIDE, SIDE))
    expected = torch.fft.irfft2(torch.polar(original, torch.zeros_like(original))).std(dim=(1, 2))
    assert torch.allclose(deviation, expected, rtol=0.02)


def test_the_size_that_was_measured_comes_back():
    known = Spectrum.measure([noise(0)])
    template = known.of_size((SIDE, SIDE)) / SIDE**2

    assert torch.allclose(template[:, 1 : SIDE // 2, 1:], known.magnitude[:, 1 : SIDE // 2, 1:], rtol=1e-3)
    assert torch.allclose(template[:, 1], template[:, -1], rtol=1e-3)


def test_what_is_carried_is_small_and_falls_like_photos():
    size = len(resources.files("headstart.pixels").joinpath("spectrum.safetensors").read_bytes())
    along = default_spectrum().magnitude[0].diagonal()

    assert size < 200_000
    slope = np.polyfit(np.log(np.arange(2, 64)), np.log(along[2:64].numpy()), 1)[0]
    assert -2.0 < slope < -0.8  # photos: about 1 / frequency


def test_what_is_kept_is_what_was_measured():
    from safetensors.torch import load

    known = Spectrum.measure([noise(0), noise(1)])
    kept = load(spectrum_bytes(known))

    assert torch.allclose(kept["magnitude"].float(), known.magnitude, rtol=2e-3, atol=1e-6)
    assert int(kept["photos"]) == 2


@pytest.mark.parametrize("photos", [[], [np.zeros((64, 64, 3), np.uint8)]])
def test_what_can_not_be_measured_is_refused(photos):
    with pytest.raises(UsageError):
        Spectrum.measure(photos)
