"""What a page of the lesson asks for, and what it gets on a machine that has it or has it not."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.backbones.load import load_backbone
from headstart.backbones.state import state_bytes
from headstart.errors import UsageError
from headstart.images.folder import scan_photos
from headstart.storage.home import Home
from headstart.tasks import at_hand
from headstart.tasks.at_hand import DEMO, example_photo, network_at_hand, photos_at_hand
from headstart.tasks.weights import add_weights
from headstart.testing import write_photos

SMALL = "timm:mobilenetv2_035"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One for all: the demo's pictures are some 200 files."""
    return tmp_path_factory.mktemp("home")


def test_a_folder_of_the_name_wins(tmp_path, monkeypatch):
    write_photos(tmp_path / "cats-vs-dogs" / "train", ("cat", "dog"), each=1)
    monkeypatch.chdir(tmp_path)

    photos = photos_at_hand("oxford-pets", "cats-vs-dogs/train", home=tmp_path / "home")

    assert photos.real
    assert str(photos) == "photos: cats-vs-dogs/train"
    assert os.fspath(photos) == photos.name == "cats-vs-dogs/train"


def test_a_folder_that_no_data_set_is_called_like_is_asked_for_by_name(home):
    photos = photos_at_hand("styles/sketch", demo="surfaces-drawn", home=home)

    assert not photos.real
    assert str(photos) == (
        "photos: the demo's surfaces-drawn; styles/sketch is not here (no folder of that name in .)"
    )


@pytest.mark.parametrize("demo", DEMO)
def test_the_demos_pictures_stand_in_and_are_written_once(demo, home):
    first = photos_at_hand(demo=demo, home=home)
    stamps = {path: path.stat().st_mtime_ns for path in home.rglob("*.png")}

    again = photos_at_hand(demo=demo, home=home)

    assert first == again
    assert first.real  # nothing else was asked for
    assert stamps == {path: path.stat().st_mtime_ns for path in home.rglob("*.png")}
    assert sum(str(path).startswith(first.name + os.sep) for path in stamps) >= 7


def test_a_picture_that_is_gone_is_written_again(home):
    photos = photos_at_hand(home=home)
    gone = next(Path(photos.name).rglob("*.png"))
    gone.unlink()

    photos_at_hand(home=home)

    assert gone.exists()


def test_drawn_surfaces_are_the_test_surfaces_in_black_on_white(home):
    asked = photos_at_hand(demo="surfaces-test", home=home)
    drawn = photos_at_hand(demo="surfaces-drawn", home=home)

    classes = [scan_photos(each.name).classes for each in (asked, drawn)]
    assert classes[0] == classes[1]
    with Image.open(f"{drawn.name}/brick/00.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.min() == 0
    assert np.median(pixels) > 128


def test_other_pictures_of_the_demo_are_refused(tmp_path):
    with pytest.raises(UsageError, match="demo is 'cats'; expected one of surfaces, "):
        photos_at_hand(demo="cats", home=tmp_path)


def test_a_network_is_given_under_the_name_that_was_asked_for(tmp_path):
    assert network_at_hand("pocket", home=tmp_path).real
    assert str(network_at_hand(home=tmp_path)) == "network: pocket"


def test_without_any_weights_pocket_stands_in(tmp_path):
    network = network_at_hand("torchvision:vgg16", "timm:mobilenetv2_100", home=tmp_path)

    assert network.name == "pocket"
    assert not network.real
    assert str(network).endswith("(headstart weights fetch torchvision:vgg16)")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of weights that fit timm's smallest MobileNetV2."""
    file = tmp_path_factory.mktemp("weights") / "small.safetensors"
    file.write_bytes(state_bytes(load_backbone(f"{SMALL}@random").module))
    return file


def with_weights(folder, file, *tags):
    for tag in tags:
        add_weights(file, backbone=SMALL, tag=tag, home=folder)
    return folder


def test_the_only_weights_of_a_network_need_no_tag(weights, tmp_path):
    assert network_at_hand(SMALL, home=with_weights(tmp_path, weights, "mine")).name == SMALL


@pytest.mark.parametrize(("tags", "taken"), [(("yours", "mine"), "mine"), (("mine", "a1"), "a1")])
def test_of_several_weights_the_name_says_which_and_loads(tags, taken, weights, tmp_path):
    network = network_at_hand(SMALL, home=with_weights(tmp_path, weights, *tags))

    assert network.real
    assert network.name == f"{SMALL}@{taken}"
    assert str(network) == f"network: {network.name}"
    assert load_backbone(network.name, home=Home(tmp_path)).spec.name == network.name


def test_of_several_weights_the_frameworks_own_come_first(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(at_hand, "default_tag", lambda *_: "theirs")
    home = with_weights(tmp_path, weights, "mine", "theirs")

    assert network_at_hand(SMALL, home=home).name == f"{SMALL}@theirs"


def test_weights_under_another_tag_are_not_the_ones_asked_for(weights, tmp_path):
    home = with_weights(tmp_path, weights, "mine")

    assert network_at_hand(f"{SMALL}@mine", home=home).name == f"{SMALL}@mine"
    assert network_at_hand(f"{SMALL}@yours", home=home).name == "pocket"


def test_an_example_photo_is_in_colour():
    with Image.open(example_photo("coffee")) as picture:
        assert picture.mode == "RGB"


def test_an_unknown_example_names_those_there_are():
    with pytest.raises(UsageError, match="no example photo is called 'dog'; there are astronaut, cat, "):
        example_photo("dog")
