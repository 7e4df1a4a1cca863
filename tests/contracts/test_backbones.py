"""The contract of backbones, run over every family; and that the check finds what it is there to find."""

import pytest
import torch
from torch import nn

from headstart.backbones.base import Backbone
from headstart.backbones.check import check_backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.errors import BackboneError
from headstart.testing import tiny_backbone

# Networks that take photos of any size run on small ones: the contract says nothing of sizes.
ANY_SIZE = [
    "torchvision:mobilenet_v2",
    "torchvision:mobilenet_v3_small",
    "torchvision:mnasnet0_5",
    "torchvision:resnet18",
    "torchvision:shufflenet_v2_x0_5",
    "torchvision:squeezenet1_1",
    "keras:MobileNet",
    "timm:convnext_atto",
    "timm:ghostnet_050",
    "timm:mobilenetv3_small_050",
]
LARGER = [
    "timm:mobilevit_xxs",
    "torchvision:regnet_y_400mf",
    "timm:repvgg_a0",
    "keras:ConvNeXtTiny",
    "keras:DenseNet121",
    "keras:EfficientNetB0",
    "keras:EfficientNetV2B0",
    "keras:InceptionV3",
    "keras:MobileNetV2",
    "keras:MobileNetV3Small",
    "keras:ResNet50",
    "keras:ResNet50V2",
    "keras:Xception",
    "torchvision:alexnet",
    "torchvision:convnext_tiny",
    "torchvision:densenet121",
    "torchvision:efficientnet_b0",
    "torchvision:efficientnet_v2_s",
    "torchvision:googlenet",
    "torchvision:inception_v3",
    "torchvision:resnext50_32x4d",
    "torchvision:swin_t",
    "torchvision:swin_v2_t",
    "torchvision:vgg11_bn",
    "timm:densenet121",
    "timm:dla46_c",
    "timm:fastvit_t8",
    "timm:hrnet_w18_small",
    "timm:inception_v3",
    "timm:mambaout_femto",
    "timm:mobilenetv2_100",
    "timm:nf_regnet_b0",
    "timm:poolformer_s12",
    "timm:pvt_v2_b0",
    "timm:selecsls42b",
    "timm:xcit_nano_12_p16_224",
]
ONE_SIZE = [
    "timm:vit_tiny_patch16_224",
    "torchvision:maxvit_t",
    "torchvision:vit_b_32",
    "timm:cait_xxs24_224",
    "timm:coatnet_nano_rw_224",
    "timm:deit_tiny_distilled_patch16_224",
    "timm:efficientformer_l1",
    "timm:levit_128s",
    "timm:mixer_s32_224",
    "timm:resnet50_clip",
    "timm:swin_tiny_patch4_window7_224",
]


@pytest.mark.parametrize(
    "name", [*ANY_SIZE, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER)]
)
def test_every_family_keeps_the_contract(name):
    check_backbone(load_backbone(f"{name}@random"), side=96)


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(name, marks=pytest.mark.slow) for name in ONE_SIZE),
        pytest.param("keras:VGG16", marks=pytest.mark.exhaustive),
    ],
)
def test_networks_of_one_size_keep_the_contract(name):
    check_backbone(load_backbone(f"{name}@random"))


@pytest.mark.parametrize("name", ["pocket", "pocket@random"])
def test_the_network_that_comes_with_headstart_keeps_the_contract(name):
    check_backbone(load_backbone(name))


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
def test_a_users_network_keeps_the_contract(classes):
    check_backbone(tiny_backbone(classes=classes))


def broken(layer: nn.Module) -> Backbone:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), layer, nn.Conv2d(4, 2, 3))
    return module_backbone(
        network, name="broken", input_size=8, mean=(0.5,) * 3, std=(0.2,) * 3, feature_layer="2"
    )


class OtherPhotos(nn.Module):
    def forward(self, x):
        return x - x.mean(0, keepdim=True)


class Draws(nn.Module):
    def forward(self, x):
        return x + 0 * torch.rand(1)


class Detached(nn.Module):
    def forward(self, x):
        return x.detach()


class Endless(nn.Module):
    def forward(self, x):
        return x / 0


class TurnsGradientsOn(nn.Module):
    def forward(self, x):
        torch.set_grad_enabled(True)
        return x


class Learns(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += 1
        return x


@pytest.mark.parametrize(
    ("layer", "clause"),
    [
        (OtherPhotos(), "depends on the other photos"),
        (Draws(), "draws from torch's global random numbers"),
        (Detached(), "no gradient reaches the pixels"),
        (Endless(), "not finite"),
        (Learns(), "a call changes 1.seen"),
        (TurnsGradientsOn(), "whether gradients are on"),
    ],
)
def test_a_broken_network_is_found(layer, clause):
    with pytest.raises(BackboneError, match=clause):
        check_backbone(broken(layer))


class Trains(Backbone):
    def features(self, pixels, layer=None):
        return self.module[:3](self.normalise(pixels)).mean((2, 3))


class ChangesPixels(Backbone):
    def normalise(self, pixels):
        return pixels.detach().mul_(1.01) if not pixels.requires_grad else pixels


class Narrow(Backbone):
    def features(self, pixels, layer=None):
        return super().features(pixels, layer)[:, 1:]


class Double(Backbone):
    def features(self, pixels, layer=None):
        return super().features(pixels, layer).double()


class TooManyLogits(Backbone):
    def logits(self, pixels):
        return super().logits(pixels).repeat(1, 2)


@pytest.mark.parametrize(
    ("kind", "clause"),
    [
        (Trains, "does not put the network into evaluation mode"),
        (ChangesPixels, "a call changes its input"),
        (Narrow, "features are"),
        (Double, "float64"),
        (TooManyLogits, "logits are"),
    ],
)
def test_a_broken_backbone_is_found(kind, clause):
    sound = tiny_backbone(classes=("cat", "dog"))

    with pytest.raises(BackboneError, match=clause):
        check_backbone(kind(sound.module, sound.spec))
