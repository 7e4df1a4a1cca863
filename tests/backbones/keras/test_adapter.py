"""Which layer stands for a photo, and how large a network may become."""

import pytest

from headstart.backbones.keras.adapter import ADAPTER, construct
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.keras.runtime import usual_settings
from headstart.backbones.load import load_backbone
from headstart.backbones.state import state_tensors
from headstart.errors import BackboneError
from tests.backbones.keras.nets import SIDE, layers, needs_keras, quiet, sequence

pytestmark = [needs_keras, quiet]

LAYERS = {
    "MobileNetV2": "out_relu",
    "VGG16": "block5_pool",
    "ResNet50": "conv5_block3_out",
    "MobileNet": "conv_pw_13_relu",
    "EfficientNetB0": "top_activation",
    "ConvNeXtTiny": "add_17",
    "MobileNetV3Small": "activation_17",
    "DenseNet121": "relu",
    "InceptionV3": "mixed10",
    "Xception": "block14_sepconv2_act",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_the_last_map_stands_for_a_photo(name):
    assert load_backbone(f"keras:{name}@random").spec.feature_layer == f"{LAYERS[name]}:mean"


def chosen(*parts):
    return keras_backbone(sequence(layers().Rescaling(1 / 255), *parts)).spec.feature_layer


def test_a_map_that_nothing_has_learned_is_none():
    parts = layers()
    layer = chosen(parts.Flatten(), parts.Dense(8, name="hidden"), parts.Dense(2, name="answer"))

    assert layer == "answer:in"


def test_a_map_stands_for_a_photo_where_only_rows_follow():
    parts = layers()
    flat = (parts.Flatten(), parts.Dense(8), parts.Dense(2, activation="softmax"))

    assert chosen(parts.Conv2D(4, 3, name="eyes"), parts.MaxPooling2D(name="pool"), *flat) == "pool:mean"


def test_patches_that_attention_works_on_are_no_features():
    with usual_settings() as keras:
        part, inputs = keras.layers, keras.Input((SIDE, SIDE, 3))
        patches = part.Conv2D(8, 4, strides=4, name="patches")(part.Rescaling(1 / 255)(inputs))
        tokens = part.Reshape((16, 8))(patches)
        seen = part.Add()([tokens, part.MultiHeadAttention(2, 4)(tokens, tokens)])
        rows = part.GlobalAveragePooling1D(name="rows")(part.LayerNormalization()(seen))
        model = keras.Model(inputs, part.Dense(2, activation="softmax", name="answer")(rows))

    assert keras_backbone(model).spec.feature_layer == "answer:in"


def test_layers_are_shown_as_what_they_are_in_keras():
    model = sequence(layers().Rescaling(1 / 255), layers().Conv2D(4, 3, name="eyes"))
    kinds = {layer.name: layer.kind for layer in keras_backbone(model).layers()}

    assert kinds["eyes"] == "Conv2D"


def test_a_network_that_is_far_too_large_is_never_allocated():
    for options in ({"alpha": 30.0}, {"classes": 10_000_000}):
        with pytest.raises(BackboneError, match="networks of at most 2,000,000,000 are built"):
            construct("MobileNet", options)


def test_a_larger_network_than_its_weights_is_never_allocated():
    small = ADAPTER.build("MobileNet", tag="random", options={"alpha": 0.25}, tensors=None)

    with pytest.raises(BackboneError, match=r"has [\d,]+ numbers, and the weights for it are 475,544"):
        ADAPTER.build("MobileNet", tag="mine", options={"alpha": 8.0}, tensors=state_tensors(small.module))
