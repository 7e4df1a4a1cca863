"""A trained model as one plain Keras model."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from headstart import load_model
from headstart import train as train_with
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.load import load_backbone
from headstart.errors import ModelError
from headstart.testing import tiny_backbone, write_photos
from tests.backbones.keras.nets import SIDE, needs_keras, nested, quiet

pytestmark = [needs_keras, quiet]
PHOTOS = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder, ("cat", "dog"), each=6)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def backbone():
    return keras_backbone(nested(), name="mine")


@pytest.fixture(scope="module")
def model(photos, home, backbone):
    return train(photos, backbone=backbone, home=home)


def train(*args, **kwargs):
    return train_with(*args, engine="torch", **kwargs)


def pixels():
    return torch.from_numpy(PHOTOS).permute(0, 3, 1, 2).float() / 255


def by_torch(model):
    with torch.no_grad():
        return model.to_torch()(pixels()).numpy()


def test_it_gives_the_same_probabilities(model):
    found = model.to_keras().predict(PHOTOS, verbose=0)

    np.testing.assert_allclose(found, by_torch(model), atol=1e-5)
    answers = model.predict_rows(model.backbone().features(pixels(), model.layer).numpy())
    rounded = [[each.probabilities[name] for name in model.classes] for each in answers]
    np.testing.assert_allclose(found, rounded, atol=1e-3)


def test_its_parts_have_plain_names_and_only_the_head_is_trained(model):
    made = model.to_keras()

    assert [layer.name for layer in made.layers] == ["photos", "backbone", "features", "head"]
    assert {each.path.split("/")[0] for each in made.trainable_weights} == {"head"}
    assert made.input_shape == (None, SIDE, SIDE, 3)


@pytest.mark.parametrize("layer", ["base.block1_conv1", "base:in:mean", "answer:in"])
def test_any_layer_can_give_the_rows(layer, photos, home, backbone):
    model = train(photos, backbone=backbone, layer=layer, home=home)

    np.testing.assert_allclose(model.to_keras().predict(PHOTOS, verbose=0), by_torch(model), atol=1e-5)


@pytest.mark.slow
def test_blue_first_and_the_frameworks_own_scale_are_inside(photos, home):
    turned = keras_backbone(
        nested(), name="turned", bgr=True, mean=(0.4, 0.5, 0.6), std=(1 / 255, 0.01, 0.02)
    )
    model = train(photos, backbone=turned, home=home)

    np.testing.assert_allclose(model.to_keras().predict(PHOTOS, verbose=0), by_torch(model), atol=1e-5)


@pytest.mark.slow
def test_prototypes_are_carried_over_and_neighbours_refused(photos, home, backbone):
    prototypes = train(photos, backbone=backbone, head="prototypes", home=home)
    neighbours = train(photos, backbone=backbone, head="neighbours", home=home)

    found = prototypes.to_keras().predict(PHOTOS, verbose=0)
    np.testing.assert_allclose(found, by_torch(prototypes), atol=1e-4)
    with pytest.raises(ModelError, match="a neighbours head has no layers in Keras"):
        neighbours.to_keras()


def test_other_networks_are_refused_with_what_to_do_instead(photos, home):
    model = train(photos, backbone=tiny_backbone(), home=home)

    with pytest.raises(ModelError, match=r"no network of Keras: .*headstart port.*to_torch"):
        model.to_keras()


def test_a_saved_model_needs_nothing_of_the_users_to_be_loaded(model, tmp_path):
    again = load_model(model.save(tmp_path / "pets"))

    assert again.backbone_spec == model.backbone_spec
    np.testing.assert_allclose(by_torch(again), by_torch(model), atol=1e-6)
    np.testing.assert_allclose(again.to_keras().predict(PHOTOS, verbose=0), by_torch(model), atol=1e-5)


def test_a_model_saved_without_weights_says_what_to_give(model, backbone, tmp_path):
    folder = model.save(tmp_path / "pets", weights=False)

    with pytest.raises(ModelError, match="without the weights of keras_model:mine"):
        load_model(folder).backbone()
    assert load_model(folder, backbone=backbone).backbone() is backbone


def test_a_config_that_was_changed_in_a_model_folder_is_refused(model):
    from dataclasses import replace

    from headstart.backbones.keras.packed import pack, unpack
    from headstart.backbones.restore import restore_backbone
    from headstart.errors import BackboneError

    spec = model.backbone_spec
    harmful = unpack(str(spec.options["config"])).replace('"Conv2D"', '"Lambda"', 1)
    changed = replace(spec, options={"config": pack(harmful), "bgr": False})

    with pytest.raises(BackboneError, match="holds Lambda"):
        restore_backbone(changed, model.backbone().weights())


PLAIN_KERAS = """
    import sys
    sys.modules["headstart"] = None  # whoever imports it fails
    import keras, numpy as np
    model = keras.saving.load_model(sys.argv[1], safe_mode=True)
    photos = np.load(sys.argv[2])
    np.save(sys.argv[3], model.predict(photos, verbose=0))
    model.compile("adam", "sparse_categorical_crossentropy")
    before = [each.copy() for each in model.get_layer("backbone").get_weights()]
    model.fit(photos.astype("float32"), np.array([0, 1, 0, 1]), verbose=0)
    assert all(np.array_equal(*each) for each in zip(before, model.get_layer("backbone").get_weights()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_plain_keras_loads_it_and_trains_it_on(backend, model, tmp_path):
    if backend == "tensorflow":
        pytest.importorskip("tensorflow")
    model.to_keras().save(tmp_path / "pets.keras")
    np.save(tmp_path / "photos.npy", PHOTOS)
    files = [str(tmp_path / name) for name in ("pets.keras", "photos.npy", "found.npy")]

    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PLAIN_KERAS), *files],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )

    np.testing.assert_allclose(np.load(files[2]), by_torch(model), atol=1e-5)


@pytest.mark.slow
def test_networks_of_keras_applications_are_carried_over(photos, home):
    network = load_backbone("keras:MobileNetV2@random", options={"alpha": 0.35})
    model = train(photos, backbone=network, home=home)
    side = model.backbone_spec.preprocessing.resize.height
    noise = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    expected = model.to_torch()(torch.from_numpy(noise).permute(0, 3, 1, 2).float() / 255).detach().numpy()

    np.testing.assert_allclose(model.to_keras().predict(noise, verbose=0), expected, atol=1e-5)


@pytest.mark.slow
def test_tuned_weights_are_those_of_the_keras_model(photos, home, backbone, tmp_path):
    from headstart.finetune.parts import WHOLE, find_part
    from headstart.finetune.tuned import Tuned

    tuned = Tuned(backbone, find_part(backbone, WHOLE), classes=2)
    with torch.no_grad():
        for parameter in tuned.body.parameters():
            parameter.add_(0.01)
    made = tuned.backbone(backbone)
    model = train(photos, backbone=made, home=home)

    again = load_model(model.save(tmp_path / "tuned"))

    assert again.backbone_spec.tag.startswith("tuned-")
    np.testing.assert_allclose(again.to_keras().predict(PHOTOS, verbose=0), by_torch(model), atol=1e-5)
