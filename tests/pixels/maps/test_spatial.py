"""The layers that know places, found in every family without knowing one by its name."""

import pytest

from headstart.backbones.load import load_backbone
from headstart.pixels.maps.spatial import spatial_layers
from headstart.testing import tiny_backbone


@pytest.mark.parametrize(
    ("name", "first", "stages", "heat"),
    [
        ("pocket", "stem", ["stem.0", "stages.1", "top"], "top"),
        ("resnet18@random", "layer1", ["relu", "layer2", "layer4"], "layer4"),
        pytest.param(
            "timm:mobilenetv2_100@random",
            "blocks.2.0.bn1",
            ["bn1", "blocks.3.0.bn1", "bn2"],
            "bn2",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "vgg11@random",
            "features.9",
            ["features.4", "features.14", "features"],
            "features",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_layers_of_convolutional_networks(name, first, stages, heat):
    found = spatial_layers(load_backbone(name))

    if name != "resnet18@random":  # its early ReLU runs several times in its blocks, once in the stem
        assert [each.name for each in found.stages()] == stages
    assert found.early_middle().name == first
    assert found.for_heat()[0].name == heat


@pytest.mark.slow
def test_blocks_of_a_vision_transformer():
    found = spatial_layers(load_backbone("timm:vit_tiny_patch16_224@random"))

    assert [each.name for each in found.stages()] == ["blocks.0", "blocks.6", "blocks.11"]
    assert found.early_middle().name == "blocks.4"
    assert {(each.layout.height, each.layout.width) for each in found.layers} == {(14, 14)}


def test_what_comes_after_the_features_is_not_asked_for_heat():
    found = spatial_layers(tiny_backbone(classes=("cat", "dog")), "first:mean")

    assert [each.name for each in found.for_heat()] == ["first"]
