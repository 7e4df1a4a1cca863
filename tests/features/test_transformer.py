"""Photos in scikit-learn, with a real (random) network, real JPEGs and the real decoder."""

import random

import numpy as np
import pytest
from PIL import Image

from headstart.backbones.load import load_backbone
from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.features.extract import extract
from headstart.features.store import FeatureStore
from headstart.features.transformer import PhotoFeatures
from headstart.images.photo import Photo

NAME = "squeezenet1_1@random"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Nine dark and nine bright pictures, as paths."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for number in range(18):
        low = 160 if number % 2 else 0
        noise = generator.integers(low, low + 90, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((120, 90)).save(folder / f"{number:02}.jpg")
    return sorted(map(str, folder.iterdir()))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def labels():
    return ["bright" if number % 2 else "dark" for number in range(18)]


@pytest.mark.slow
def test_paths_become_rows_in_their_order(files, home):
    features = PhotoFeatures(NAME, home=home)
    rows = features.fit_transform(files)
    assert rows.shape == (18, 512)
    assert rows.dtype == np.float32
    assert np.array_equal(features.transform(files[::-1]), rows[::-1])
    assert np.array_equal(features.transform(np.array(files)), rows)
    assert list(features.get_feature_names_out()[:2]) == ["photofeatures0", "photofeatures1"]
    assert features.n_features_out_ == len(features.get_feature_names_out()) == 512


@pytest.mark.slow
def test_without_a_name_it_takes_the_network_that_comes_with_headstart(files, home):
    rows = PhotoFeatures(home=home).fit_transform(files)

    assert rows.shape == (18, load_backbone("pocket").spec.feature_width)


@pytest.mark.slow
def test_a_pipeline_and_a_grid_search_learn_from_photos(files, labels, home):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = make_pipeline(PhotoFeatures(NAME, home=home), StandardScaler(), LogisticRegression())
    search = GridSearchCV(steps, {"photofeatures__layer": [None, "features.3:mean"]}, cv=3)
    search.fit(files, labels)
    assert search.best_score_ == 1.0
    assert search.predict(files[:2]).tolist() == ["dark", "bright"]


@pytest.mark.slow
def test_a_photo_that_can_not_be_used_is_named(files, home, tmp_path):
    bad = tmp_path / "notes.jpg"
    bad.write_text("no photo at all, just some text")
    with pytest.raises(PhotosError, match=r"2 of 4 photos .*missing\.jpg .*notes\.jpg"):
        PhotoFeatures(NAME, home=home).transform(
            [files[0], str(tmp_path / "missing.jpg"), str(bad), files[1]]
        )


@pytest.mark.parametrize("wrong", ["photo.jpg", [1, 2], np.zeros((2, 3)), [["a.jpg"]]])
def test_what_is_no_list_of_paths_is_refused(home, wrong):
    with pytest.raises(UsageError, match="list of paths"):
        PhotoFeatures(NAME, home=home).fit(wrong)


def test_a_wrong_name_stops_at_fit(files, home):
    with pytest.raises(BackboneError):
        PhotoFeatures("squeezenet1_2@random", home=home).fit(files)


@pytest.mark.slow
def test_a_backbone_of_ones_own(files, home):
    backbone = load_backbone(NAME)
    assert np.array_equal(
        PhotoFeatures(backbone, home=home).transform(files[:3]),
        PhotoFeatures(NAME, home=home).transform(files[:3]),
    )


@pytest.mark.slow
def test_rows_do_not_depend_on_what_was_computed_beside_them(files):
    backbone = load_backbone(NAME)
    photos = [Photo(path, path) for path in files]
    with FeatureStore(None) as store:
        together = extract(photos, backbone, store=store)
    order = random.Random(1).sample(range(18), 18)
    with FeatureStore(None) as store:
        extract([photos[number] for number in order[:5]], backbone, store=store)
        apart = extract([photos[number] for number in order], backbone, store=store)
    assert (apart.computed, apart.reused) == (13, 5)
    assert apart.rows.tobytes() == together.rows[order].tobytes()


def test_another_layer_has_its_own_width(files):
    backbone = load_backbone(NAME)
    with FeatureStore(None) as store:
        table = extract([Photo(files[0], "a")], backbone, store=store, layer="features.3:mean")
    assert table.rows.shape == (1, backbone.width("features.3:mean"))
    assert table.space.layer == "features.3:mean"
