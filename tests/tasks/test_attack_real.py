"""Attacks on real photos and real weights: what the saved file does to `predict`."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from headstart.images.decode import decode
from headstart.tasks.attack import attack
from headstart.tasks.predict import predict

ASSETS = Path(os.environ.get("HEADSTART_ASSETS", ""))
SQUEEZENET = "torchvision:squeezenet1_1@zoo"
TABBY = ASSETS / "data" / "imagenet-sample" / "n02123045_tabby.jpg"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS names no real photos"),
    pytest.mark.xdist_group("attack"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from headstart.tasks.weights import add_weights

    folder = tmp_path_factory.mktemp("home")
    add_weights(ASSETS / "weights" / "manifest.json", home=folder)
    return folder


def test_a_tabby_becomes_a_goldfish(home, tmp_path):
    output = tmp_path / "goldfish.png"

    found = attack(SQUEEZENET, TABBY, target="goldfish", steps=20, output=output, home=home)

    [said] = predict(SQUEEZENET, output, home=home)
    assert (found.before.label, said.label) == ("tabby", "goldfish")
    assert said.probabilities["goldfish"] == found.after.probability > 0.9
    assert found.linf <= 8 / 255 + 1e-9


def test_a_large_photo_is_changed_at_its_full_size(home, tmp_path):
    # Large enough that a JPEG of it is decoded at half its size, which the PNG that is saved is not
    photo = tmp_path / "large.jpg"
    small = Image.open(io.BytesIO(TABBY.read_bytes()))
    small.resize((small.width * 4, small.height * 4), Image.Resampling.BICUBIC).save(photo, quality=95)
    output = tmp_path / "goldfish.png"

    found = attack(SQUEEZENET, photo, target="goldfish", steps=10, full_size=True, output=output, home=home)

    saved = decode(output.read_bytes()).pixels
    assert saved.shape[:2] == (small.height * 4, small.width * 4)
    assert found.success
    assert found.linf <= 8 / 255 + 1e-9
    assert predict(SQUEEZENET, output, home=home)[0].label == "goldfish"


def test_descent_and_the_smallest_epsilon_need_little(home):
    went = attack(SQUEEZENET, TABBY, target="goldfish", method="descent", home=home)
    needed = attack(SQUEEZENET, TABBY, target="goldfish", smallest=True, steps=20, home=home)

    assert went.success
    assert went.l2 < 3
    assert needed.success
    assert needed.smallest < 8 / 255
