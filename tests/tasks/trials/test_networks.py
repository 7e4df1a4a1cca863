"""Networks whose chance is their own."""

import pytest
import torch

from headstart.tasks.trials.networks import WEIGHTS, Dropout, draw_weights, layer_names, make_network
from headstart.tasks.trials.recipe import Recipe

PHOTOS = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("network", ["small", "deep", "perceptron"])
def test_a_seed_decides_the_first_weights_alone(network):
    recipe = Recipe(network=network, width=0.25)
    answers = [make_network(recipe, (3, 32, 32), 5, seed)(PHOTOS) for seed in (1, 1, 2)]

    assert answers[0].shape == (4, 5)
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


@pytest.mark.parametrize(
    ("kind", "spread"), [("normal", 1.0), ("tiny", 0.01), ("xavier", 0.05), ("he", 0.0707)]
)
def test_weights_have_the_spread_of_their_rule(kind, spread):
    layer = torch.nn.Linear(400, 400)
    draw_weights(layer, kind, seed=0)

    assert float(layer.weight.detach().std()) == pytest.approx(spread, rel=0.02)
    assert not layer.bias.any()
    assert kind in WEIGHTS


def test_dropout_keeps_the_mean_and_draws_from_its_own_chance():
    ones = torch.ones(20_000)
    before = torch.random.get_rng_state()
    first, again = Dropout(0.8, seed=3)(ones), Dropout(0.8, seed=3)(ones)

    assert torch.equal(first, again)
    assert float(first.mean()) == pytest.approx(1, abs=0.05)
    assert float((first == 0).float().mean()) == pytest.approx(0.8, abs=0.01)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(Dropout(0.8, seed=3).eval()(ones), ones)


def test_layers_are_named_from_the_photo_to_the_answer():
    network = make_network(Recipe(network="deep"), (3, 32, 32), 2, 0)
    names = layer_names(network)

    assert len(names) == 11
    assert names[0] == "0.weight"
    network.requires_grad_(requires_grad=False)
    assert layer_names(network) == []
