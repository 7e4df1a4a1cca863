"""A backbone's own behaviour, whatever network is inside."""

import threading
import warnings

import pytest
import torch
from torch import nn

from headstart.backbones.base import Backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.errors import BackboneError
from headstart.testing import tiny_backbone


def backbone_of(network: nn.Module, *, side: int = 8, **facts) -> Backbone:
    facts = {"mean": (0, 0, 0), "std": (1, 1, 1), "name": "mine", **facts}
    return module_backbone(network, input_size=side, **facts)


@pytest.fixture(scope="module")
def resnet() -> Backbone:
    return load_backbone("resnet18@random")


def photos(count: int = 2, side: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(3))


def test_features_are_the_last_map_averaged(resnet):
    pixels = photos()
    body = nn.Sequential(*list(resnet.module.children())[:-2])

    expected = body(resnet.normalise(pixels)).mean((2, 3))

    torch.testing.assert_close(resnet.features(pixels), expected, rtol=1e-4, atol=1e-5)


def test_layer_references_agree_with_each_other(resnet):
    found = resnet.activations(photos(), ["layer4", "layer4:mean", "fc:in", "avgpool:in:mean"])

    assert found["layer4"].shape == (2, 512, 2, 2)
    torch.testing.assert_close(found["layer4"].mean((2, 3)), found["layer4:mean"])
    torch.testing.assert_close(found["fc:in"], found["layer4:mean"], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found["avgpool:in:mean"], found["layer4:mean"])


def test_output_refers_to_the_whole_network(resnet):
    pixels = photos()

    assert torch.equal(resnet.features(pixels, "output"), resnet.logits(pixels))


def test_a_later_in_place_operation_does_not_change_what_was_taken():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 3))
    backbone = backbone_of(network, feature_layer="0")

    before_relu = backbone.activations(photos(side=8), ["0", "1:in"])

    assert bool((before_relu["0"] < 0).any())
    assert torch.equal(before_relu["0"], before_relu["1:in"])


def test_a_first_operation_in_place_does_not_change_the_pixels():
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3))
    backbone = backbone_of(network, mean=(0.5, 0.5, 0.5), feature_layer="1:mean")
    pixels = photos(side=8)
    before = pixels.clone()

    backbone.features(pixels)

    assert torch.equal(pixels, before)


@pytest.mark.parametrize("layer", ["bn1", "layer1", "layer4:mean", "fc:in", "conv1:in"])
def test_gradients_of_any_layer_reach_the_pixels(resnet, layer):
    pixels = photos(1).requires_grad_()

    resnet.features(pixels, layer).square().sum().backward()

    assert pixels.grad is not None
    assert bool(pixels.grad.isfinite().all())
    assert bool(pixels.grad.any())


def test_the_network_evaluates_even_after_train(resnet):
    pixels = photos()
    quiet = resnet.features(pixels)

    resnet.module.train()

    assert torch.equal(resnet.features(pixels), quiet)
    assert not resnet.module.training


def test_nothing_stays_attached_to_the_network(resnet):
    def hooks():
        return sum(
            len(each._forward_hooks) + len(each._forward_pre_hooks) for each in resnet.module.modules()
        )

    before = hooks()
    resnet.features(photos())
    with pytest.raises(BackboneError):
        resnet.activations(photos(), ["layer1.0.relu"])
    with pytest.raises(BackboneError):
        resnet.features(torch.zeros(2, 1, 8, 8))

    assert hooks() == before == 0


def test_an_unknown_layer_has_close_matches(resnet):
    with pytest.raises(BackboneError, match=r"no layer is called 'layer5'; close: layer"):
        resnet.features(photos(), "layer5:mean")


@pytest.mark.parametrize("text", ["", ":mean", "layer1:max", "layer1:mean:in"])
def test_a_malformed_reference_says_what_is_expected(resnet, text):
    with pytest.raises(BackboneError, match="expected NAME, NAME:mean, NAME:in or NAME:in:mean"):
        resnet.features(photos(), text)


def test_a_layer_that_runs_twice_is_refused(resnet):
    with pytest.raises(BackboneError, match="runs 2 times in one pass"):
        resnet.features(photos(), "layer1.0.relu")


class Odd(nn.Module):
    """Modules that give tuples, tensors without a row for each photo, and one that never runs."""

    class Pair(nn.Module):
        def forward(self, x):
            return {"map": x * 2, "size": x.shape[0]}, x

    class Merged(nn.Module):
        def forward(self, x):
            return x.flatten(0, 1)

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.pair = self.Pair()
        self.merged = self.Merged()
        self.idle = nn.Linear(2, 2)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        (first, x) = self.pair(self.conv(x))
        self.merged(x)
        return self.fc((first["map"] + x).mean((2, 3)))


@pytest.fixture
def odd() -> Backbone:
    return backbone_of(Odd(), classes=tuple("abcde"))


def test_the_first_tensor_of_a_tuple_is_taken(odd):
    found = odd.activations(photos(side=8), ["conv", "pair"])

    assert torch.equal(found["pair"], 2 * found["conv"])


def test_a_layer_without_a_row_for_each_photo_is_refused(odd):
    with pytest.raises(BackboneError, match="'merged' gives no row for each photo"):
        odd.features(photos(side=8), "merged")


def test_a_layer_that_never_runs_is_refused(odd):
    with pytest.raises(BackboneError, match="'idle' never runs"):
        odd.features(photos(side=8), "idle")
    with pytest.raises(BackboneError, match="'idle' never runs"):
        odd.width("idle")
    with pytest.raises(BackboneError, match="'idle' never runs"):
        odd.parameters_until("idle")


@pytest.mark.parametrize(
    "pixels", [torch.zeros(3, 8, 8), torch.zeros(1, 4, 8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8)]
)
def test_what_is_no_pixels_is_refused(odd, pixels):
    with pytest.raises(BackboneError, match=r"expected float32 \(n, 3, height, width\)"):
        odd.features(pixels)


def test_a_network_of_one_size_says_which():
    backbone = load_backbone("timm:vit_tiny_patch16_224@random")

    with pytest.raises(BackboneError, match="takes photos of 224 x 224 pixels; it refused 64 x 64"):
        backbone.features(photos())


def test_without_classes_there_are_no_logits():
    backbone = backbone_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3)))

    with pytest.raises(BackboneError, match="has no classes of its own"):
        backbone.logits(photos(side=8))


def test_layers_name_every_module(odd):
    layers = {each.name: each for each in odd.layers()}

    assert set(layers) == {"conv", "pair", "merged", "idle", "fc"}
    assert (layers["conv"].kind, layers["conv"].shape, layers["conv"].parameters) == (
        "Conv2d",
        (4, 6, 6),
        112,
    )
    assert (layers["idle"].shape, layers["idle"].calls) == ((), 0)


@pytest.mark.parametrize("layer", [None, "conv", "conv:mean", "fc:in", "output", "conv:in:mean"])
def test_width_is_that_of_the_rows(odd, layer):
    assert odd.width(layer) == odd.features(photos(side=8), layer).shape[1]


def test_parameters_are_counted_up_to_a_layer(odd):
    assert odd.parameters_until("conv:in") == 0
    assert odd.parameters_until("conv") == odd.parameters_until("fc:in") == 112
    assert odd.parameters_until("fc") == 112 + 25
    assert odd.parameters_until("output") == odd.spec.parameters == 112 + 25 + 6


def test_the_numbers_of_a_head(odd):
    assert odd.head_parameters(3, "conv:mean") == 4 * 3 + 3


def test_a_module_of_its_own_is_a_copy(resnet):
    pixels = photos().requires_grad_()
    module = resnet.to_module("layer3:mean")
    around = nn.Sequential(module, nn.Linear(256, 2)).train()

    around(pixels).sum().backward()
    copied = module(pixels)
    with torch.no_grad():
        module.network.conv1.weight.zero_()

    assert pixels.grad is not None
    torch.testing.assert_close(copied, resnet.features(pixels, "layer3:mean"))
    assert not torch.equal(module(pixels), copied)


@pytest.mark.slow
def test_a_module_of_its_own_can_be_exported():
    module = load_backbone("squeezenet1_1@random").to_module()
    pixels = photos()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about itself
        exported = torch.export.export(module, (pixels,)).module()

    torch.testing.assert_close(exported(pixels), module(pixels))


def test_two_threads_get_their_own_activations(resnet):
    first, second = photos(4).chunk(2)
    expected = [resnet.features(first), resnet.features(second)]
    wrong = []

    def work(pixels, rows):
        for _ in range(5):
            found = resnet.features(pixels)
            if not torch.allclose(found, rows, rtol=1e-4, atol=1e-5):
                wrong.append(float((found - rows).abs().max()))

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip((first, second), expected, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.slow
def test_vgg16_as_the_books_have_it():
    backbone = load_backbone("vgg16@random")

    assert (backbone.spec.feature_layer, backbone.spec.feature_width) == ("features:mean", 512)
    assert backbone.width("features") == 25_088
    assert backbone.width("classifier.3") == 4096
    assert backbone.parameters_until("features") == 14_714_688
    assert backbone.head_parameters(2, "features") == 50_178
    assert backbone.spec.parameters == 138_357_544


@pytest.mark.parametrize("layer", ["last:mean", "last:in"])
def test_the_module_can_be_exported_for_any_number_of_photos(layer):
    module = tiny_backbone().to_module(layer)
    photos = torch.export.Dim("photos", min=2, max=16)

    exported = torch.export.export(
        module, (torch.rand(2, 3, 32, 32),), dynamic_shapes=({0: photos},), strict=False
    )

    pixels = torch.rand(5, 3, 32, 32)
    torch.testing.assert_close(exported.module()(pixels), module(pixels))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_module_computes_in_the_type_that_it_is_given(dtype):
    module = tiny_backbone().to_module().to(dtype)
    assert module(torch.rand(2, 3, 32, 32, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("layer", ["last:mean", "last", "last:in", "first:in:mean"])
def test_no_photos_give_no_rows_of_the_right_width(layer):
    backbone = tiny_backbone()
    rows = backbone.features(torch.zeros(0, 3, 32, 32), layer)
    assert rows.shape == (0, backbone.width(layer))


def test_pixels_in_double_precision_are_refused_clearly():
    with pytest.raises(BackboneError, match=r"torch\.float64 were given; expected float32"):
        tiny_backbone().features(torch.zeros(1, 3, 32, 32, dtype=torch.float64))


def test_the_size_is_not_blamed_for_another_fault():
    backbone = tiny_backbone()
    backbone.module.first.weight.data = backbone.module.first.weight.data[:, :2]
    with pytest.raises(RuntimeError) as caught:
        backbone.features(torch.zeros(1, 3, 40, 40))
    assert not isinstance(caught.value, BackboneError)
