"""A network from random weights: it is the same network, all of it learns, all chance is seeded."""

import numpy as np
import pytest
import torch

from headstart.backbones.load import load_backbone
from headstart.errors import BackboneError
from headstart.finetune.inputs import in_batches
from headstart.finetune.scratch import FromScratch, Pictures, smaller
from headstart.images.resize import Resize
from headstart.testing import tiny_backbone

NAME = "squeezenet1_1@random"


@pytest.fixture(scope="module")
def spec():
    return load_backbone(NAME).spec


def test_it_is_the_same_network_with_other_weights_and_nothing_frozen(spec):
    before = torch.get_rng_state()
    one, same, other = FromScratch(spec, 2), FromScratch(spec, 2), FromScratch(spec, 2, seed=1)
    assert torch.equal(before, torch.get_rng_state())

    weights = [torch.cat([each.flatten() for each in net.parameters()]) for net in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    theirs = load_backbone(NAME).module.state_dict()
    assert {name: each.shape for name, each in one.network.state_dict().items()} == {
        name: each.shape for name, each in theirs.items()
    }
    one(torch.rand(2, 3, 64, 64)).sum().backward()
    assert next(one.network.parameters()).grad.abs().sum() > 0
    assert one.takes(64)
    assert not one.takes(2)


def test_a_network_of_ones_own_cannot_be_built_again():
    with pytest.raises(BackboneError, match="only you can build it again"):
        FromScratch(tiny_backbone().spec, 2)


def test_views_are_seeded_and_differ_within_a_batch():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    inputs, batch = Pictures(pictures, 32, seed=5), [np.array([1, 1, 2])]

    [(one, at)], [(again, _)] = inputs.train(batch, 1), inputs.train(batch, 1)
    [(later, _)], [(others, _)] = inputs.train(batch, 2), Pictures(pictures, 32, seed=6).train(batch, 1)

    assert at.tolist() == [1, 1, 2]
    assert torch.equal(one, again)
    assert not torch.equal(one, later)
    assert not torch.equal(one, others)
    assert not torch.equal(one[0], one[1])
    assert 0 <= one.min() <= one.max() <= 1


def test_the_plain_view_is_the_centre():
    pictures = np.random.default_rng(0).integers(0, 256, (5, 40, 40, 3), np.uint8)

    plain = torch.cat([taken for taken, _ in Pictures(pictures, 32).plain(in_batches(np.arange(5), 2))])

    assert torch.equal(plain, torch.from_numpy(pictures[:, 4:36, 4:36]).permute(0, 3, 1, 2) / 255)


@pytest.mark.parametrize(("resize", "whole"), [(Resize(224, 224, 256), 73), (Resize(96, 96, 96), 64)])
def test_small_pictures_show_what_the_network_would_be_shown(resize, whole):
    assert smaller(resize, 64).short_side == whole
