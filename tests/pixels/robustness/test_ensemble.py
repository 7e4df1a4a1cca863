"""Networks that answer together: the mean of what each says, gradients and other sizes included."""

from dataclasses import replace

import pytest
import torch

from headstart.errors import UsageError
from headstart.pixels.network import of_backbone
from headstart.pixels.robustness.ensemble import Ensemble, Shown, class_map, ensemble_of, resized
from headstart.testing import tiny_backbone
from tests.pixels.robustness.planted import Planted, honest


def network(classes, seed=0, **facts):
    return replace(of_backbone(tiny_backbone(seed=seed, classes=classes)), **facts)


ONE = network(("cat", "dog", "cow"), name="one")
OTHER = network(("zebra", "Dog", "cat"), seed=1, name="other")
PIXELS = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_it_gives_the_mean_of_the_probabilities_of_shared_classes():
    both = ensemble_of([ONE, OTHER])
    assert both.classes == ("cat", "dog")
    mine = torch.softmax(ONE.logits(PIXELS)[:, [0, 1]], dim=1)
    its = torch.softmax(OTHER.logits(PIXELS)[:, [2, 1]], dim=1)
    assert torch.allclose(both.probabilities(PIXELS), (mine + its) / 2, atol=1e-6)
    assert torch.allclose(both.logits(PIXELS).exp(), (mine + its) / 2, atol=1e-6)


def test_gradients_are_those_of_finite_differences():
    both = ensemble_of([ONE, OTHER])
    pixels = PIXELS[:1].clone().requires_grad_()
    [gradient] = torch.autograd.grad(both.logits(pixels)[0, 0], [pixels])
    direction = torch.rand(pixels.shape, generator=torch.Generator().manual_seed(1)) - 0.5
    with torch.no_grad():
        ahead, behind = (both.logits(PIXELS[:1] + step * direction)[0, 0] for step in (1e-3, -1e-3))
    assert float((gradient * direction).sum()) == pytest.approx(float(ahead - behind) / 2e-3, rel=2e-2)


def test_one_member_that_is_very_sure_leaves_the_others_a_gradient():
    sure = Planted(
        lambda pixels: torch.stack([0 * pixels.sum((1, 2, 3)) + 200, 0 * pixels.sum((1, 2, 3))], 1)
    )
    both = ensemble_of([sure, honest()])
    pixels = torch.full((1, 3, 8, 8), 0.5, requires_grad=True)
    [gradient] = torch.autograd.grad(both.logits(pixels)[0, 1], [pixels])
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_members_of_other_sizes_see_the_whole_picture_resized():
    small, large = honest(), replace(honest(), name="larger", side=16)
    both = ensemble_of([small, large])
    assert (both.resize.height, both.resize.width) == (16, 16)
    pixels = torch.rand(2, 3, 16, 16)
    assert torch.equal(both.members[1].logits(pixels), large.logits(pixels))
    assert torch.allclose(both.members[0].logits(pixels), small.logits(resized(pixels, 8, 8)))


def test_the_size_of_a_picture_that_fits_is_left_alone():
    assert resized(PIXELS, 32, 32) is PIXELS
    assert torch.allclose(resized(torch.ones(1, 3, 9, 7), 4, 5), torch.ones(1, 3, 4, 5))


def test_classes_are_matched_by_identifier_before_name():
    left = replace(ONE, ids=("n1", "n2", "n3"))
    right = replace(OTHER, ids=("n3", "n9", "n1"))
    assert class_map(left, right) == {0: 2, 2: 0}
    assert class_map(left, OTHER) == {0: 2, 1: 1}


@pytest.mark.parametrize(
    ("members", "words"),
    [([ONE], "at least two networks"), ([ONE, network(("house", "dog"), name="third")], "share 1 classes")],
)
def test_what_can_not_answer_together_is_refused(members, words):
    with pytest.raises(UsageError, match=words):
        ensemble_of(members)


def test_it_has_no_layers():
    with pytest.raises(UsageError, match="ask one of its members"):
        ensemble_of([ONE, OTHER]).see(PIXELS, ["last"])


def test_it_can_be_attacked_and_its_members_stay_as_they_are():
    from headstart.pixels.attacks import AttackSettings, attack_pixels

    both = ensemble_of([ONE, OTHER])
    assert isinstance(both, Ensemble)
    assert isinstance(both.members[0], Shown)
    before = {name: value.clone() for name, value in ONE.backbone.module.state_dict().items()}
    labels = both.logits(PIXELS).argmax(dim=1).numpy()
    found = attack_pixels(both, PIXELS.numpy(), labels, settings=AttackSettings(epsilon=0.2, steps=20))
    after = both.logits(torch.from_numpy(found)).argmax(dim=1).numpy()
    assert (after != labels).any()
    assert all(torch.equal(value, before[name]) for name, value in ONE.backbone.module.state_dict().items())
    assert not ONE.backbone.module.training
