"""Real photos and weights: what transfer is worth for cats and dogs, and where no training is possible."""

import os
from pathlib import Path

import pytest

from headstart.backbones.weights import WeightsStore
from headstart.storage.home import Home
from headstart.tasks.learning_curve import learning_curve

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"),
]


def test_cats_and_dogs_with_20_photos_a_class(tmp_path):
    WeightsStore(Home(tmp_path)).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    photos = Path(ASSETS, "data", "cats-vs-dogs")

    found = learning_curve(
        photos / "train",
        test=photos / "test",
        backbone="timm:mobilenetv2_100@slim",
        sizes="20",
        repeats=1,
        steps=100,
        home=tmp_path,
    )

    assert found.transfer[0].accuracy >= 0.90
    assert found.scratch.points[0].accuracy < 0.70
    assert found.pixels[0].accuracy < 0.75
    assert found.untrained.accuracy >= 0.90
    assert found.own.count == 5 + 118
    assert found.measured == 200
