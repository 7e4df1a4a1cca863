"""Small Keras models as users write them."""

import numpy as np
import pytest

from headstart.backbones.keras.runtime import has_keras, usual_settings
from headstart.backbones.keras.runtime import keras as loaded

SIDE = 16


class Lazy:
    """Keras, loaded by the first test that needs it: collecting tests must not take seconds."""

    def __getattr__(self, name):
        return getattr(loaded(), name)


keras = Lazy()
needs_keras = pytest.mark.skipif(not has_keras(), reason="Keras is not installed")
# Keras's own way from torch to numpy: nothing of ours.
quiet = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def layers():
    with usual_settings() as keras:
        return keras.layers


def sequence(*parts, side=SIDE, name="mine"):
    with usual_settings() as keras:
        return filled(keras.Sequential([keras.Input((side, side, 3)), *parts], name=name))


def nested(last="softmax", units=3):
    """What the transfer-learning guide builds: augmentation, operations, a frozen base, a classifier."""
    with usual_settings() as keras:
        parts = keras.layers
        base = keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                parts.Conv2D(4, 3, activation="relu", name="block1_conv1"),
                parts.BatchNormalization(name="bn"),
            ],
            name="base",
        )
        base.trainable = False
        inputs = keras.Input((SIDE, SIDE, 3))
        turned = keras.Sequential([parts.RandomFlip(), parts.RandomRotation(0.1)], name="turned")(inputs)
        scaled = keras.applications.mobilenet_v2.preprocess_input(turned)
        maps = base(keras.ops.clip(scaled, -1, 1), training=False)
        maps = maps + 2.0 * parts.Conv2D(4, 1, name="beside")(maps)
        rows = parts.Dropout(0.5)(parts.GlobalAveragePooling2D()(maps))
        model = keras.Model(inputs, parts.Dense(units, activation=last, name="answer")(rows), name="nested")
    return filled(model)


def filled(model):
    """Weights that are all different, and above zero where they are variances."""
    random = np.random.default_rng(0)
    for layer in model._flatten_layers(include_self=False):
        for each in layer.weights if not getattr(layer, "_layers", ()) else ():
            each.assign(0.05 + np.abs(random.normal(scale=0.5, size=each.shape)))
            if each.path.endswith("kernel"):
                each.assign(random.normal(scale=0.5, size=each.shape))
    return model


def answers(model, pixels):
    """What Keras itself gives for pixels (n, 3, h, w) in [0, 1]."""
    return model.predict(255 * pixels.permute(0, 2, 3, 1).numpy(), verbose=0)


def tiny_keras_backbone(classes):
    """As `headstart.testing.tiny_backbone`, in Keras: photos of 32 x 32, random weights."""
    from headstart.backbones.keras.adapter import draw_weights
    from headstart.backbones.keras.own import keras_backbone
    from headstart.backbones.state import seeded

    part = layers()
    with usual_settings() as keras:
        model = keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                part.Conv2D(8, 3, strides=2, activation="relu", name="first"),
                part.Conv2D(16, 3, strides=2, activation="relu", name="last"),
                part.GlobalAveragePooling2D(name="pool"),
                part.Dense(len(classes), name="classifier"),
            ],
            name="tiny",
        )
    backbone = keras_backbone(model, mean=(0.5,) * 3, std=(0.25,) * 3, classes=classes)
    with seeded():
        draw_weights(backbone.module)
    return backbone


def with_constant():
    """A graph with a constant of four axes, which has channels last as everything in it."""
    with usual_settings() as keras:
        inputs = keras.Input((SIDE, SIDE, 3))
        weight = keras.ops.reshape(keras.ops.arange(12, dtype="float32"), (1, 1, 1, 12))
        maps = keras.layers.Conv2D(12, 3, name="maps")(inputs) * weight
        rows = keras.layers.GlobalAveragePooling2D()(maps)
        model = keras.Model(inputs, keras.layers.Dense(2, name="answer")(rows), name="constant")
    return filled(model)
