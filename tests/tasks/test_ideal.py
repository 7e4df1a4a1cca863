"""`ideal_image`: facts of the picture that is saved, several seeds are single runs, words are true."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.images.pixels import to_pixels
from headstart.pixels.network import Network, of_backbone
from headstart.pixels.objectives import total_variation
from headstart.pixels.spectrum import default_spectrum
from headstart.tasks.ideal import ADVERSARIAL_TEXTURE, ideal_image, ideal_images, png_of
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.tasks.verifiers import Belief, as_received
from headstart.testing import tiny_backbone, write_photos

CLASSES = ("cat", "dog", "elk")


@pytest.fixture
def network():
    return of_backbone(tiny_backbone(classes=CLASSES))


def test_facts_are_those_of_the_saved_picture(network, tmp_path):
    made = ideal_image(network, "DOG", steps=8, seed=5, home=tmp_path)
    logits = network.logits(as_received(png_of(made.picture), network.resize))[0]

    assert made.label == "dog"
    assert made.logit == pytest.approx(float(logits[1]))
    assert made.probability == pytest.approx(float(logits.softmax(0)[1]))
    assert made.total_variation == pytest.approx(
        float(total_variation(torch.from_numpy(to_pixels([made.picture]))))
    )
    assert made.seconds > 0
    assert json.loads(json.dumps(made.to_json()))["class"] == "dog"
    assert {"probability", "logit", "total_variation", "verifiers", "seconds"} <= set(made.to_json())


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_several_seeds_are_what_each_is_alone_whatever_the_threads(network, tmp_path, method):
    before = torch.get_num_threads()
    together = ideal_images(network, "elk", seeds=[0, 7, 2], steps=5, method=method, home=tmp_path)
    alone = [
        ideal_image(network, "elk", seed=seed, steps=5, method=method, home=tmp_path) for seed in (0, 7, 2)
    ]

    assert [each.seed for each in together] == [0, 7, 2]
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(together, alone, strict=True))
    assert not np.array_equal(together[0].picture, together[1].picture)
    assert torch.get_num_threads() == before


def test_a_channel_instead_of_a_class(network, tmp_path):
    made = ideal_image(network, layer="last", channel=4, steps=5, home=tmp_path)
    facts = made.to_json()

    assert facts["class"] is None
    assert facts["unit"] == "last channel 4"
    assert facts["probability"] is None
    assert facts["verifiers"] == {}
    assert "last channel 4" in made.verdict


def test_frames_are_the_steps_that_were_asked_for(network, tmp_path):
    made = ideal_image(network, "cat", steps=9, record=lambda steps: range(0, steps, 3), home=tmp_path)

    assert [each.step for each in made.frames] == [0, 3, 6]
    assert all(each.picture.shape == made.picture.shape for each in made.frames)
    assert all(0 <= each.probability <= 1 for each in made.frames)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"class_name": "lynx"}, "no class 'lynx'"),
        ({}, "neither a class nor a layer"),
        ({"class_name": "cat", "layer": "last", "channel": 1}, "a class and a layer"),
        ({"layer": "last"}, "give both"),
        ({"layer": "last", "channel": 16}, "channels 0 to 15"),
        ({"layer": "last", "channel": -1}, "channels 0 to 15"),
        ({"class_name": "cat", "seeds": []}, "0 seeds"),
        ({"class_name": "cat", "seeds": [-1]}, "seed is -1"),
        ({"class_name": "cat", "spectrum": "photos"}, "--method maco"),
        ({"class_name": "cat", "method": "dream"}, "no method"),
        ({"layer": "last", "channel": 1, "verifiers": ["pocket"]}, "--verifier judges a class"),
        ({"class_name": "cat", "verifiers": ["pocket"]}, "does not know 'cat'"),
    ],
)
def test_what_can_not_be_right_is_refused_before_any_work(network, tmp_path, given, said):
    with pytest.raises(UsageError, match=said):
        ideal_images(network, home=tmp_path, **given)


def test_an_unknown_layer_is_refused(network, tmp_path):
    with pytest.raises(BackboneError, match="first"):
        ideal_images(network, layer="frist", channel=0, home=tmp_path)


def test_words_are_true(network, tmp_path):
    made = ideal_image(network, "elk", steps=1, home=tmp_path)
    sure = dataclasses.replace(made, probability=0.99, rank=1)
    fooled = dataclasses.replace(sure, verifiers={"a": Belief(0.0, 500, 1000), "b": Belief(0.0, 11, 1000)})
    shared = dataclasses.replace(sure, verifiers={"a": Belief(0.2, 3, 1000), "b": Belief(0.0, 400, 1000)})

    assert "no other network at hand" in sure.verdict
    assert sure.adversarial_texture is None
    assert fooled.verdict.startswith(ADVERSARIAL_TEXTURE)
    assert fooled.adversarial_texture is True
    assert "also for a," in shared.verdict
    assert shared.adversarial_texture is False
    assert "not even" in dataclasses.replace(sure, probability=0.3).verdict
    assert dataclasses.replace(fooled, rank=2).adversarial_texture is None


def test_a_spectrum_can_be_measured_from_photos(network, tmp_path):
    photos = write_photos(tmp_path / "photos", each=2)
    options = {"method": "maco", "steps": 2, "home": tmp_path / "home"}
    measured = ideal_image(network, "cat", spectrum=photos, **options)

    assert not np.array_equal(measured.picture, ideal_image(network, "cat", **options).picture)
    given = ideal_image(network, "cat", spectrum=default_spectrum(), **options)
    assert np.array_equal(given.picture, ideal_image(network, "cat", **options).picture)
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(PhotosError, match="no photo"):
        ideal_image(network, "cat", spectrum=tmp_path / "notes.txt", **options)


@pytest.mark.slow
def test_a_trained_model_its_folder_and_its_network_give_the_same(tmp_path):
    home = tmp_path / "home"
    model = train(write_photos(tmp_path / "photos"), output=tmp_path / "model", backbone="pocket", home=home)
    one, other = (ideal_image(each, "red", steps=6, home=home) for each in (model, tmp_path / "model"))

    assert np.array_equal(one.picture, other.picture)
    assert isinstance(model.network(), Network)
    (tmp_path / "ideal.png").write_bytes(png_of(one.picture))
    said = predict(tmp_path / "model", tmp_path / "ideal.png", engine="torch", home=home)[0]
    assert said.probabilities["red"] == pytest.approx(one.probability, abs=5e-3)
