"""Tensors between layouts: there and back, flattened maps, colours, batch norm under another epsilon."""

import pytest
import torch

from headstart.backbones.port import layout
from headstart.backbones.port.carry import carry
from headstart.backbones.port.mobilenet import mobilenet
from headstart.backbones.port.vgg import vgg
from headstart.errors import WeightsRefusedError


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        (layout.KERAS_CONVOLUTION, (3, 5, 4, 6)),
        (layout.KERAS_BGR_CONVOLUTION, (3, 5, 3, 6)),
        (layout.KERAS_DEPTHWISE, (3, 5, 4, 1)),
        (layout.KERAS_DENSE, (4, 6)),
        (layout.POINTWISE, (6, 4, 1, 1)),
        (layout.flattened(2, 3), (5, 24)),
        (layout.keras_flattened(2, 3), (24, 5)),
    ],
)
def test_every_form_comes_back_as_it_was(form, shape):
    weight = torch.rand(shape)

    assert torch.equal(form.give(form.take(weight)), weight)


def test_a_flattened_map_meets_the_same_numbers_in_both_layouts():
    maps, weight = torch.rand(2, 4, 3, 5).double(), torch.rand(6, 4 * 3 * 5).double()
    kernel = layout.keras_flattened(3, 5).give(layout.flattened(3, 5).take(weight))

    ours = maps.flatten(1) @ weight.T
    theirs = maps.permute(0, 2, 3, 1).flatten(1) @ kernel

    assert torch.allclose(ours, theirs)
    assert not torch.allclose(ours, maps.permute(0, 2, 3, 1).flatten(1) @ weight.T)


def test_blue_comes_first_where_a_network_wants_it():
    weight = torch.rand(8, 3, 3, 3)

    kernel = layout.KERAS_BGR_CONVOLUTION.give(weight)

    assert torch.equal(kernel[:, :, 0], weight[:, 2].permute(1, 2, 0))


def _normed(values, tensors, layer):
    weight, bias, mean, variance = (
        tensors[layer.names[what]].double() for what in ("weight", "bias", "mean", "variance")
    )
    return (values - mean) / (variance + layer.epsilon).sqrt() * weight + bias


@pytest.mark.parametrize(("before", "after"), [(1e-5, 1e-3), (1e-3, 1e-5), (1e-5, 1.001e-5)])
def test_batch_norm_computes_the_same_under_another_epsilon(before, after):
    source, target = layout.torch_norm("bn", before), layout.keras_norm("bn", after)
    # From far below the epsilons, where the variance alone can't make up for them, to far above.
    tensors = {source.names["variance"]: torch.logspace(-9, 2, 200)}
    tensors |= {source.names[what]: torch.randn(200) for what in ("weight", "bias", "mean")}
    values = torch.randn(50, 200).double()

    found = carry(tensors, [source], [target])

    assert (found["bn.moving_variance"] >= 0).all()
    expected = _normed(values, tensors, source)
    relative = (_normed(values, found, target) - expected).abs() / expected.abs().amax(0)
    assert relative.max() < 1e-6
    same = {new: tensors[source.names[what]] for what, new in target.names.items()}
    wrong = (_normed(values, same, target) - expected).abs() / expected.abs().amax(0)
    assert wrong.max() > 1e-4


def test_variances_come_back_bit_for_bit_from_the_larger_epsilon():
    source, target = layout.torch_norm("bn", 1e-5), layout.keras_norm("bn", 1e-3)
    tensors = {name: torch.rand(100_000) + 1e-3 for name in source.names.values()}

    back = carry(carry(tensors, [source], [target]), [target], [source])

    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())


def test_tensors_that_are_missing_or_left_over_are_refused():
    tensors = {"conv.weight": torch.zeros(4, 3, 1, 1), "extra": torch.zeros(1)}

    with pytest.raises(WeightsRefusedError, match=r"missing conv\.bias; unknown extra"):
        carry(tensors, [layout.torch_layer("conv")], [layout.torch_layer("conv")])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vgg11", {}),
        ("vgg19", {}),
        ("mobilenetv2_035", {"pad_type": "same"}),
        ("mobilenetv2_140", {"pad_type": "same"}),
    ],
)
def test_the_layers_are_all_that_a_network_holds(name, options):
    import timm

    with torch.device("meta"):
        own = timm.create_model(name, **options).state_dict()
    found = vgg("timm", name) or mobilenet("timm", name, options)

    names = {each for layer in found.layers for each in layer.names.values()}
    assert names == {each for each in own if not each.endswith("num_batches_tracked")}
