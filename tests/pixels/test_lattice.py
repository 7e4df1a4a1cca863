import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.pixels.lattice import levels, on_lattice


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), norm=st.sampled_from(["linf", "l2"]), part=st.floats(0.001, 1.0))
def test_rounding_never_leaves_the_ball(seed, norm, part):
    chance = torch.Generator().manual_seed(seed)
    photo = torch.randint(0, 256, (1, 3, 6, 5), generator=chance).float() / 255
    change = torch.randn(photo.shape, generator=chance).double()
    size = change.abs().max() if norm == "linf" else change.norm()
    radius = part * (0.2 if norm == "linf" else 2.0)
    changed = (photo.double() + radius * change / size).clamp(0, 1).float()

    found = on_lattice(changed, photo, norm, radius)

    moved = levels(found) - levels(photo)
    length = moved.abs().max() if norm == "linf" else moved.norm()
    assert float(length) <= radius * 255 + 1e-6
    assert torch.equal(found, levels(found).to(torch.uint8).float() / 255)
    assert float((levels(found) - changed.double() * 255).abs().max()) <= 1.5 + 1e-3


def test_values_are_rounded_and_not_cut_off():
    photo = torch.full((1, 3, 1, 1), 100 / 255)
    changed = photo + torch.tensor([0.6, -0.6, 0.4]).view(1, 3, 1, 1) / 255

    assert levels(on_lattice(changed, photo)).flatten().tolist() == [101.0, 99.0, 100.0]


@pytest.mark.parametrize("radius", [0.1, 0.25, 1.0])
def test_a_small_ball_in_l2_is_spent_and_not_rounded_away(radius):
    chance = torch.Generator().manual_seed(0)
    photo = torch.randint(50, 200, (1, 3, 64, 64), generator=chance).float() / 255
    change = torch.randn(photo.shape, generator=chance)
    found = on_lattice(photo + radius * change / change.norm(), photo, "l2", radius)
    assert 0.98 * radius < float((found - photo).norm()) <= radius * (1 + 1e-5)
    assert float(((found - photo) * change).sum()) > 0  # and in the direction of the change


@pytest.mark.parametrize("epsilon", [0.5 / 255, 0.999 / 255])
def test_less_than_one_level_changes_nothing_in_linf(epsilon):
    photo = torch.full((1, 3, 2, 2), 7 / 255)

    assert torch.equal(on_lattice(photo + epsilon, photo, "linf", epsilon), photo)


def test_a_whole_number_of_levels_is_not_lost_to_float32():
    photo = torch.arange(256).float().view(1, 1, 16, 16).expand(1, 3, 16, 16) / 255
    for count in range(1, 64):
        changed = (photo + count / 255).clamp(0, 1)
        moved = levels(on_lattice(changed, photo, "linf", count / 255)) - levels(photo)
        assert float(moved.max()) == count
