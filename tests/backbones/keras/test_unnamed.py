"""Weights without a name: Keras counts them, so their names must not hang on what was built before."""

import pytest
import torch

import headstart
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.keras.runtime import usual_settings
from headstart.backbones.restore import restore_backbone
from headstart.testing import write_photos
from tests.backbones.keras.nets import SIDE, answers, filled, needs_keras, quiet

pytestmark = [needs_keras, quiet]
PIXELS = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def scaled():
    """With ConvNeXt's LayerScale, as a user has it who built other things before."""
    with usual_settings() as keras:
        from keras.src.applications.convnext import LayerScale

        LayerScale(1.0, 2).build((None, 2))
        inputs = keras.Input((SIDE, SIDE, 3))
        maps = keras.layers.Conv2D(4, 3, name="eyes")(keras.layers.Rescaling(1 / 255)(inputs))
        maps = LayerScale(0.5, 4, name="one")(maps)
        maps = LayerScale(0.5, 4, name="two")(maps)
        rows = keras.layers.GlobalAveragePooling2D()(maps)
        return filled(keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="answer")(rows)))


@pytest.fixture(scope="module")
def model():
    return scaled()


def test_they_are_called_as_their_layer_calls_them(model):
    names = list(keras_backbone(model).module.state_dict())

    assert names[:4] == ["eyes.kernel", "eyes.bias", "one.gamma", "two.gamma"]


def test_such_a_model_is_read_from_its_file_and_built_again(model, tmp_path):
    model.save(tmp_path / "scaled.keras")
    backbone = keras_backbone(model)
    read = keras_backbone(tmp_path / "scaled.keras", classes=("a", "b"))
    again = restore_backbone(read.spec, read.weights())

    assert read.spec.weights_digest == backbone.spec.weights_digest
    assert torch.equal(again.logits(PIXELS), read.logits(PIXELS))
    torch.testing.assert_close(
        torch.softmax(read.logits(PIXELS), 1), torch.from_numpy(answers(model, PIXELS)), atol=1e-6, rtol=0
    )


@pytest.mark.slow
def test_what_is_trained_on_it_is_saved_and_goes_back_to_keras(model, tmp_path):
    photos = write_photos(tmp_path / "photos", each=4)
    home, folder = tmp_path / "home", tmp_path / "model"
    headstart.train(photos, backbone=keras_backbone(model), output=folder, home=home)

    loaded = headstart.load_model(folder, home=home)

    assert loaded.to_keras().output_shape == (None, 2)


@pytest.mark.slow
def test_a_file_of_convnext_is_read(tmp_path):
    with usual_settings() as keras:
        base = keras.applications.ConvNeXtTiny(weights=None, include_top=False, input_shape=(32, 32, 3))
        base.save(tmp_path / "convnext.keras")

    assert keras_backbone(tmp_path / "convnext.keras").spec.feature_width == 768
