"""Figures of agreement: of equal networks none, of others what was changed."""

import math

import pytest
import torch

from headstart.backbones.port.agreement import LARGEST, Agreement, agreement, relative
from headstart.errors import BackboneError
from headstart.testing import tiny_backbone

CLASSES = ("cat", "dog")
PIXELS = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_network_agrees_with_its_copy_and_not_with_another():
    network = tiny_backbone(classes=CLASSES)

    assert agreement(network, tiny_backbone(classes=CLASSES), PIXELS) == Agreement(6, 0.0, 0.0, 0.0, 1.0)
    assert not agreement(network, tiny_backbone(seed=1, classes=CLASSES), PIXELS).same


def test_the_worst_photo_counts():
    other = torch.tensor([[1.0, 2.0], [1.0, 2.2]])

    assert relative(other, torch.tensor([[1.0, 2.0], [1.0, 2.0]])).tolist() == pytest.approx([0, 0.1])
    assert relative(other, torch.tensor([[1.0, 2.0], [0.0, 0.0]])).isfinite().all()


@pytest.mark.parametrize("what", ["features", "logits", "gradients"])
def test_one_difference_beyond_the_limit_is_enough(what):
    found = dict.fromkeys(("features", "logits", "gradients"), 1e-5)

    assert Agreement(1, **found, answers=1.0).same
    assert not Agreement(1, **{**found, what: 2 * LARGEST[what]}, answers=1.0).same
    assert not Agreement(1, **{**found, what: math.nan}, answers=1.0).same
    assert not Agreement(1, **found, answers=0.5).same
    assert Agreement(1, **{**found, what: math.inf}, answers=1.0).to_json()[what] is None


def test_networks_that_nothing_can_be_compared_of_are_refused():
    with pytest.raises(BackboneError, match="2 and 3 classes"):
        agreement(tiny_backbone(classes=CLASSES), tiny_backbone(classes=("a", "b", "c")), PIXELS)
    with pytest.raises(BackboneError, match="0 and 0 classes"):
        agreement(tiny_backbone(), tiny_backbone(), PIXELS)
