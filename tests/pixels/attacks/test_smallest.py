"""The search for the smallest epsilon, against a network whose nearest boundary is known."""

import numpy as np
import pytest
import torch

from headstart.errors import UsageError
from headstart.pixels.attacks import AttackSettings
from headstart.pixels.attacks.smallest import most_tries, smallest
from tests.pixels.attacks.linear_network import linear_world


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("on_lattice", [False, True])
def test_it_is_near_the_optimum_and_never_below(norm, on_lattice):
    network, pixels, labels = linear_world((7, 7), photos=3, classes=2)
    pixels = (pixels * 255).round() / 255
    optimum = network.distances(pixels, labels, norm).scatter(1, labels[:, None], float("inf")).amin(dim=1)
    settings = AttackSettings("pgd", norm, 10 * float(optimum.max()), 60, on_lattice=on_lattice)

    for place in range(3):
        photo = pixels[place : place + 1].numpy()
        tries = smallest(network, photo, int(labels[place]), None, settings)

        found = next(each for each in tries if each.success)
        rounding = 1 / 255 if on_lattice and norm == "linf" else 0.0
        assert optimum[place] - 1e-5 <= found.epsilon + 1e-6
        assert found.epsilon <= 1.3 * optimum[place] + 0.03 * settings.epsilon + rounding
        assert [each.epsilon for each in tries] == sorted(each.epsilon for each in tries)
        assert len(tries) <= most_tries(settings)
        assert int(network.logits(torch.from_numpy(found.pixels)).argmax()) != int(labels[place])


def test_a_budget_that_is_not_enough_is_tried_once():
    network, pixels, labels = linear_world((4, 6), photos=1)
    settings = AttackSettings(epsilon=1e-5)

    [only] = smallest(network, pixels.numpy(), int(labels[0]), None, settings)

    assert not only.success
    assert float(np.abs(only.pixels - pixels.numpy()).max()) <= 1e-5 + 1e-7


def test_a_method_without_budget_has_nothing_to_search():
    network, pixels, _ = linear_world((4, 6), photos=1)

    with pytest.raises(UsageError, match="leave --smallest out"):
        smallest(network, pixels.numpy(), 0, 1, AttackSettings("descent"))
