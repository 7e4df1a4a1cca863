"""Real weights and photos, from the command line, with Keras on TensorFlow."""

import json
import os
from pathlib import Path

import pytest

from tests.backbones.keras.test_tensorflow import pytestmark as needs_tensorflow
from tests.backbones.keras.test_tensorflow import ran

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = [
    pytest.mark.exhaustive,
    needs_tensorflow,
    pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"),
    pytest.mark.xdist_group("shown on tensorflow"),
]
SMALLER = "keras:MobileNet@slim075"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose home has the weights."""
    folder = tmp_path_factory.mktemp("shown")
    headstart(folder, "weights", "add", str(Path(ASSETS, "weights", "manifest.json")))
    return folder


def headstart(place, *words):
    """What a command prints as JSON."""
    said = ran("-m", "headstart", *words, "--json", home=place / "home")
    return json.loads(said)


@pytest.fixture(scope="module")
def trained(place):
    """Models of cats and dogs by the name of their network."""
    photos = Path(ASSETS, "data", "cats-vs-dogs")
    return {
        name: headstart(
            place,
            *("train", str(photos / "train"), "--test", str(photos / "test")),
            *("--backbone", name, "-o", str(place / name.partition("@")[2])),
        )
        for name in ("keras:MobileNetV2@slim", SMALLER)
    }


@pytest.mark.parametrize(("name", "least"), [("keras:MobileNetV2@slim", 0.95), (SMALLER, 0.94)])
def test_cats_are_told_from_dogs(trained, name, least):
    facts = trained[name]
    assert facts["engine"]["name"] == "tensorflow"
    assert facts["accuracy"]["value"] >= least


def test_an_ideal_image_is_what_it_should_be(place):
    facts = headstart(place, "ideal", SMALLER, "tench", "-o", str(place / "tench.png"), "--steps", "30")
    assert (place / "tench.png").stat().st_size > 1000
    assert facts["probability"] > 0.9


@pytest.mark.usefixtures("trained")
def test_a_cat_becomes_a_dog(place):
    cat = min(Path(ASSETS, "data", "cats-vs-dogs", "test", "cat").glob("*.jpg"))
    words = ("attack", str(place / "slim075"), str(cat), "-o", str(place / "dog.png"), "--target", "dog")
    facts = headstart(place, *words)
    assert (place / "dog.png").stat().st_size > 1000
    assert facts["success"]
