"""torchvision's networks against torchvision's own statements."""

import re

import pytest
import torch
import torchvision
from torchvision.models import get_model_builder, get_model_weights

from headstart.backbones.load import load_backbone
from headstart.backbones.state import state_tensors
from headstart.backbones.torchvision import ADAPTER
from headstart.errors import WeightsRefusedError
from tests.backbones.pictures import SIZES, entering, picture


def built(name, *, tag, tensors=None, options=None):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ADAPTER.build(name, tag=tag, options=options or {}, tensors=tensors)


def lively(tensors):
    """Weights that let the input through: torchvision's own start almost at zero, where all answers agree."""
    generator = torch.Generator().manual_seed(1)
    return {
        key: torch.randn(value.shape, generator=generator) * (2 / value[0].numel()) ** 0.5
        if value.ndim == 4
        else value
        for key, value in tensors.items()
    }


def official(monkeypatch, name, tag, tensors, **options):
    """torchvision's own builder with its own weights, the download replaced."""
    weights = get_model_weights(name)[tag]
    monkeypatch.setattr(type(weights), "get_state_dict", lambda *_args, **_options: dict(tensors))
    return get_model_builder(name)(weights=weights, **options).eval()


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("squeezenet1_1", "IMAGENET1K_V1"),
        ("mobilenet_v3_small", "IMAGENET1K_V1"),
        ("inception_v3", "IMAGENET1K_V1"),
        ("googlenet", "IMAGENET1K_V1"),
        ("efficientnet_b0", "IMAGENET1K_V1"),
        ("efficientnet_b1", "IMAGENET1K_V2"),
        ("resnet18", "IMAGENET1K_V1"),
        ("resnet50", "IMAGENET1K_V2"),
        ("swin_t", "IMAGENET1K_V1"),
        ("regnet_y_400mf", "IMAGENET1K_V2"),
    ],
)
def test_preprocessing_is_torchvisions_own(name, tag):
    transforms = get_model_weights(name)[tag].transforms()
    preprocessing = built(name, tag=tag).preprocessing

    for size in SIZES:
        image = picture(*size)
        torch.testing.assert_close(entering(image, preprocessing), transforms(image), rtol=0, atol=0)


@pytest.mark.slow
def test_preprocessing_of_every_published_entry():
    from headstart.backbones.torchvision import _preprocessing

    image = picture(*SIZES[0])
    for name in ADAPTER.architectures():
        for weights in get_model_weights(name):
            found = entering(image, _preprocessing(name, weights, torch.nn.Identity()))
            torch.testing.assert_close(found, weights.transforms()(image), rtol=0, atol=0, msg=name)


@pytest.mark.slow
def test_inception_takes_299_pixels_and_gives_torchvisions_answers(monkeypatch):
    tensors = lively(state_tensors(built("inception_v3", tag="random").module))
    ours = built("inception_v3", tag="IMAGENET1K_V1", tensors=tensors)
    theirs = official(monkeypatch, "inception_v3", "IMAGENET1K_V1", tensors)
    pixels = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(0))

    assert (ours.preprocessing.resize.height, ours.preprocessing.resize.short_side) == (299, 342)
    assert ours.options == {"transform_input": True}
    torch.testing.assert_close(ours.module.eval()(pixels), theirs(pixels))
    theirs.transform_input = False
    assert not torch.allclose(ours.module(pixels), theirs(pixels), rtol=0.1)


@pytest.mark.slow
def test_googlenet_gives_torchvisions_answers(monkeypatch):
    tensors = lively(state_tensors(built("googlenet", tag="random").module))
    ours = built("googlenet", tag="IMAGENET1K_V1", tensors=tensors)
    theirs = official(monkeypatch, "googlenet", "IMAGENET1K_V1", tensors)
    plain = built("googlenet", tag="own", tensors=tensors)
    pixels = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(ours.module.eval()(pixels), theirs(pixels))
    assert not torch.allclose(plain.module.eval()(pixels), theirs(pixels), rtol=0.1)


@pytest.mark.slow
def test_densenets_published_names_are_understood(monkeypatch):
    tensors = state_tensors(built("densenet121", tag="random").module)
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): value
        for key, value in tensors.items()
        if not key.endswith("num_batches_tracked")
    }
    ours = built("densenet121", tag="IMAGENET1K_V1", tensors=old)
    theirs = official(monkeypatch, "densenet121", "IMAGENET1K_V1", old)
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    assert set(old) != set(tensors)
    torch.testing.assert_close(ours.module.eval()(pixels), theirs(pixels))


@pytest.mark.parametrize("name", ["mnasnet0_5", "shufflenet_v2_x0_5"])
def test_files_without_counters_and_versions_are_understood(name):
    tensors = state_tensors(built(name, tag="random").module)
    old = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    first, second = (built(name, tag="own", tensors=each).module.eval() for each in (tensors, old))

    assert torch.equal(first(pixels), second(pixels))


@pytest.mark.slow
def test_a_published_size_is_built():
    network = built("vit_b_16", tag="IMAGENET1K_SWAG_E2E_V1")

    assert network.preprocessing.resize.height == network.module.image_size == 384
    assert network.options == {"image_size": 384}


@pytest.mark.slow
def test_another_size_changes_the_preprocessing():
    spec = load_backbone("vit_b_32@random", options={"image_size": 64}).spec

    assert (spec.preprocessing.resize.height, spec.preprocessing.resize.short_side) == (64, 73)
    assert (spec.feature_layer, spec.feature_width) == ("heads:in", 768)


def test_misfitting_tensors_are_named():
    tensors = state_tensors(built("squeezenet1_1", tag="random").module)
    tensors["features.0.weight"] = torch.zeros(64, 3, 5, 5)
    tensors["extra"] = tensors.pop("classifier.1.bias")

    with pytest.raises(
        WeightsRefusedError, match=r"missing classifier\.1\.bias; unknown extra; features\.0\.weight"
    ):
        built("squeezenet1_1", tag="own", tensors=tensors)


def test_published_classes_are_imagenets():
    network = built("squeezenet1_1", tag="IMAGENET1K_V1")

    assert list(network.classes.names) == get_model_weights("squeezenet1_1").DEFAULT.meta["categories"]
    assert len(network.classes.ids) == 1000


@pytest.mark.slow
def test_an_entry_without_a_classifier_has_no_logits():
    assert not ADAPTER.build("vgg16", tag="IMAGENET1K_FEATURES", options={}, tensors=None).has_logits


def test_only_classifiers_are_listed():
    assert set(ADAPTER.architectures()) == set(torchvision.models.list_models(module=torchvision.models))


@pytest.mark.parametrize(
    ("name", "layer", "width"),
    [
        ("squeezenet1_1", "features:mean", 512),
        ("mobilenet_v2", "features:mean", 1280),
        ("mobilenet_v3_large", "features:mean", 960),
        ("densenet121", "classifier:in", 1024),
        ("googlenet", "inception5b:mean", 1024),
        ("regnet_y_400mf", "trunk_output:mean", 440),
        ("resnet50", "layer4:mean", 2048),
    ],
)
def test_the_feature_layer_is_derived(name, layer, width):
    spec = load_backbone(f"{name}@random").spec

    assert (spec.feature_layer, spec.feature_width) == (layer, width)
