"""Keras on TensorFlow: whatever is done to a network that has run before counts in its next pass."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from headstart.backbones.keras.layer import KerasLayer
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.state import state_tensors
from tests.backbones.keras.nets import SIDE, keras, nested

CHILD = "beside"


@pytest.fixture(scope="module")
def network():
    """A network with answers far from zero and from one another."""
    return keras_backbone(nested(last=None)).module


@pytest.fixture
def module(network, pixels):
    copied = copy.deepcopy(network)
    copied(pixels)
    return copied


@pytest.fixture
def pixels():
    return 255 * torch.rand((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def alike(one, other):
    return torch.allclose(one, other, rtol=1e-4, atol=0)


def _in_place(weight):
    with torch.no_grad():
        weight.mul_(2)


def _behind_torchs_back(weight):
    weight.data.mul_(2)


def _through_numpy(weight):
    weight.detach().numpy()[...] *= 2


def _another_tensor(weight):
    weight.data = weight.data * 2


def _not_aligned(weight):
    with torch.no_grad():
        weight.data = torch.empty(weight.numel() + 1)[1:].view_as(weight).copy_(2 * weight)


def _other_strides(weight):
    weight.data = (2 * weight.data).transpose(2, 3).contiguous().transpose(2, 3)


def _fused_optimizer(weight):
    weight.requires_grad_()
    weight.grad = -weight.detach()
    torch.optim.SGD([weight], lr=1.0, fused=True).step()


WAYS = [
    _in_place,
    _behind_torchs_back,
    _through_numpy,
    _another_tensor,
    _not_aligned,
    _other_strides,
    _fused_optimizer,
]


@pytest.mark.parametrize("write", WAYS, ids=lambda each: each.__name__.strip("_"))
def test_a_weight_that_is_written_to_counts_at_once(module, pixels, write):
    first = module(pixels)
    weight = module.get_submodule(CHILD).kernel
    before = weight.detach().clone()
    write(weight)
    second = module(pixels)
    assert torch.equal(weight, 2 * before)
    assert not alike(second, first)
    assert torch.equal(second, copy.deepcopy(module)(pixels))
    with torch.no_grad():
        weight.div_(2)
    assert alike(module(pixels), first)


def test_passes_and_gradients_write_to_no_weight(module, pixels):
    before = {name: tensor.clone() for name, tensor in state_tensors(module).items()}
    for each in module.parameters():
        each.requires_grad_()
    module(pixels.requires_grad_()).sum().backward()
    assert pixels.grad.abs().max() > 0
    assert all(torch.equal(before[name], tensor) for name, tensor in state_tensors(module).items())


def test_a_gradient_after_weights_were_written_to_is_refused_as_by_torch(module, pixels):
    rows = module(pixels.requires_grad_())
    with torch.no_grad():
        module.get_submodule(CHILD).kernel.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        rows.sum().backward()


class Silent(nn.Module):
    def forward(self, value):
        return torch.zeros_like(value[:, :1]).expand(-1, 4, -1, -1)


def _by_torchs(module):
    module.set_submodule(CHILD, Silent())


def _by_keras(module):
    module.set_submodule(CHILD, KerasLayer(keras.layers.ReLU(max_value=0.0)))


def _forward_alone(module):
    module.get_submodule(CHILD).forward = Silent().forward


@pytest.mark.parametrize("replace", [_by_torchs, _by_keras, _forward_alone], ids=lambda each: each.__name__)
def test_a_child_that_was_replaced_is_run_in_its_place(module, pixels, replace):
    first = module(pixels)
    silent = copy.deepcopy(module)
    for each in silent.get_submodule(CHILD).parameters():
        each.data.zero_()
    replace(module)
    assert not alike(module(pixels), first)
    assert alike(module(pixels), silent(pixels))


def test_hooks_for_all_modules_see_each_layer(module, pixels):
    seen = []
    handle = register_module_forward_hook(lambda child, _args, _result: seen.append(child))
    try:
        rows = module(pixels)
    finally:
        handle.remove()
    assert {child for child in module.modules() if isinstance(child, KerasLayer)} <= set(seen)
    assert alike(rows, module(pixels))
