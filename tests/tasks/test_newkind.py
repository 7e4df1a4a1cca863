"""A new kind of image: every way on the same photos, what a model makes of them, honest absences."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import FitError, PhotosError, UsageError
from headstart.features.progress import NoProgress
from headstart.heads.metrics import wilson
from headstart.tasks.newkind import newkind
from headstart.tasks.newkinds.fairness import fairness
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos

CLASSES = ("red", "blue")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    place = write_photos(tmp_path_factory.mktemp("world") / "photos", CLASSES, each=12).parent
    write_photos(place / "others", ("blue", "RED", "green"), each=8, side=40)
    shutil.copy(place / "photos" / "red" / "0.jpg", place / "others" / "RED" / "known.jpg")
    shutil.copy(place / "others" / "RED" / "0.jpg", place / "others" / "RED" / "copy.jpg")
    (place / "others" / "RED" / "broken.jpg").write_bytes(b"")
    return place


@pytest.fixture(scope="module")
def model(world):
    train(world / "photos", backbone=tiny_backbone(), home=world / "home", output=world / "model")
    from headstart.model.model import load_model

    return load_model(world / "model", backbone=tiny_backbone())


@pytest.fixture(scope="module")
def measured(world, model):
    return newkind(world / "others", model=model, home=world / "home", output=world / "page.html")


def test_every_way_is_judged_on_the_same_photos_each_content_once(measured):
    result = json.loads(json.dumps(measured.to_json(), allow_nan=False))

    assert [way["way"] for way in result["ways"]] == ["pixels", "early", "late"]
    assert {way["accuracy"]["photos"] for way in result["ways"]} == {25}
    assert result["photos"]["used"] == 26
    assert result["photos"]["reasons"] == {"empty": 1}
    assert result["ways"][-1]["late_ahead"] is None
    assert set(result["absent"]) == {"random", "scratch"}
    assert "network of your own" in result["absent"]["scratch"]


def test_intervals_are_those_of_the_counts(measured):
    for way in measured.ways:
        assert way.interval == wilson(int(way.right.sum()), 25)


def test_the_model_is_asked_about_what_it_has_not_seen(measured):
    shift = measured.shift

    assert (shift.photos, shift.leaked) == (24, 1)
    assert shift.unmatched == ("green",)
    assert {each.label: each.known_as for each in shift.classes} == {"RED": "red", "blue": "blue"}
    assert shift.now.accuracy.photos == 16
    assert shift.own.accuracy.photos == 24
    assert shift.stranger is not None
    assert any("trained on 1 photo of these" in note for note in measured.notes)


def test_its_own_figures_are_those_of_its_training(measured, model):
    kept = model.training

    assert measured.shift.own.accuracy.value == kept.accuracy.value
    assert {each.known_as: each.own.value for each in measured.shift.classes} == {
        each.label: each.recall for each in kept.per_class
    }


def test_the_same_again_to_the_last_bit(measured, world, model):
    again = newkind(world / "others", model=model, home=world / "home", scratch=False)

    assert all(
        np.array_equal(one.right, two.right) for one, two in zip(measured.ways, again.ways, strict=True)
    )
    assert again.shift == measured.shift
    assert again.absent["scratch"] == "it was left out (--no-scratch)"


def test_the_page_says_it_all(measured, world):
    page = (world / "page.html").read_text(encoding="utf-8")

    assert "What becomes of" in page
    assert "--no-scratch" in page
    assert "not used" in page


def test_a_model_that_learned_all_of_them_is_refused(world, model):
    told = []

    class Told(NoProgress):
        def start(self, total, what):
            told.append(what)

    with pytest.raises(PhotosError, match="also trained on"):
        newkind(world / "photos", model=model, home=world / "home", scratch=False, progress=Told())
    assert not [what for what in told if what.startswith("head on")]  # before anything was measured


def test_what_many_classes_bring_by_chance_is_said(measured, world):
    (said,) = [sentence for sentence in fairness(measured) if "by chance" in sentence]
    assert "of 2 that did not fall" in said
    assert "that did not fall" in (world / "page.html").read_text(encoding="utf-8")


def test_without_a_model_nothing_is_said_of_classes_that_fall(measured):
    assert not [sentence for sentence in fairness(replace(measured, shift=None)) if "by chance" in sentence]


def test_one_photo_of_a_class_is_refused(tmp_path):
    photos = write_photos(tmp_path / "photos", CLASSES, each=3)
    write_photos(photos, ("single",), each=1)
    with pytest.raises(FitError, match="'single'"):
        newkind(photos, backbone=tiny_backbone(), home=tmp_path / "home", scratch=False)


def test_a_page_among_the_photos_is_refused(world):
    with pytest.raises(UsageError, match="among the photos"):
        newkind(world / "photos", output=world / "photos" / "page.html", home=world / "home")
