"""The one loop: no step changes nothing, what is watched can end it, and the network stays as it was."""

import torch

from headstart.pixels.network import of_backbone
from headstart.pixels.objectives import logit, total_variation
from headstart.pixels.optimise import Pixels, optimise
from headstart.testing import tiny_backbone

NETWORK = of_backbone(tiny_backbone(classes=("cat", "dog")))
START = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def walk(start=START, steps=4, rate=0.1, **kwargs):
    image = Pixels(start)
    sgd = torch.optim.SGD(image.parameters(), lr=rate)
    return optimise(NETWORK, image, logit(0), optimiser=sgd, steps=steps, **kwargs)


def test_without_steps_the_picture_is_the_same():
    assert torch.equal(walk(steps=0), START)


def test_the_start_is_left_alone():
    before = START.clone()
    walk()
    assert torch.equal(START, before)


def test_what_is_watched_can_end_the_walk():
    seen = []

    def watch(step):
        seen.append(step.number)
        return step.number == 2

    assert torch.equal(walk(steps=9, watch=watch), walk(steps=2))
    assert seen == [0, 1, 2]


def test_the_constraint_has_the_last_word():
    image = Pixels(START)

    def constrain():
        image.values.clamp_(0, 1)

    sgd = torch.optim.SGD(image.parameters(), lr=1e3)
    found = optimise(NETWORK, image, logit(0), optimiser=sgd, steps=3, constrain=constrain)
    assert found.min() == 0
    assert found.max() == 1


def test_the_penalty_is_made_smaller_and_is_of_the_picture_itself():
    plain = walk(steps=20)
    smooth = walk(steps=20, penalty=lambda pixels: 0.01 * total_variation(pixels))
    assert total_variation(smooth) < total_variation(plain)


def test_the_transform_uses_its_own_chance_and_no_other():
    def shifted(pixels, generator):
        return pixels.roll(int(torch.randint(0, 8, (1,), generator=generator)), dims=3)

    state = torch.random.get_rng_state()
    one, again = (walk(transform=shifted, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    other = walk(transform=shifted, generator=torch.Generator().manual_seed(6))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_several_pictures_at_once_are_walked_each_for_itself():
    both = walk(torch.cat([START, START.flip(3)]))
    assert torch.allclose(both[:1], walk(START), atol=1e-6)
    assert torch.allclose(both[1:], walk(START.flip(3)), atol=1e-6)


def test_the_network_is_left_as_it_was():
    module = NETWORK.backbone.module
    before = {name: value.clone() for name, value in module.state_dict().items()}
    walk()
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert all(each.grad is None and not each.requires_grad for each in module.parameters())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in module.modules())
    assert not module.training
