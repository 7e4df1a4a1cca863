"""Which pixels a model takes, by the layers that it begins with."""

import pytest

from headstart.backbones.keras.runtime import usual_settings
from headstart.backbones.keras.scale import largest_pixel
from tests.backbones.keras.nets import SIDE, layers, needs_keras, nested, sequence

pytestmark = needs_keras
MEAN, VARIANCE = [0.485, 0.456, 0.406], [0.0524, 0.0502, 0.0506]


@pytest.mark.parametrize(
    ("begins", "white"),
    [
        (lambda parts: [parts.Rescaling(1 / 255)], 255.0),
        (lambda parts: [parts.Rescaling(1 / 127.5, -1)], 255.0),
        (lambda parts: [parts.Rescaling(2.0, -1.0)], 1.0),
        (lambda parts: [parts.Normalization(mean=MEAN, variance=VARIANCE)], 1.0),
        (lambda parts: [parts.RandomFlip(), parts.Rescaling(1 / 255), parts.Dropout(0.5)], 255.0),
        (lambda parts: [parts.Rescaling(1.0)], None),
        (lambda parts: [parts.Rescaling(1e-6)], None),
        (lambda parts: [], None),
    ],
)  # fmt: skip
def test_the_first_layers_decide(begins, white):
    parts = layers()

    assert largest_pixel(sequence(*begins(parts), parts.Conv2D(2, 3))) == white


def test_operations_and_nested_augmentation_count_too():
    assert largest_pixel(nested()) == 255.0


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_what_preprocess_input_leaves_in_a_graph_is_understood(mode):
    with usual_settings() as keras:
        from keras.src.applications.imagenet_utils import preprocess_input

        inputs = keras.Input((SIDE, SIDE, 3))
        turned = keras.layers.RandomFlip()(inputs)
        maps = keras.layers.Conv2D(2, 3)(preprocess_input(turned, mode=mode))
        model = keras.Model(inputs, maps)

    assert largest_pixel(model) == 255.0


def test_a_photo_that_also_goes_around_the_scaling_says_nothing():
    with usual_settings() as keras:
        inputs = keras.Input((SIDE, SIDE, 3))
        scaled = keras.layers.Conv2D(2, 3)(keras.layers.Rescaling(1 / 255)(inputs))
        model = keras.Model(inputs, keras.layers.Add()([scaled, keras.layers.Conv2D(2, 3)(inputs)]))

    assert largest_pixel(model) is None
