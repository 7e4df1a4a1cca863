"""timm's networks against timm's own statements."""

import pytest
import timm
import torch
from timm.data import create_transform, resolve_data_config

from headstart.backbones.load import load_backbone
from headstart.backbones.state import state_tensors
from headstart.backbones.timm import ADAPTER, _preprocessing
from headstart.errors import BackboneError, WeightsRefusedError
from tests.backbones.pictures import SIZES, entering, picture


def built(name, *, tag="random", tensors=None, options=None):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ADAPTER.build(name, tag=tag, options=options or {}, tensors=tensors)


def stated(name):
    cfg = timm.get_pretrained_cfg(name).to_dict()
    return cfg, resolve_data_config({}, pretrained_cfg=cfg)


@pytest.mark.parametrize(
    "name",
    [
        "mobilenetv2_100.ra_in1k",
        "resnet50.a1_in1k",
        "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        "inception_v3.tv_in1k",
        "convnext_atto.d2_in1k",
        "vit_base_patch16_clip_384.openai_ft_in1k",
        "eva02_base_patch14_448.mim_in22k_ft_in1k",
        "vit_base_patch16_siglip_224.webli",
        "volo_d4_448.sail_in1k",
        "vit_base_patch16_sapiens2.fb",
    ],
)
def test_preprocessing_is_timms_own(name):
    cfg, config = stated(name)
    preprocessing = _preprocessing(name, cfg, {})
    transform = create_transform(**config)

    for size in SIZES[:2]:
        image = picture(*size)
        torch.testing.assert_close(entering(image, preprocessing), transform(image), rtol=0, atol=0)


@pytest.mark.exhaustive
def test_preprocessing_of_everything_that_timm_publishes():
    image, seen = picture(*SIZES[0]), set()
    for name in timm.list_pretrained():
        cfg, config = stated(name)
        if str(config) not in seen:
            seen.add(str(config))
            found, expected = (
                entering(image, _preprocessing(name, cfg, {})),
                create_transform(**config)(image),
            )
            torch.testing.assert_close(found, expected, rtol=0, atol=0, msg=name)

    assert len(seen) > 100


def test_a_tag_brings_its_own_preprocessing_and_classes():
    large = built("mobilenetv2_100", tag="ra_in1k")
    small = built("vit_tiny_patch16_224", tag="augreg_in21k")

    assert large.classes.names[:2] == ("tench", "goldfish")
    assert large.licence == "apache-2.0"
    assert len(small.classes.names) == len(set(small.classes.names)) == 21_843
    assert small.preprocessing.mean == (0.5, 0.5, 0.5)


def test_a_size_option_changes_the_preprocessing():
    spec = load_backbone("timm:vit_tiny_patch16_224@random", options={"img_size": 64}).spec

    assert (spec.preprocessing.resize.height, spec.preprocessing.resize.width) == (64, 64)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "width"),
    [
        ("mobilenetv2_100", "bn2:mean", 1280),
        ("mobilenetv3_large_100", "blocks:mean", 960),
        ("resnet50", "layer4:mean", 2048),
        ("densenet121", "features:mean", 1024),
        ("convnext_atto", "stages:mean", 320),
        ("vit_tiny_patch16_224", "head:in", 192),
        ("deit_tiny_distilled_patch16_224", "head:in", 192),
        ("mambaout_femto", "head.fc:in", 1152),
    ],
)
def test_the_feature_layer_is_derived(name, layer, width):
    spec = load_backbone(f"timm:{name}@random").spec

    assert (spec.feature_layer, spec.feature_width) == (layer, width)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "mixer_s32_224", "mobilenetv3_small_050"])
def test_features_are_timms_own(name):
    backbone = load_backbone(f"timm:{name}@random")
    pixels = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = backbone.module.forward_features(backbone.normalise(pixels))
        pooled = backbone.module.forward_head(features, pre_logits=True)
        expected = features.mean((2, 3)) if features.ndim == 4 else pooled

        torch.testing.assert_close(backbone.features(pixels), expected)


def test_a_network_without_a_classifier_has_no_classes():
    spec = load_backbone("timm:mobilenetv3_small_050@random", options={"num_classes": 0}).spec

    assert spec.classes == ()
    assert (spec.feature_layer, spec.feature_width) == ("blocks:mean", 288)


def test_published_files_in_an_older_layout_are_converted_by_timm():
    tensors = state_tensors(built("levit_128s").module)
    old = {**tensors, "blocks.0.attention_bias_idxs": torch.zeros(2)}
    pixels = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))

    converted = built("levit_128s", tag="fb_dist_in1k", tensors=old).module.eval()
    plain = built("levit_128s", tag="own", tensors=tensors).module.eval()

    assert torch.equal(converted(pixels), plain(pixels))


@pytest.mark.parametrize("tag", ["fb_dist_in1k", "own"])
def test_misfitting_tensors_are_named(tag):
    tensors = state_tensors(built("levit_128s").module)
    tensors["something"] = tensors.pop("head.linear.bias")

    with pytest.raises(WeightsRefusedError, match=r"missing head\.linear\.bias; unknown something"):
        built("levit_128s", tag=tag, tensors=tensors)


def test_networks_for_other_channels_are_refused():
    cfg = {**stated("resnet18")[0], "input_size": (1, 28, 28)}

    with pytest.raises(BackboneError, match="three channels"):
        _preprocessing("digits", cfg, {})


def test_every_network_is_listed():
    assert set(ADAPTER.architectures()) == set(timm.list_models())


def with_weights(name, tag, **options):
    tensors = state_tensors(built(name, options=options).module)
    return built(name, tag=tag, tensors=tensors, options=options)


@pytest.mark.parametrize("tag", ["openai", "mine"])
@pytest.mark.slow
def test_an_embedding_is_no_row_of_classes(tag):
    network = with_weights("resnet50_clip", tag)
    assert not network.has_logits
    assert network.classes.names == ()


def test_classes_that_nobody_names_are_still_classes():
    assert len(load_backbone("timm:test_vit@random", options={"num_classes": 3}).spec.classes) == 3
    assert with_weights("test_vit", "mine", num_classes=3).has_logits
    assert len(with_weights("test_vit", "r160_in1k").classes.names) == 1000
