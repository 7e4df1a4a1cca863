"""Where rows come from: known before the network is, and never another one than was said."""

from dataclasses import replace

import pytest

from headstart.backbones.keras.identity import keras_code
from headstart.backbones.load import load_backbone
from headstart.backbones.source import FeatureSource
from headstart.errors import BackboneError
from headstart.testing import tiny_backbone


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"weights_digest": "0f" * 32}, "weights digest"), ({"options": {"pad_type": "same"}}, "options")],
)
def test_a_network_that_is_another_one_by_now_is_refused(changed, words):
    backbone = tiny_backbone()
    source = FeatureSource(replace(backbone.spec, **changed), "last:mean", 16, lambda: backbone)
    with pytest.raises(
        BackboneError, match=f"the {words} of module:tiny changed while .* run the same command"
    ):
        _ = source.backbone


def test_the_name_may_be_another_one():
    """A bare name and its full form are the same network."""
    backbone = tiny_backbone()
    source = FeatureSource(replace(backbone.spec, name="another"), "last:mean", 16, lambda: backbone)
    assert source.backbone is backbone


def test_a_layer_that_is_not_there_is_refused_at_once():
    with pytest.raises(BackboneError, match="no layer is called"):
        FeatureSource.of(tiny_backbone(), "nothing")


def test_code_is_named_by_its_release_or_by_what_it_computes():
    assert FeatureSource.of(load_backbone("pocket")).network.endswith("code 1")
    assert " row " in FeatureSource.of(tiny_backbone()).network
    assert "torchvision:squeezenet1_1 {}" in FeatureSource.of(load_backbone("squeezenet1_1@random")).network


@pytest.mark.parametrize("framework", ["keras", "keras_model"])
def test_a_network_of_keras_is_named_by_its_releases_without_being_built(framework):
    def never():
        raise AssertionError("it was built")

    spec = replace(tiny_backbone().spec, framework=framework, options={"config": "x"})

    assert FeatureSource(spec, "last:mean", 16, never).network.endswith(f'{{"config": "x"}} {keras_code()}')
