"""Occlusion and the deletion test, on networks whose answer is known to come from one corner."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.module import module_backbone
from headstart.pixels.heatmaps.deletion import deletion, pictures_needed
from headstart.pixels.heatmaps.hiding import hidden
from headstart.pixels.heatmaps.occlusion import occlusion, windows
from headstart.pixels.network import of_backbone
from headstart.testing import tiny_backbone

SIDE = 56


class Corner(nn.Module):
    """Says "there" by the texture in the upper left quarter of the photo, and looks at nothing else."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.linear = nn.Linear(1, 2)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor([[40.0], [-40.0]]))
            self.linear.bias.copy_(torch.tensor([-4.0, 4.0]))

    def forward(self, x):
        quarter = x[:, :, : SIDE // 2, : SIDE // 2]
        texture = (quarter[..., 1:] - quarter[..., :-1]).abs().mean(dim=(1, 2, 3))
        return self.linear(texture[:, None] + 0 * self.conv(x).mean())


@pytest.fixture(scope="module")
def corner():
    plain = {"mean": (0.0,) * 3, "std": (1.0,) * 3, "input_size": SIDE, "feature_layer": "conv:mean"}
    return of_backbone(module_backbone(Corner(), name="corner", classes=("there", "not"), **plain))


@pytest.fixture(scope="module")
def noise():
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def at(top, left):
    heat = np.zeros((SIDE, SIDE), np.float32)
    heat[top : top + SIDE // 2, left : left + SIDE // 2] = 1
    return heat


def test_the_true_map_is_meaningful(corner, noise):
    assert corner.probabilities(noise)[0, 0] > 0.9

    found = deletion(corner, noise, 0, at(0, 0))

    assert found.meaningful
    assert found.score < found.random < found.insertion
    assert found.beaten == len(found.random_hottest) == 19


@pytest.mark.parametrize(
    "heat", [at(SIDE // 2, SIDE // 2), at(0, SIDE // 2), np.ones((SIDE, SIDE), np.float32)]
)
def test_maps_of_other_places_and_empty_ones_are_not(corner, noise, heat):
    assert not deletion(corner, noise, 0, heat).meaningful


def test_a_probability_that_hardly_changes_means_nothing():
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))

    found = deletion(network, torch.rand(1, 3, 32, 32), 0, np.eye(32, dtype=np.float32))

    assert abs(found.gap) < 0.02
    assert not found.meaningful


def test_curves_begin_with_the_photo_and_end_with_nothing(corner, noise):
    asked = []
    found = deletion(corner, noise, 0, at(0, 0), repeats=3, done=asked.append)

    whole, nothing = (float(corner.probabilities(each)[0, 0]) for each in (noise, hidden(noise)))
    for curve in (found.hottest_first, found.coldest_first, *found.random_hottest, *found.random_coldest):
        assert curve[0] == pytest.approx(whole, abs=1e-6)
        assert curve[-1] == pytest.approx(nothing, abs=1e-6)
    assert sum(asked) == pictures_needed(3)
    assert found.hidden[0] == 0
    assert found.hidden[-1] == 1


def test_the_seed_decides(corner, noise):
    one, same, other = (deletion(corner, noise, 0, at(0, 0), seed=seed, repeats=4) for seed in (1, 1, 2))

    assert one.to_json() == same.to_json()
    assert one.to_json() != other.to_json()


def test_occlusion_finds_the_corner(corner, noise):
    found = occlusion(corner, noise, 0)

    assert found.values[: SIDE // 2, : SIDE // 2].mean() > 10 * abs(found.values[SIDE // 2 :].mean())
    assert deletion(corner, noise, 0, found.values).meaningful


def test_occlusion_is_captums_with_the_same_windows(corner, noise):
    from captum.attr import Occlusion

    size = windows(SIDE, SIDE)[0][2]
    tops = sorted({each[0] for each in windows(SIDE, SIDE)})
    assert tops[0] == 0
    assert tops[-1] + size == SIDE

    def log_probability(pixels):
        return torch.log_softmax(corner.logits(pixels), dim=1)

    step = tops[1] - tops[0]
    theirs = Occlusion(log_probability).attribute(
        noise,
        sliding_window_shapes=(3, size, size),
        strides=(3, step, step),
        baselines=hidden(noise),
        target=0,
    )
    ours = occlusion(corner, noise, 0)
    # Their windows march on in equal steps, ours end flush with the border: the first is the same for both.
    assert ours.values[0, 0] == pytest.approx(float(theirs[0, 0, 0, 0]), abs=1e-4)


def test_what_is_hidden_has_no_texture_and_stays_a_photo(noise):
    blurred = hidden(noise)

    assert blurred.std() < 0.1 * noise.std()
    assert blurred.mean() == pytest.approx(float(noise.mean()), abs=0.02)
    assert float(blurred.min()) >= 0
    assert float(blurred.max()) <= 1
    assert torch.allclose(hidden(torch.full((1, 3, 9, 30), 0.3)), torch.full((1, 3, 9, 30), 0.3), atol=1e-6)
