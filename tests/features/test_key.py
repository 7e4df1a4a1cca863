from dataclasses import replace

import pytest

from headstart.backbones.spec import Preprocessing
from headstart.features.key import FeatureSpace
from headstart.images.resize import Resize

RESIZE = Resize(224, 224, 256, "bilinear", "crop")
PREPROCESSING = Preprocessing(RESIZE, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
SPACE = FeatureSpace(
    backbone="timm:net@tag",
    options=(("pad_type", "same"),),
    weights_digest="ab" * 32,
    preprocessing=PREPROCESSING,
    decode_recipe="1+pillow13",
    layer="features:mean",
    engine=(("cpu", "x"), ("engine", "torch"), ("threads", "2")),
)

CHANGES = {
    "backbone": {"backbone": "timm:net@other"},
    "options value": {"options": (("pad_type", ""),)},
    "options": {"options": ()},
    "weights_digest": {"weights_digest": "ac" * 32},
    "decode_recipe": {"decode_recipe": "1+pillow14"},
    "layer": {"layer": "features"},
    "engine value": {"engine": (("cpu", "y"), ("engine", "torch"), ("threads", "2"))},
    "engine fewer": {"engine": (("cpu", "x"), ("engine", "torch"))},
    "row_format": {"row_format": 2},
    **{
        f"preprocessing {name}": {"preprocessing": replace(PREPROCESSING, **{name: value})}
        for name, value in {"mean": (0.1, 0.2, 0.31), "std": (0.4, 0.5, 0.61)}.items()
    },
    **{
        f"resize {name}": {"preprocessing": replace(PREPROCESSING, resize=replace(RESIZE, **{name: value}))}
        for name, value in {
            "height": 225,
            "width": 225,
            "short_side": 257,
            "interpolation": "bicubic",
            "mode": "squash",
        }.items()
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_changes_the_digest(change):
    assert replace(SPACE, **CHANGES[change]).digest() != SPACE.digest()


def test_every_field_is_covered_by_the_test_above():
    named = {name for change in CHANGES.values() for name in change}
    assert named == set(FeatureSpace.__dataclass_fields__)


def test_the_digest_is_the_same_in_every_process():
    # Written down: a change here makes every user compute all features again. Raise ROW_FORMAT instead.
    assert SPACE.digest() == "5141bdbcfa998366f05481156a862c389170154f0c2c7511afed6f358241fd09"


def test_the_order_of_options_and_engine_facts_means_nothing(fakes):
    spec = replace(fakes.SPEC, options={"b": 1, "a": 2})
    turned = replace(fakes.SPEC, options={"a": 2, "b": 1})
    first = FeatureSpace.of(spec, engine={"x": "1", "y": "2"}, decode_recipe="1")
    second = FeatureSpace.of(turned, engine={"y": "2", "x": "1"}, decode_recipe="1")
    assert first.digest() == second.digest()


def test_the_default_layer_is_the_same_space_as_its_name(fakes):
    facts = {"engine": {"engine": "fake"}, "decode_recipe": "1"}
    assert FeatureSpace.of(fakes.SPEC, **facts) == FeatureSpace.of(fakes.SPEC, layer="map", **facts)


def test_the_description_names_the_backbone_and_every_field():
    described = SPACE.description()
    assert described["backbone"] == "timm:net@tag"
    assert described["options"] == {"pad_type": "same"}
    assert described["preprocessing"]["resize"]["short_side"] == 256
