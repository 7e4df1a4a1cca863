"""Objectives are linear, look at one picture each, and rise when they are walked."""

import pytest
import torch

from headstart.pixels.network import Seen, of_backbone
from headstart.pixels.objectives import (
    channel,
    log_probability,
    logit,
    margin,
    total_variation,
)
from headstart.pixels.optimise import Pixels, optimise
from headstart.testing import tiny_backbone

CHANCE = torch.Generator().manual_seed(3)
SEEN = Seen(
    torch.rand(4, 3, 8, 8, generator=CHANCE),
    torch.randn(4, 5, generator=CHANCE),
    {"a": torch.rand(4, 6, 3, 3, generator=CHANCE)},
)
TERMS = [logit(1), log_probability(2), margin(0), channel("a", 4)]


@pytest.mark.parametrize("one", TERMS)
@pytest.mark.parametrize("other", TERMS)
def test_sums_differences_and_multiples_are_those_of_the_values(one, other):
    value, with_it = one.value(SEEN), other.value(SEEN)
    assert torch.equal((one + other).value(SEEN), value + with_it)
    assert torch.equal((one - other).value(SEEN), value - with_it)
    assert torch.equal((one * 2 - other * 3).value(SEEN), 2 * value - 3 * with_it)
    assert torch.equal((-one).value(SEEN), -value)
    assert set((one + other).layers) == {*one.layers, *other.layers}


def test_values_are_what_they_are_called():
    assert torch.equal(logit(3).value(SEEN), SEEN.logits[:, 3])
    assert torch.allclose(log_probability(3).value(SEEN), SEEN.logits.softmax(1)[:, 3].log())
    assert torch.equal(channel("a", 0).value(SEEN), SEEN.activations["a"][:, 0].mean((1, 2)))
    answers = SEEN.logits.argmax(1)
    for index in range(5):
        assert torch.equal(margin(index).value(SEEN) > 0, answers == index)


def test_total_variation_of_known_pictures():
    stairs = torch.arange(4.0).view(1, 1, 1, 4).expand(2, 3, 5, 4)
    assert total_variation(stairs).tolist() == [3 * 5 * 3.0] * 2
    assert total_variation(torch.ones(1, 3, 9, 9)).item() == 0


def test_a_number_of_a_row_is_a_channel_too():
    seen = Seen(SEEN.pixels, SEEN.logits, {"row": SEEN.logits})
    assert torch.equal(channel("row", 2).value(seen), SEEN.logits[:, 2])


@pytest.mark.parametrize("objective", [logit(1), log_probability(0), margin(1), channel("last", 5)])
def test_walking_raises_it(objective):
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    image = Pixels(torch.full((1, 3, 32, 32), 0.5))
    values = []

    optimise(
        network,
        image,
        objective,
        optimiser=torch.optim.SGD(image.parameters(), lr=0.5),
        steps=6,
        watch=lambda step: values.append(step.value.item()),
    )

    assert values == sorted(values)
    assert values[-1] > values[0]
