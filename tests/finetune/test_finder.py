"""The learning-rate range test, and the point between start and end."""

import math
import random

import numpy as np
import pytest
import torch

from headstart.finetune.blend import SHARES, blend, set_between
from headstart.finetune.fabric import make_fabric
from headstart.finetune.finder import LEAST, MOST, find_learning_rate
from headstart.finetune.inputs import Kept
from headstart.finetune.loop import Examples, fit, logits_of
from headstart.finetune.score import score_of
from tests.finetune.fakes import copied, examples, perceptron, same, training


def found(module=None, given=None, **options):
    settings = training(**options)
    return find_learning_rate(module or perceptron(), given or examples(), settings, make_fabric(settings))


def test_the_network_and_all_chance_stay_as_they_were():
    module = perceptron().eval()
    before, state, others = (
        copied(module),
        torch.get_rng_state(),
        (np.random.get_state()[1][0], random.getstate()),  # noqa: NPY002
    )

    first, again = found(module), found(module)

    assert first == again
    assert same(before, module.state_dict())
    assert not module.training
    assert all(each.grad is None for each in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1][0], random.getstate()) == others  # noqa: NPY002


def test_rates_rise_and_the_suggested_one_trains():
    test = found(optimiser="sgd", label_smoothing=0.0)

    assert list(test.rates) == sorted(test.rates)
    assert test.rates[0] >= LEAST
    assert test.rates[-1] <= MOST
    assert LEAST / 10 <= test.suggested <= MOST / 10
    fitted = fit(perceptron(), examples(), training(epochs=8, learning_rate=test.suggested))
    assert fitted.best.loss < fitted.history[0].loss


def test_it_ends_where_the_loss_breaks():
    rows = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)) * 1e4
    given = Examples(Kept(rows[None]), np.arange(64) % 2, np.arange(48), np.arange(48, 64), 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = torch.nn.Linear(4, 2)
    test = found(module, given, optimiser="sgd", clip=None)

    assert len(test.rates) < 60
    assert all(math.isfinite(loss) for loss in test.losses)


def test_where_no_loss_is_finite_the_given_rate_is_kept():
    rows = torch.full((16, 6), math.nan)
    given = Examples(Kept(rows[None]), np.arange(16) % 3, np.arange(12), np.arange(12, 16), 3)
    test = found(given=given, learning_rate=0.02)

    assert (test.rates, test.losses, test.suggested) == ((), (), 0.02)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_lie_on_the_way_and_counters_are_those_of_the_end(share):
    module, other = perceptron(1), perceptron(2)
    other[1].num_batches_tracked += 7
    start, end = copied(module), copied(other)
    set_between(module, start, end, share)

    for name, value in module.state_dict().items():
        expected = end[name] if "tracked" in name else start[name] + share * (end[name] - start[name])
        torch.testing.assert_close(value, expected)


def test_the_share_with_the_lowest_loss_is_taken():
    given, module = examples(), perceptron()
    start = copied(module)
    fit(module, given, training(epochs=6, learning_rate=0.05), keep_last=True)
    end = copied(module)
    fabric = make_fabric(training())
    share, score = blend(module, start, given, 16, fabric)

    losses = {}
    for each in SHARES:
        set_between(module, start, end, each)
        logits = logits_of(module, given.inputs, given.validation, 16, fabric)
        losses[each] = score_of(logits, given.codes[given.validation]).loss
    assert losses[share] == min(losses.values()) == score.loss


def test_where_nothing_was_learned_all_of_the_way_is_taken():
    module = perceptron()

    share, _ = blend(module, copied(module), examples(), 16, make_fabric(training()))

    assert share == 1.0


def test_a_network_that_is_not_finite_is_left_behind():
    module = perceptron()
    start = copied(module)
    with torch.no_grad():
        module[0].weight.mul_(1e38)

    share, score = blend(module, start, examples(), 16, make_fabric(training()), (1.0, 0.0))

    assert share == 0.0
    assert math.isfinite(score.loss)
