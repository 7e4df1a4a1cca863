"""Real ImageNet weights: a cat and a zebra that other networks recognise, and what smoothness is worth."""

import os
from pathlib import Path

import pytest
import torch

from headstart.backbones.weights import WeightsStore
from headstart.storage.home import Home
from headstart.tasks.ideal import ideal_image
from headstart.tasks.network import open_network
from headstart.tasks.verifiers import as_received

ASSETS = os.environ.get("HEADSTART_ASSETS")
SQUEEZENET, MOBILENET = "torchvision:squeezenet1_1@zoo", "timm:mobilenetv2_100@slim"
pytestmark = pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    WeightsStore(Home(folder)).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    return folder


def best_rank(made):
    return min(each.rank for each in made.verifiers.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Egyptian cat", pytest.param("zebra", marks=pytest.mark.exhaustive)])
def test_another_network_recognises_it(home, name):
    made = ideal_image(SQUEEZENET, name, steps=48, home=home)

    assert made.probability >= 0.9
    assert {MOBILENET, "keras:MobileNetV2@slim"} & made.verifiers.keys()  # twins: one of them is enough
    assert best_rank(made) <= 10
    assert ("pocket" in made.verifiers) == (name == "Egyptian cat")  # pocket knows no zebra
    assert made.adversarial_texture is False


@pytest.mark.exhaustive
def test_smoothness_takes_most_of_the_noise_and_leaves_the_answer(home):
    smooth, noisy = (
        ideal_image("pocket", "Egyptian cat", method="lesson", steps=300, home=home, **options)
        for options in ({}, {"tv": 0.0})
    )

    assert min(smooth.probability, noisy.probability) >= 0.9
    assert noisy.total_variation >= 5 * smooth.total_variation
    assert noisy.adversarial_texture is True


CASES = [
    *((method, SQUEEZENET, name) for method in ("fourier", "maco") for name in ("Egyptian cat", "zebra")),
    *((method, MOBILENET, "Egyptian cat") for method in ("fourier", "maco")),
    ("fourier", MOBILENET, "zebra"),  # by maco SqueezeNet ranks it 13th to 98th of 1,000, over three seeds
    *((method, "pocket", "Egyptian cat") for method in ("fourier", "maco")),
]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("method", "network", "name"), CASES)
def test_the_defaults_serve_every_network(home, method, network, name):
    made = ideal_image(network, name, method=method, home=home)

    assert made.probability >= 0.9
    assert best_rank(made) <= 10


@pytest.mark.exhaustive
def test_it_is_more_of_the_class_than_photos_are(home):
    made = ideal_image(SQUEEZENET, "zebra", home=home)
    network = open_network(SQUEEZENET, Home(home))
    index = network.classes.index("zebra")
    photos = sorted(Path(ASSETS, "data", "imagenet-sample").glob("*.jpg"))

    with torch.no_grad():
        every = [
            float(network.logits(as_received(each.read_bytes(), network.resize))[0, index]) for each in photos
        ]

    assert len(every) == 1000
    assert sum(made.logit > each for each in every) >= 990


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["Egyptian cat", "zebra"])
def test_the_whole_lesson(home, name):
    smooth, noisy = (
        ideal_image(SQUEEZENET, name, method="lesson", home=home, **options) for options in ({}, {"tv": 0.0})
    )

    assert min(smooth.probability, noisy.probability) >= 0.9
    assert noisy.total_variation >= 5 * smooth.total_variation


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["fourier", "maco", "pixel", "lesson"])
@pytest.mark.parametrize("network", ["vgg16@random", "resnet50@random"])
def test_large_networks_run(home, network, method):
    made = ideal_image(network, "class 340", method=method, steps=2, home=home)

    assert made.picture.shape in {(256, 256, 3), (232, 232, 3)}
