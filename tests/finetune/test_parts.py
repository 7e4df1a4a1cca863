"""Where a network is cut: its last stages, a named layer, or nowhere."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from headstart.errors import BackboneError, HeadstartError, UsageError
from headstart.finetune.parts import LAST_SHARE, find_part, stages
from headstart.finetune.resumed import resumed
from headstart.testing import tiny_backbone
from tests.finetune.fakes import network, own_backbone, pixels


@pytest.fixture(scope="module")
def backbone():
    return own_backbone()


class Around(nn.Module):
    """Two stages, and a way around both."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.third = nn.Conv2d(8, 8, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, photo):
        low = self.first(photo)
        return self.act(self.third(self.second(low)) + low)


def refusal(backbone, wanted):
    with pytest.raises(HeadstartError) as refused:
        find_part(backbone, wanted)
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_norm_belongs_to_the_stage_before_it(backbone):
    found = stages(backbone)

    assert [stage.name for stage in found] == ["stem", "middle", "deep"]
    assert found[0].modules == ("stem", "norm")
    assert sum(stage.parameters for stage in found) == backbone.parameters_until()


def test_the_last_part_is_the_fewest_last_stages_with_two_thirds(backbone):
    found, part = stages(backbone), find_part(backbone)
    total = sum(stage.parameters for stage in found)

    assert part.share == sum(stage.parameters for stage in part.stages) / total >= LAST_SHARE
    assert sum(stage.parameters for stage in part.stages[1:]) / total < LAST_SHARE
    assert part.stages == found[-len(part.stages) :]


def test_the_whole_has_no_cut_and_all_stages(backbone):
    whole = find_part(backbone, "whole")

    assert (whole.name, whole.cut, whole.share) == ("whole", None, 1.0)
    assert whole.stages == stages(backbone)


@pytest.mark.parametrize(
    ("wanted", "first", "cut"),
    [("middle", "middle", "act"), ("last", "middle", "act"), ("deep", "deep", "middle")],
)
def test_a_named_layer_and_all_after_it(backbone, wanted, first, cut):
    part = find_part(backbone, wanted)

    assert (part.name, part.cut) == (first, cut)


def test_from_the_first_layer_on_is_the_whole(backbone):
    assert find_part(backbone, "stem").name == "whole"


def test_an_unknown_layer_is_refused_with_close_names(backbone):
    refused = refusal(backbone, "midle")

    assert isinstance(refused, BackboneError)
    assert "'midle'" in str(refused)
    assert "middle" in str(refused)


@pytest.mark.parametrize("wanted", ["classifier", "pool", "deep.2", "deep.0"])
def test_a_layer_that_begins_no_stage_is_refused_with_some_that_do(backbone, wanted):
    refused = refusal(backbone, wanted)

    assert isinstance(refused, UsageError)
    assert f"--part is {wanted!r}" in str(refused)
    assert "middle, deep" in str(refused)


@pytest.mark.parametrize("wanted", ["middle:in", "middle:mean", "middle:in:mean"])
def test_a_reference_to_one_side_of_a_layer_is_refused(backbone, wanted):
    assert "plain name of a layer" in str(refusal(backbone, wanted))


def test_features_before_any_parameter_leave_nothing_to_train():
    with pytest.raises(BackboneError, match="nothing to train before") as refused:
        find_part(own_backbone(layer="stem:in"))
    assert "\n" not in str(refused.value)


def test_a_way_around_the_cut_is_refused():
    backbone = own_backbone(Around(), layer="act:mean")
    part = find_part(backbone, "third")

    with pytest.raises(BackboneError, match="can't be run alone") as refused:
        resumed(backbone, part.cut)
    assert "\n" not in str(refused.value)
    assert "train the whole network" in str(refused.value)


def test_a_cut_that_is_not_before_the_features_is_refused(backbone):
    for cut in ("deep", "pool", "classifier"):
        with pytest.raises(BackboneError, match="can't be cut after"):
            resumed(backbone, cut)


def test_a_layer_that_gives_a_tuple_where_one_tensor_is_expected_is_refused():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, photo):
            found = self.conv(photo)
            return found, found * 2

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair, self.last = Pair(), nn.Conv2d(4, 6, 3)

        def forward(self, photo):
            first, second = self.pair(photo)
            return self.last(first + second)

    with pytest.raises(BackboneError, match="can't be run alone"):
        resumed(own_backbone(Sum(), layer="last:mean"), "pair")


def rows_and_gradients(body, given, module):
    rows = body(given)
    rows.square().sum().backward()
    return rows.detach(), {
        name: each.grad.clone() for name, each in module.named_parameters() if each.grad is not None
    }


def require_same_part(backbone, wanted, photos, tolerance=1e-3):
    """Rows and gradients of the part from activations are those of the whole network."""
    part = find_part(backbone, wanted)
    whole = backbone.to_module()
    whole.network.requires_grad_(True)
    rows, gradients = rows_and_gradients(whole, photos, whole.network)

    alone = resumed(backbone, part.cut)
    alone.network.requires_grad_(True)
    kept = backbone.activations(photos, [part.cut])[part.cut]
    before = kept.clone()
    found, own = rows_and_gradients(alone, kept, alone.network)

    assert torch.equal(kept, before), "the activations that were given are still the same"
    scale = rows.abs().max()
    assert (found - rows).abs().max() <= tolerance * scale
    trained = {
        name
        for stage in part.stages
        for module in stage.modules
        for name in own
        if name.startswith(f"{module}.")
    }
    assert trained
    assert trained == set(own) & set(gradients), "what has gradients is what the stages hold"
    for name in own:
        largest = max(each.abs().max() for each in gradients.values())
        assert (own[name] - gradients[name]).abs().max() <= tolerance * largest, name
    return part


@pytest.mark.parametrize("wanted", ["last", "deep"])
def test_rows_and_gradients_are_those_of_the_whole_network(backbone, wanted):
    require_same_part(backbone, wanted, pixels())


def test_a_layer_that_writes_into_what_it_is_given_leaves_the_activations_alone():
    module = nn.Sequential(
        OrderedDict(first=nn.Conv2d(3, 8, 3), act=nn.ReLU(inplace=True), last=nn.Conv2d(8, 16, 3))
    )
    backbone = own_backbone(module, layer="last:mean")
    part = resumed(backbone, "first")
    kept = backbone.activations(pixels(), ["first"])["first"]
    before = kept.clone()

    with torch.no_grad():
        part(kept)

    assert torch.equal(kept, before)


def test_the_part_is_a_copy(backbone):
    before = backbone.weights()
    part = resumed(backbone, "middle")
    with torch.no_grad():
        for each in part.parameters():
            each.fill_(0.0)

    assert backbone.weights() == before


def test_the_smallest_network_can_be_cut_too():
    part = find_part(tiny_backbone())

    assert (part.name, part.cut) == ("last", "relu")


def test_the_fake_network_has_what_the_tests_are_about():
    kinds = [type(each).__name__ for each in network().modules()]

    assert kinds.count("BatchNorm2d") == 3


FAMILIES = [
    "resnet18@random",
    "mobilenet_v2@random",
    "squeezenet1_1@random",
    "densenet121@random",
    "pocket",
    "timm:vit_tiny_patch16_224@random",
    "timm:efficientnet_b0@random",
    "vgg11@random",
    "keras:MobileNetV2@random",
    "keras:ResNet50@random",
    pytest.param("keras:DenseNet121@random", marks=pytest.mark.exhaustive),
    "keras:EfficientNetB0@random",
    pytest.param("keras:VGG16@random", marks=pytest.mark.exhaustive),
]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_can_be_cut_before_its_last_part(name):
    from headstart.backbones.load import load_backbone

    backbone = load_backbone(name)
    resize = backbone.spec.preprocessing.resize
    photos = torch.rand(2, 3, resize.height, resize.width, generator=torch.Generator().manual_seed(0))
    part = require_same_part(backbone, "last", photos)

    assert LAST_SHARE <= part.share < 1
