"""The lesson's way in TensorFlow and ours: the same photos, classes, features and trained answers."""

import keras
import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from headstart.backbones.keras.own import keras_backbone
from headstart.tasks.embed import embed
from headstart.testing import fake_photo
from tests.backbones.keras.nets import filled

SIDE, EACH = 128, 6


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two classes; lossless and of the network's own size, so that both decode and resize to the same."""
    folder = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("cat", "dog")):
        (folder / name).mkdir()
        for number in range(EACH):
            Image.fromarray(fake_photo(label, number, side=SIDE)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def lesson(photos):
    """As the lesson has it: a data set from the folder, a frozen network, its pooled features."""
    data = keras.utils.image_dataset_from_directory(
        photos, image_size=(SIDE, SIDE), crop_to_aspect_ratio=True, shuffle=False, verbose=False
    )
    network = filled(keras.applications.MobileNet(input_shape=(SIDE, SIDE, 3), alpha=0.25, weights=None))
    pooled = keras.Model(network.inputs, network.get_layer("global_average_pooling2d").output)
    batches = [(np.asarray(images), np.asarray(labels)) for images, labels in data]
    rows = np.concatenate(
        [
            pooled.predict(keras.applications.mobilenet.preprocess_input(images.copy()), verbose=0)
            for images, _ in batches
        ]
    ).reshape(2 * EACH, -1)
    return data, network, np.concatenate([labels for _, labels in batches]), batches[0][0], rows


@pytest.fixture(scope="module")
def backbone(lesson):
    return keras_backbone(lesson[1], mean=(0.5,) * 3, std=(0.5,) * 3)


def test_the_same_pixels_give_the_same_features(lesson, backbone):
    images, rows = lesson[3], lesson[4]
    pixels = torch.from_numpy(images / np.float32(255)).permute(0, 3, 1, 2)

    with torch.no_grad():
        found = backbone.features(pixels).numpy()

    assert np.abs(found - rows).max() <= 1e-5 * np.abs(rows).max()


@pytest.fixture(scope="module")
def embedded(photos, backbone, tmp_path_factory):
    place = tmp_path_factory.mktemp("home")
    embed(photos, backbone=backbone, home=place, output=place / "rows.npz")
    return np.load(place / "rows.npz")


def test_the_same_folder_gives_the_same_classes_order_and_features(photos, lesson, embedded):
    data, _, labels, _, rows = lesson

    assert [str(photos / path) for path in embedded["paths"]] == data.file_paths
    assert [data.class_names[label] for label in labels] == list(embedded["labels"])
    assert np.abs(embedded["features"] - rows).max() <= 1e-3 * np.abs(rows).max()  # kept rows are float16


def test_a_head_on_either_gives_the_same_answers(lesson, embedded):
    _, _, labels, _, rows = lesson

    theirs, ours = (
        LogisticRegression().fit(each, labels).predict_proba(each) for each in (rows, embedded["features"])
    )

    assert np.abs(theirs - ours).max() < 1e-3
    assert (theirs.argmax(1) == labels).all()
