"""Grad-CAM: values by hand, hooks, frozen networks, in-place ReLUs, every family."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.errors import BackboneError
from headstart.pixels.heatmaps.gradcam import grad_cam
from headstart.pixels.network import Network, of_backbone
from headstart.testing import tiny_backbone


def network_of(*layers, classes=("cat", "dog"), side=8):
    plain = {"name": "mine", "mean": (0.0,) * 3, "std": (1.0,) * 3, "input_size": side}
    return of_backbone(module_backbone(nn.Sequential(*layers), classes=classes, **plain))


def state_of(network):
    module = network.backbone.module
    return (
        [each.training for each in module.modules()],
        [each.requires_grad for each in module.parameters()],
        [each.grad for each in module.parameters()],
        [(len(each._forward_hooks), len(each._forward_pre_hooks)) for each in module.modules()],
        {key: value.clone() for key, value in module.state_dict().items()},
    )


def same_state(one, other):
    return one[:4] == other[:4] and all(torch.equal(one[4][key], other[4][key]) for key in one[4])


@pytest.mark.slow
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("layer", ["0", "1"])
def test_values_by_hand_on_a_1x1_convolution(inplace, layer):
    conv, linear = nn.Conv2d(3, 2, 1), nn.Linear(2, 2)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([[1.0, 0, 0], [0, -2.0, 1.0]]).view(2, 3, 1, 1))
        conv.bias.copy_(torch.tensor([0.0, 0.5]))
        linear.weight.copy_(torch.tensor([[3.0, -1.0], [0.5, 2.0]]))
    network = network_of(conv, nn.ReLU(inplace=inplace), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)
    pixels = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))

    for index in (0, 1):
        found = grad_cam(network, pixels, index, layer)

        before = conv(pixels)[0].detach()
        after = before.clamp(min=0)
        # The pool hands each place 1/64 of the logit's slope; before the ReLU only where it is open.
        slope = linear.weight[index].detach() / 64
        shares = (before > 0).float().mean(dim=(1, 2)) if layer == "0" else torch.ones(2)
        maps = before if layer == "0" else after
        by_hand = ((slope * shares)[:, None, None] * maps).sum(dim=0).clamp(min=0)
        assert torch.allclose(torch.from_numpy(found.grid), by_hand, atol=1e-7)


@pytest.mark.slow
def test_it_is_captums_grad_cam_where_no_layout_stands_between():
    from captum.attr import LayerGradCam

    network = of_backbone(load_backbone("squeezenet1_1@random"))
    pixels = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))

    found = grad_cam(network, pixels, 7)

    cam = LayerGradCam(network.logits, network.backbone.module.features)
    theirs = cam.attribute(pixels.clone().requires_grad_(), 7, relu_attributions=True)
    assert torch.allclose(torch.from_numpy(found.grid), theirs[0, 0].detach(), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("pocket", "top"),
        pytest.param("timm:vit_tiny_patch16_224@random", "blocks.11.attn.qkv", marks=pytest.mark.slow),
        pytest.param("torchvision:resnet18@random", "layer4", marks=pytest.mark.slow),
        pytest.param(
            "torchvision:vit_b_32@random", "encoder.layers.encoder_layer_11.ln_1", marks=pytest.mark.slow
        ),
        pytest.param("torchvision:swin_t@random", None, marks=pytest.mark.slow),
        pytest.param("torchvision:densenet121@random", "features", marks=pytest.mark.exhaustive),
        pytest.param("torchvision:efficientnet_b0@random", "features", marks=pytest.mark.exhaustive),
        pytest.param("torchvision:mobilenet_v2@random", "features", marks=pytest.mark.slow),
        pytest.param("torchvision:vgg11@random", "features", marks=pytest.mark.exhaustive),
        pytest.param("keras:MobileNet@random", "conv_pw_13_relu", marks=pytest.mark.slow),
        pytest.param("keras:MobileNetV2@random", "out_relu", marks=pytest.mark.slow),
        pytest.param("keras:ResNet50@random", "conv5_block3_out", marks=pytest.mark.exhaustive),
        pytest.param("keras:VGG16@random", "block5_pool", marks=pytest.mark.exhaustive),
        pytest.param("keras:EfficientNetB0@random", "top_activation", marks=pytest.mark.exhaustive),
        pytest.param("timm:convnext_atto@random", "stages", marks=pytest.mark.exhaustive),
        pytest.param("timm:swin_tiny_patch4_window7_224@random", None, marks=pytest.mark.exhaustive),
        pytest.param("timm:mixer_s32_224@random", None, marks=pytest.mark.exhaustive),
        pytest.param("timm:deit_tiny_distilled_patch16_224@random", None, marks=pytest.mark.exhaustive),
        pytest.param("timm:levit_128s@random", None, marks=pytest.mark.exhaustive),
    ],
)
def test_every_family_has_a_layer(name, layer):
    network = of_backbone(load_backbone(name))
    resize = network.resize
    pixels = torch.rand(1, 3, resize.height, resize.width, generator=torch.Generator().manual_seed(0))
    for each in network.backbone.module.parameters():  # some classifiers start with zeros: no gradient at all
        if not each.any():
            each.data.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    before = state_of(network)

    found = grad_cam(network, pixels, int(network.logits(pixels).argmax()))

    assert layer is None or found.layer == layer
    assert found.values.shape == (resize.height, resize.width)
    assert min(found.grid.shape) >= 4
    assert np.isfinite(found.values).all()
    assert same_state(before, state_of(network))


class Tokens(nn.Module):
    """A vision transformer in small: the last layer hands on its class token alone."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.start = nn.Parameter(torch.rand(1, 1, 8))
        self.norm = nn.LayerNorm(8)
        self.last = nn.Linear(8, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = self.norm(torch.cat([self.start.expand(len(x), -1, -1), tokens], dim=1))
        return self.head(self.last(tokens + tokens.mean(1, keepdim=True))[:, 0])


def test_tokens_are_laid_out_and_a_layer_that_hands_on_none_is_passed_over():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = Tokens()
    plain = {"name": "tokens", "mean": (0.0,) * 3, "std": (1.0,) * 3, "input_size": 32}
    network = of_backbone(module_backbone(module, classes=("cat", "dog"), **plain))
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    found = grad_cam(network, pixels, 1)

    assert found.layer == "norm"
    assert found.grid.shape == (8, 8)
    tokens = network.backbone.activations(pixels, ["norm"])["norm"].detach().requires_grad_()
    logit = module.head(module.last(tokens + tokens.mean(1, keepdim=True))[:, 0])[0, 1]
    (slope,) = torch.autograd.grad(logit, tokens)
    by_hand = (slope[:, 1:].mean(1, keepdim=True) * tokens[:, 1:]).sum(2).clamp(min=0).view(8, 8)
    assert torch.allclose(torch.from_numpy(found.grid), by_hand, atol=1e-6)


def test_same_photo_same_bytes_and_chance_is_left_alone():
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    pixels = torch.rand(1, 3, 32, 32)
    state = torch.get_rng_state()

    first, second = (grad_cam(network, pixels, 0).values.tobytes() for _ in range(2))

    assert first == second
    assert torch.equal(torch.get_rng_state(), state)


def test_hooks_are_removed_after_an_error(monkeypatch):
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    before = state_of(network)

    class BrokenError(Exception):
        pass

    def breaks(_pixels, _layers):
        network.backbone.module(torch.zeros(1, 3, 32, 32))
        raise BrokenError

    monkeypatch.setattr(network.backbone, "activations", breaks)
    with pytest.raises(BrokenError):
        grad_cam(network, torch.rand(1, 3, 32, 32), 0, "last")

    assert same_state(before, state_of(network))


def test_layers_that_can_not_be_used_are_refused_in_one_line():
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    pixels = torch.rand(1, 3, 32, 32)

    with pytest.raises(BackboneError, match="no layer is called 'lost'; close: last"):
        grad_cam(network, pixels, 0, "lost")
    with pytest.raises(BackboneError, match="has no maps of the photo"):
        grad_cam(network, pixels, 0, "classifier")
    late = of_backbone(tiny_backbone(classes=("cat", "dog")))
    early = Network("early", late.backbone, ("a", "b"), (), "first:mean", lambda rows: rows[:, :2])
    with pytest.raises(BackboneError, match="no gradient at the places of layer 'last'"):
        grad_cam(early, pixels, 0, "last")
    assert grad_cam(early, pixels, 0).layer == "first"


def test_a_network_that_sees_no_places_is_told_of_occlusion():
    network = network_of(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 2))

    with pytest.raises(BackboneError, match="occlusion"):
        grad_cam(network, torch.rand(1, 3, 8, 8), 0)
