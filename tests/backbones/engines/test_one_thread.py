"""Each piece of work on a thread of its own: the same bits in any company, and torch's threads left alone."""

import pytest
import torch

from headstart.backbones.engines.one_thread import each_alone
from headstart.backbones.load import load_backbone


def test_results_do_not_depend_on_order_or_company():
    backbone = load_backbone("squeezenet1_1@random")
    photos = list(torch.rand(5, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))

    def gradient(pixels):
        pixels = pixels.clone().requires_grad_()
        (found,) = torch.autograd.grad(backbone.features(pixels).sum(), pixels)
        return found

    together = list(each_alone(gradient, photos, workers=3))
    backwards = list(each_alone(gradient, photos[::-1], workers=2))[::-1]
    one_by_one = [next(each_alone(gradient, [photo], workers=1)) for photo in photos]

    for found in zip(together, backwards, one_by_one, strict=True):
        assert torch.equal(found[0], found[1])
        assert torch.equal(found[0], found[2])


def test_threads_are_set_back_and_errors_come_through():
    before = torch.get_num_threads()

    def fail(number):
        raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError):
        list(each_alone(fail, [1, 2, 3]))
    assert list(each_alone(lambda number: torch.get_num_threads(), [1, 2])) == [1, 1]
    assert torch.get_num_threads() == before
