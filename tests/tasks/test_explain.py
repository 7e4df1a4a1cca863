"""`explain`: the map, its check, its verdict; and on real photos that the verdict can be believed."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.backbones.load import load_backbone
from headstart.backbones.weights import WeightsStore
from headstart.cli.run import run
from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.pixels.heatmaps.deletion import deletion
from headstart.pixels.heatmaps.gradcam import grad_cam
from headstart.pixels.network import of_backbone
from headstart.storage.home import Home
from headstart.tasks.explain import explain
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos

ASSETS = os.environ.get("HEADSTART_ASSETS")
needs_assets = pytest.mark.skipif(
    not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", each=8)
    return folder


@pytest.fixture
def photo(world):
    return world / "photos" / "red" / "0.jpg"


@pytest.fixture(scope="module")
def network():
    return of_backbone(tiny_backbone(classes=("cat", "dog", "elk")))


@pytest.mark.slow
@pytest.mark.parametrize("head", ["linear", "neighbours", "prototypes"])
def test_a_trained_model_is_explained_and_says_what_predict_says(world, photo, tmp_path, head):
    model = train(world / "photos", backbone=tiny_backbone(), head=head, home=world / "home")

    found = explain(model, photo, output=tmp_path / "why.png")

    [answer] = predict(model, photo, home=world / "home")
    assert found.label == answer.label == "red"
    assert found.probability == pytest.approx(answer.probabilities["red"], abs=1e-2)
    assert (found.method, found.heat.layer, found.check.method) == ("gradcam", "last", "occlusion")
    assert found.heat.values.shape == (32, 32)
    with Image.open(tmp_path / "why.png") as picture:
        picture.load()
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.slow
def test_another_class_and_another_method(photo, network):
    found = explain(network, photo, target="Dog", method="occlusion")

    facts = found.to_json()
    assert (facts["label"], facts["method"], facts["layer"]) == ("dog", "occlusion", None)
    assert facts["check"] == {"method": "gradcam", "layer": "last"}
    assert facts["predicted"] in network.classes


@pytest.mark.slow
def test_a_network_that_has_learned_nothing_is_said_to_mean_nothing(photo):
    found = explain("squeezenet1_1@random", photo)

    assert not found.meaningful
    assert found.verdict().startswith("Do not trust this map")


def test_same_photo_same_bytes(photo, network, tmp_path):
    for name in ("a.png", "b.png"):
        explain(network, photo, output=tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"target": "doge"}, UsageError, "close: 'dog'"),
        ({"layer": "lsat"}, BackboneError, "close: last"),
        ({"layer": "classifier"}, BackboneError, "no maps of the photo"),
        ({"layer": "last", "method": "occlusion"}, UsageError, "looks at no layer"),
        ({"method": "guess"}, UsageError, "gradcam or occlusion"),
        ({"output": "no/such/folder.png"}, UsageError, "does not exist"),
    ],
)
def test_wrong_wishes_are_refused(photo, network, options, error, words):
    with pytest.raises(error, match=words):
        explain(network, photo, **options)


def test_photos_that_can_not_be_used(world, network, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    with pytest.raises(PhotosError, match="not an image"):
        explain(network, tmp_path / "broken.jpg")
    with pytest.raises(UsageError, match="is a folder"):
        explain(network, world / "photos")


@pytest.mark.slow
def test_the_command_line(photo, tmp_path, capsys):
    home = ["--home", str(tmp_path)]

    assert run(["explain", "pocket", str(photo), "-o", str(tmp_path / "e.png"), "--json", *home]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {"label", "probability", "method", "layer", "deletion", "agreement"} <= set(facts)
    assert {"score", "random", "meaningful"} <= set(facts["deletion"])
    assert facts["layer"] == "top"

    for model, words in (("no-such", "neither a model folder"), (str(photo), "is a file")):
        assert run(["explain", model, str(photo), "-o", str(tmp_path / "x.png"), *home]) == 2
        said = capsys.readouterr().err.strip()
        assert words in said
        assert "\n" not in said
    assert not (tmp_path / "x.png").exists()


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("home"))
    WeightsStore(home).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    return of_backbone(load_backbone("torchvision:squeezenet1_1@zoo", home=home, offline=True))


def some_photos(network, count):
    paths = sorted(Path(ASSETS, "data", "imagenet-sample").glob("*.jpg"))
    for path in paths[5 :: len(paths) // count][:count]:
        pixels = torch.from_numpy(to_pixels([decode(path.read_bytes(), network.resize).pixels]))
        yield pixels, int(network.probabilities(pixels)[0].argmax())


@pytest.mark.slow
@needs_assets
def test_maps_of_real_photos_beat_chance_and_an_edge_detector(squeezenet):
    ours, edges, chance = [], [], []
    for pixels, index in some_photos(squeezenet, 10):
        found = deletion(squeezenet, pixels, index, grad_cam(squeezenet, pixels, index).values, repeats=2)
        slopes = np.hypot(*np.gradient(pixels[0].mean(0).numpy())).astype(np.float32)
        ours.append(found.gap)
        edges.append(deletion(squeezenet, pixels, index, slopes, repeats=1).gap)
        chance.append(np.mean(found.random_gaps))

    assert np.mean(ours) > np.mean(edges) + 0.03
    assert np.mean(ours) > np.mean(chance) + 0.1
    assert np.mean(np.array(ours) > chance) >= 0.75


@pytest.mark.slow
@needs_assets
def test_randomising_the_weights_destroys_the_map(squeezenet):
    """The sanity check of Adebayo et al. 2018: a map that stays says nothing about the network."""
    from scipy.stats import spearmanr

    random = of_backbone(load_backbone("torchvision:squeezenet1_1@random"))
    alike, same = [], []
    for pixels, index in some_photos(squeezenet, 12):
        trained = grad_cam(squeezenet, pixels, index).grid.ravel()
        other = grad_cam(random, pixels, index).grid.ravel()
        again = grad_cam(squeezenet, pixels, index).grid.ravel()
        if np.ptp(other) > 0:
            alike.append(spearmanr(trained, other).statistic)
        same.append(np.array_equal(trained, again))

    assert all(same)
    assert abs(np.mean(alike)) < 0.3
