"""A user's own Keras model, and a .keras file of it."""

import numpy as np
import pytest
import torch

from headstart.backbones.check import check_backbone
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.registry import frameworks, parse_name
from headstart.backbones.restore import restore_backbone
from headstart.errors import BackboneError, WeightsRefusedError
from tests.backbones.keras.nets import (
    SIDE,
    answers,
    keras,
    layers,
    needs_keras,
    nested,
    quiet,
    sequence,
    with_constant,
)

pytestmark = [needs_keras, quiet]
PIXELS = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
FROM_0_TO_255 = {"mean": (0, 0, 0), "std": (1 / 255,) * 3}


def plain(*last):
    parts = layers()
    return sequence(
        parts.Rescaling(1 / 255),
        parts.Conv2D(4, 3, activation="relu", name="eyes"),
        parts.GlobalAveragePooling2D(),
        *last,
    )


def probabilities(backbone):
    return torch.softmax(backbone.logits(PIXELS), 1).numpy()


@pytest.fixture(scope="module")
def guide():
    return nested()


@pytest.fixture(scope="module")
def backbone(guide):
    return keras_backbone(guide, name="mine", classes=("a", "b", "c"), licence="MIT")


def test_everything_stated_or_found_is_in_the_spec(backbone):
    spec = backbone.spec

    assert (spec.name, spec.framework, spec.tag) == ("keras_model:mine", "keras_model", "own")
    assert (spec.feature_layer, spec.feature_width) == ("add:mean", 4)
    assert (spec.classes, spec.licence) == (("a", "b", "c"), "MIT")
    assert spec.preprocessing.std == (1 / 255,) * 3
    assert (spec.preprocessing.resize.height, spec.preprocessing.resize.width) == (SIDE, SIDE)


def test_it_keeps_the_contract_of_backbones(backbone):
    check_backbone(backbone)


def test_it_gives_what_the_model_gives_with_its_softmax_left_out(guide, backbone):
    np.testing.assert_allclose(probabilities(backbone), answers(guide, PIXELS), atol=1e-6)


def test_a_constant_in_the_graph_has_channels_last_as_everything_in_it():
    model = with_constant()
    backbone = keras_backbone(model, classes=("a", "b"), **FROM_0_TO_255)

    np.testing.assert_allclose(backbone.logits(PIXELS).numpy(), answers(model, PIXELS), rtol=1e-4)


def test_layers_of_a_nested_model_have_their_way_there_in_their_names(backbone):
    names = {layer.name for layer in backbone.layers()}

    assert {"base.block1_conv1", "base.bn", "turned.random_flip", "beside"} <= names
    assert backbone.features(PIXELS, "base.block1_conv1:mean").shape == (2, 4)


def test_the_users_model_stays_as_it_is(guide, backbone):
    before = guide.get_weights()
    with torch.no_grad():
        for parameter in backbone.module.parameters():
            parameter.zero_()
    try:
        assert all(np.array_equal(*pair) for pair in zip(before, guide.get_weights(), strict=True))
        assert not guide.get_layer("base").trainable
        assert guide.get_layer("answer").activation.__name__ == "softmax"
    finally:
        restored = keras_backbone(guide, name="mine").module.state_dict()
        backbone.module.load_state_dict(restored)


def test_it_is_built_again_from_its_spec_and_weights_alone(backbone):
    again = restore_backbone(backbone.spec, backbone.weights())

    assert torch.equal(again.logits(PIXELS), backbone.logits(PIXELS))
    assert again.spec == backbone.spec


def test_a_file_gives_the_same_backbone_by_its_path(guide, backbone, tmp_path):
    guide.save(tmp_path / "pets.keras")

    read = load_backbone(str(tmp_path / "pets.keras"))

    assert read.spec.weights_digest == backbone.spec.weights_digest
    assert read.spec.options == backbone.spec.options
    assert (read.spec.name, read.spec.source) == ("keras_model:pets", "pets.keras")
    assert read.spec.classes == ("class 0", "class 1", "class 2")


def test_no_list_of_networks_names_it():
    assert "keras_model" not in frameworks()
    with pytest.raises(BackboneError, match=r"keras_model:x|'x' is a Keras model of your own"):
        parse_name("keras_model:x")
    with pytest.raises(BackboneError, match=r"there is no file 'nope\.keras'"):
        parse_name("nope.keras")


def test_one_number_through_a_sigmoid_becomes_two_logits():
    model = plain(layers().Dense(1, activation="sigmoid"))
    backbone = keras_backbone(model, classes=("no", "yes"))

    np.testing.assert_allclose(probabilities(backbone)[:, 1:], answers(model, PIXELS), atol=1e-6)


@pytest.mark.parametrize("kind", ["layer", "activation", "operation"])
def test_a_softmax_of_its_own_is_left_out(kind):
    parts = layers()
    end = {"layer": parts.Softmax(), "activation": parts.Activation("softmax"), "operation": None}[kind]
    model = plain(parts.Dense(2), *([] if end is None else [end]))
    whole = keras.Model(model.inputs, keras.ops.softmax(model.outputs[0])) if end is None else model

    backbone = keras_backbone(whole, classes=("a", "b"))

    np.testing.assert_allclose(probabilities(backbone), answers(whole, PIXELS), atol=1e-6)


def test_probabilities_that_can_not_be_undone_are_refused_as_logits():
    model = plain(layers().Dense(2, activation="softmax"))
    scaled = keras.Model(model.inputs, model.outputs[0] * 1.0)

    with pytest.raises(BackboneError, match="still gives probabilities"):
        keras_backbone(scaled, classes=("a", "b"))
    assert keras_backbone(scaled).spec.classes == ()


def test_a_normalization_layer_keeps_what_it_was_adapted_to(tmp_path):
    parts = layers()
    adapted = parts.Normalization()
    adapted.adapt(np.random.default_rng(0).uniform(0, 255, (8, SIDE, SIDE, 3)).astype(np.float32))
    model = sequence(parts.Rescaling(1.0), parts.Conv2D(4, 3), parts.GlobalAveragePooling2D(), parts.Dense(2))
    inputs = keras.Input((SIDE, SIDE, 3))
    whole = keras.Model(inputs, model(adapted(inputs)), name="adapted")
    whole.save(tmp_path / "adapted.keras")

    for given in (whole, tmp_path / "adapted.keras"):
        backbone = keras_backbone(given, classes=("a", "b"))
        again = restore_backbone(backbone.spec, backbone.weights())

        np.testing.assert_allclose(again.logits(PIXELS).numpy(), answers(whole, PIXELS), atol=1e-5)


def test_half_precision_computes_in_float32():
    parts, half = layers(), {"dtype": "mixed_float16"}
    model = sequence(
        parts.Rescaling(1 / 255, **half),
        parts.Conv2D(4, 3, **half),
        parts.GlobalAveragePooling2D(**half),
        parts.Dense(2),
    )

    features = keras_backbone(model).features(PIXELS)

    assert features.dtype == torch.float32
    assert not torch.equal(features, features.half().float())


def doubled():
    """A layer of the user's own."""

    class Doubled(keras.layers.Layer):
        def call(self, value):
            return 2 * value

    return Doubled()


def test_layers_of_the_users_own_work_and_have_to_be_given_again(tmp_path):
    model = plain(doubled(), layers().Dense(2, activation="softmax"))
    backbone = keras_backbone(model, classes=("a", "b"))

    assert backbone.spec.framework == "module"
    np.testing.assert_allclose(probabilities(backbone), answers(model, PIXELS), atol=1e-6)
    with pytest.raises(BackboneError, match="a network of your own"):
        restore_backbone(backbone.spec, backbone.weights())


def inside():
    """A model whose graph nobody can see."""

    class Inside(keras.Model):
        def __init__(self):
            super().__init__(name="inside")
            self.conv, self.pool = keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()

        def call(self, value):
            return self.pool(self.conv(value))

    return Inside()


def test_a_model_of_the_users_own_class_works_inside_a_graph():
    inputs = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(inputs, inside()(inputs))

    backbone = keras_backbone(model, feature_layer="output", **FROM_0_TO_255)

    np.testing.assert_allclose(backbone.features(PIXELS).numpy(), answers(model, PIXELS), rtol=1e-4)


def unusual():
    parts, inputs = layers(), keras.Input((SIDE, SIDE, 3))
    other = keras.Input((SIDE, SIDE, 3))
    flat = parts.Flatten()(inputs)
    return {
        "no Keras model": (torch.nn.Identity(), "expected a keras.Model"),
        "two inputs": (keras.Model([inputs, other], parts.Add()([inputs, other])), "has 2 inputs"),
        "two outputs": (keras.Model(inputs, [flat, flat + 1]), "has 2 outputs"),
        "own class": (inside(), "a model of your own class"),
        "no input": (keras.Sequential([parts.Dense(2)]), "put keras.Input"),
        "grey": (keras.Sequential([keras.Input((SIDE, SIDE, 1)), parts.Conv2D(2, 3)]), "expected photos"),
        "any size": (
            keras.Sequential([keras.Input((None, None, 3)), parts.Rescaling(1 / 255), parts.Conv2D(2, 3)]),
            "any size",
        ),
        "channels first": (
            keras.Sequential(
                [keras.Input((3, SIDE, SIDE)), parts.Conv2D(2, 3, data_format="channels_first")]
            ),
            "channels first",
        ),
        "which pixels": (sequence(parts.Conv2D(4, 3)), "does not say which pixels"),
        "either": (sequence(parts.Rescaling(1.0), parts.Conv2D(4, 3)), "does not say which pixels"),
    }


def test_what_can_not_be_a_backbone_is_refused_with_the_reason():
    for model, reason in unusual().values():
        with pytest.raises(BackboneError, match=reason):
            keras_backbone(model)


def test_what_is_not_finite_is_refused():
    model = plain(layers().Dense(2))
    model.get_layer("eyes").bias.assign(np.full(4, np.nan))

    with pytest.raises(BackboneError, match="not finite"):
        keras_backbone(model)


def test_blue_first_is_turned_before_the_model():
    model = sequence(layers().Conv2D(3, 1, name="eyes"))
    usual, turned = (keras_backbone(model, bgr=bgr, **FROM_0_TO_255) for bgr in (False, True))

    torch.testing.assert_close(turned.features(PIXELS), usual.features(PIXELS.flip(1)))
    again = restore_backbone(turned.spec, turned.weights())
    assert torch.equal(again.features(PIXELS), turned.features(PIXELS))


def test_other_weights_than_the_config_describes_are_refused(backbone):
    other = keras_backbone(nested(units=2), name="other")

    with pytest.raises((WeightsRefusedError, BackboneError), match=r"SHA-256|numbers"):
        restore_backbone(backbone.spec, other.weights())
