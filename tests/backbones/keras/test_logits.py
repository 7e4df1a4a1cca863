"""Models that end in a sigmoid, and what is left of a user's own layers afterwards."""

import numpy as np
import pytest
import torch

from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.keras.runtime import usual_settings
from headstart.errors import BackboneError
from tests.backbones.keras.nets import SIDE, answers, filled, layers, needs_keras, quiet, sequence

pytestmark = [needs_keras, quiet]
PIXELS = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def plain(*last):
    parts = layers()
    return sequence(
        parts.Rescaling(1 / 255), parts.Conv2D(4, 3), parts.GlobalAveragePooling2D(), *last, name="plain"
    )


def test_a_sigmoid_of_its_own_after_one_number_becomes_two_logits():
    model = plain(layers().Dense(1), layers().Activation("sigmoid"))

    backbone = keras_backbone(model, classes=("no", "yes"))

    found = torch.softmax(backbone.logits(PIXELS), 1).numpy()
    np.testing.assert_allclose(found[:, 1:], answers(model, PIXELS), atol=1e-6)
    assert len(keras_backbone(model).spec.classes) == 2


def test_a_sigmoid_after_what_is_not_linear_is_no_logit():
    model = plain(layers().Dense(1, activation="relu"), layers().Activation("sigmoid"))

    assert keras_backbone(model).spec.classes == ()


def test_several_answers_at_once_are_refused_as_classes():
    fused = plain(layers().Dense(3, activation="sigmoid"))
    apart = plain(layers().Dense(3), layers().Activation("sigmoid"))

    for model in (fused, apart):
        with pytest.raises(BackboneError, match="ends in a sigmoid for each of its outputs"):
            keras_backbone(model, classes=("a", "b", "c"))
    assert keras_backbone(fused).spec.feature_width == 4
    assert keras_backbone(fused).spec.classes == ()


def test_a_model_with_code_of_its_own_is_left_as_it_is():
    with usual_settings() as keras:
        inputs = keras.Input((SIDE, SIDE, 3))
        twice = keras.layers.Lambda(lambda value: 2 * value)(keras.layers.Rescaling(1 / 255)(inputs))
        rows = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(twice))
        model = filled(keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(rows)))
    before = [len(each._outbound_nodes) for each in model.layers]

    backbone = keras_backbone(model, classes=("a", "b"))

    assert [len(each._outbound_nodes) for each in model.layers] == before
    found = torch.softmax(backbone.logits(PIXELS), 1).numpy()
    np.testing.assert_allclose(found, answers(model, PIXELS), atol=1e-6)
