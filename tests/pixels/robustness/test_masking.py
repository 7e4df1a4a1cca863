"""Gradients that hide something are found out, each kind by its own check; honest ones raise nothing."""

import numpy as np
import pytest
import torch

from headstart.pixels.attacks import AttackSettings
from headstart.pixels.robustness.masking import check_answers, check_gradients, check_masking
from headstart.pixels.robustness.masking_checks import (
    check_blind,
    check_larger,
    check_method,
    check_steps,
    check_transfer,
)
from headstart.pixels.robustness.masking_search import search_blindly
from tests.pixels.robustness import planted

EPSILON = 8 / 255
PHOTOS = planted.photos()
BRIGHT = np.zeros(len(PHOTOS), int)


def raised(network, pixels=PHOTOS, steps=40, epsilon=EPSILON):
    settings = AttackSettings(epsilon=epsilon, steps=steps, on_lattice=True)
    checks = check_masking(network, pixels, np.zeros(len(pixels), int), settings)
    assert len({check.name for check in checks}) == len(checks) == 7
    assert all(check.sentence.endswith(".") for check in checks)
    return {check.name for check in checks if check.raised}


def test_an_honest_network_raises_nothing():
    assert raised(planted.honest()) == set()


def test_random_answers():
    assert "randomised" in raised(planted.random())
    assert [check.raised for check in check_answers(planted.random(1e-7), PHOTOS)] == [False, False]


def test_probabilities_where_logits_should_be():
    assert "probabilities" in raised(planted.softmaxed())


def test_gradients_that_are_lost_on_the_way():
    found = raised(planted.shattered())
    assert {"zero gradients", "blind search beats gradients"} <= found
    assert not check_gradients(planted.honest(), PHOTOS, BRIGHT).raised


def test_no_gradient_at_all():
    cut = planted.Planted(lambda pixels: planted.two(20 * planted.brightness(pixels.detach())))
    assert check_gradients(cut, PHOTOS, BRIGHT).raised


@pytest.mark.slow
def test_an_answer_that_nothing_changes():
    assert "a very large epsilon does not suffice" in raised(planted.stubborn())


def test_a_method_that_is_weaker_than_pgd_is_named():
    assert check_method("fgsm", 8, 3, 16).raised
    assert not check_method("fgsm", 4, 3, 16).raised  # one photo is chance


def test_one_leap_that_gets_further_than_many_steps():
    photo = PHOTOS[:1]
    network = planted.hilly(torch.from_numpy(photo), EPSILON)
    assert "one step beats many" in raised(network, np.repeat(photo, 3, axis=0))


def test_too_few_steps_are_seen_where_more_would_do():
    check = check_steps(10, 4, photos=16, steps=5)
    assert check.raised
    assert "15 steps 4" in check.sentence
    assert not check_steps(10, 10, photos=16, steps=5).raised


def test_a_larger_epsilon_that_helps_less():
    check = check_larger([16, 4, 8], ["0", "1/255", "2/255"], photos=16)
    assert check.raised
    assert "4 of 16 photos stay right at 1/255, 8 at 2/255" in check.sentence
    assert not check_larger([16, 4, 4, 0], ["0", "1", "2", "3"], photos=16).raised


@pytest.mark.parametrize("broken", [0, 1])
def test_rivals_without_the_gradient_must_find_nothing_more(broken):
    assert check_blind(broken, survivors=5).raised == bool(broken)
    assert check_transfer("other", broken, survivors=5).raised == bool(broken)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_blind_search_stays_in_its_ball_and_is_the_same_each_time(norm):
    radius = 0.05 if norm == "linf" else 0.4
    seen = []

    def function(pixels):
        seen.append(pixels.clone())
        return planted.two(1 + 0 * planted.brightness(pixels))

    network = planted.Planted(function)
    found = [
        search_blindly(network, PHOTOS[:1], BRIGHT[:1], norm=norm, epsilon=radius, queries=30)
        for _ in range(2)
    ]
    assert not found[0].any()
    order = float("inf") if norm == "linf" else 2
    for one, again in zip(seen[:30], seen[30:], strict=True):
        assert torch.equal(one, again)
        assert (one - torch.from_numpy(PHOTOS[:1])).flatten().norm(p=order) <= radius * (1 + 1e-5)
        assert one.min() >= 0
        assert one.max() <= 1
