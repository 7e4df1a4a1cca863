"""Maps and kernels are the network's own numbers, for every adapter; patches lie where the unit looks."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.errors import BackboneError
from headstart.pixels.maps.filters import first_filters
from headstart.pixels.maps.maps import feature_maps
from headstart.pixels.maps.patches import patch, peaks, sight
from headstart.pixels.maps.spatial import spatial_layers
from headstart.testing import tiny_backbone

ADAPTERS = [
    "pocket",
    "torchvision:squeezenet1_1@random",
    pytest.param("timm:vit_tiny_patch16_224@random", marks=pytest.mark.slow),
    pytest.param("timm:swin_tiny_patch4_window7_224@random", marks=pytest.mark.exhaustive),
    pytest.param("keras:MobileNetV2@random", marks=pytest.mark.slow),
    "own",
]


def backbone_of(name):
    return tiny_backbone() if name == "own" else load_backbone(name)


def photo_for(backbone):
    resize = backbone.spec.preprocessing.resize
    return torch.rand(1, 3, resize.height, resize.width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_layer_is_shown_or_refused(name):
    backbone = backbone_of(name)
    photo = photo_for(backbone)
    layers = [each for each in backbone.layers() if each.calls == 1 and each.shape]
    few = layers if len(layers) < 20 else layers[:: len(layers) // 12]

    kinds = set()
    for each in few:
        try:
            found = feature_maps(backbone, photo, each.name)
        except BackboneError:  # what windows of Swin give, and the like
            assert name.startswith("timm:")
            continue
        kinds.add(found.kind)
        assert found.shape == each.shape
        places = found.extra * len(found.maps)
        assert found.maps.size + places == np.prod(each.shape)
        assert sorted(found.strongest()) == list(range(len(found.maps)))
    assert kinds


def test_maps_are_the_activations_themselves():
    backbone = tiny_backbone()
    photo = photo_for(backbone)

    found = feature_maps(backbone, photo, "last")

    theirs = backbone.activations(photo, ["last"])["last"][0].numpy()
    assert np.array_equal(found.maps, theirs)
    strongest = found.strongest()[0]
    assert np.abs(theirs[strongest]).mean() == pytest.approx(np.abs(theirs).mean(axis=(1, 2)).max())


def test_numbers_of_a_row_go_from_the_largest():
    backbone = tiny_backbone(classes=("cat", "dog", "elk"))

    found = feature_maps(backbone, photo_for(backbone), "classifier")

    assert found.kind == "row"
    values = found.maps[found.strongest(), 0, 0]
    assert list(values) == sorted(values, reverse=True)


def test_an_unknown_layer_is_refused_with_close_names():
    with pytest.raises(BackboneError, match="close: last"):
        feature_maps(tiny_backbone(), torch.zeros(1, 3, 32, 32), "lsat")


@pytest.mark.parametrize(("name", "layer"), [("pocket", "stem.0.conv"), ("own", "first")])
def test_kernels_are_the_first_layers(name, layer):
    backbone = backbone_of(name)

    found = first_filters(backbone)

    assert found.layer == layer
    weights = dict(backbone.module.named_modules())[layer].weight
    assert found.shape == tuple(weights.shape)
    assert found.pictures.shape == (weights.shape[0], *weights.shape[2:], 3)
    std = torch.tensor(backbone.spec.preprocessing.std)[None, :, None, None]
    largest = (weights / std).abs().flatten(1).argmax(dim=1)
    for kernel, place in zip(
        found.pictures.transpose(0, 3, 1, 2).reshape(len(largest), -1), largest, strict=True
    ):
        assert kernel[place] in {0, 255}


def test_kernels_over_one_channel_are_grey():
    class Grey(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.last = nn.Conv2d(4, 5, 1)

        def forward(self, x):
            return self.last(self.conv(x.mean(1, keepdim=True)))

    backbone = module_backbone(Grey(), name="grey", input_size=16, mean=(0.5,) * 3, std=(0.2,) * 3)

    assert first_filters(backbone).pictures.shape == (4, 3, 3)
    with pytest.raises(BackboneError, match="1 x 1"):
        first_filters(backbone, "last")


def test_a_network_without_convolutions_has_no_kernels():
    flat = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.Linear(8, 2))
    backbone = module_backbone(flat, name="flat", input_size=8, mean=(0.5,) * 3, std=(0.2,) * 3)

    with pytest.raises(BackboneError, match="no convolution over the photo"):
        first_filters(backbone)


def test_a_patch_is_where_the_photo_excites_the_unit():
    backbone = tiny_backbone()
    layer = next(each for each in spatial_layers(backbone).layers if each.name == "last")
    photo = torch.full((1, 3, 32, 32), 0.5)
    photo[0, :, 20:28, 4:12] = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))

    [found] = peaks(backbone, photo, [layer])
    theirs = backbone.activations(photo, ["last"])["last"][0].flatten(1)
    channel = int((theirs.max(dim=1).values - theirs.median(dim=1).values).argmax())

    assert found.values[channel] == theirs[channel].max()
    side = sight(backbone, photo, layer, channel, int(found.places[channel]))
    assert 3 <= side <= 9  # two convolutions of 3 with stride 2 see 7 pixels
    picture = (photo[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    cut, (top, left, bottom, right) = patch(picture, layer, int(found.places[channel]), side)
    assert cut.shape == (side, side, 3)
    assert np.array_equal(cut, picture[top:bottom, left:right])
    assert cut.std() > 10
