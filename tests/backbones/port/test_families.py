"""What can be carried where, and why the rest can't."""

import pytest

from headstart.backbones.port.families import route
from headstart.backbones.registry import BackboneName
from headstart.errors import BackboneError

SAME = {"pad_type": "same"}


def _route(source, options, target):
    return route(BackboneName(*source.split(":")), options, BackboneName(*target.split(":")))


@pytest.mark.parametrize(
    ("source", "options", "target", "built"),
    [
        ("torchvision:vgg16", {}, "keras:VGG16", {}),
        ("keras:VGG19", {}, "torchvision:vgg19", {}),
        ("torchvision:vgg11", {}, "timm:vgg11", {}),
        ("keras:VGG16", {"classes": 7}, "timm:vgg16", {"num_classes": 7}),
        ("timm:mobilenetv2_100", SAME, "keras:MobileNetV2", {}),
        (
            "timm:mobilenetv2_050",
            {**SAME, "num_classes": 7},
            "keras:MobileNetV2",
            {"alpha": 0.5, "classes": 7},
        ),
        ("keras:MobileNetV2", {"alpha": 1.4}, "timm:mobilenetv2_140", SAME),
    ],
)
def test_pairs_that_can_be_carried(source, options, target, built):
    found = _route(source, options, target)

    assert found.options == built
    assert len(found.source) == len(found.target)


def test_an_epsilon_of_the_users_own_is_heard():
    found = _route("timm:mobilenetv2_100", {**SAME, "bn_eps": 0.001}, "keras:MobileNetV2")

    assert {layer.epsilon for layer in (*found.source, *found.target)} == {None, 0.001}


@pytest.mark.parametrize(
    ("source", "options", "target", "why"),
    [
        ("torchvision:mobilenet_v2", {}, "keras:MobileNetV2", "no weights can make up for that"),
        ("timm:mobilenetv2_100", {}, "keras:MobileNetV2", "pads both sides"),
        ("keras:MobileNetV2", {}, "torchvision:mobilenet_v2", "pads both sides"),
        ("torchvision:resnet50", {}, "keras:ResNet50", "first 1 x 1 convolution"),
        ("keras:ResNet50", {}, "timm:resnet50", "first 1 x 1 convolution"),
        ("torchvision:vgg16_bn", {}, "keras:VGG16", "batch norm"),
        ("torchvision:vgg16", {}, "keras:VGG19", "VGG-16 is another network than VGG-19"),
        ("keras:MobileNetV2", {"alpha": 0.5}, "timm:mobilenetv2_100", "of width 0.5 is another"),
        ("torchvision:vgg16", {}, "torchvision:vgg16", "the same network"),
        ("timm:mobilenetv2_100", {**SAME, "output_stride": 8}, "keras:MobileNetV2", "output_stride"),
        ("timm:convnext_tiny", {}, "keras:ConvNeXtTiny", "carried are vgg16"),
    ],
)
def test_the_rest_is_refused_with_its_reason(source, options, target, why):
    with pytest.raises(BackboneError, match=why) as refused:
        _route(source, options, target)

    assert "\n" not in str(refused.value)
