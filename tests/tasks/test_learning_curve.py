"""Accuracy by photos: nested draws, no content on both sides, honest absences."""

import json
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import FitError, PhotosError, UsageError
from headstart.features.extract import FeatureTable
from headstart.images.photo import Photo
from headstart.tasks.curves.heads import head_curve
from headstart.tasks.curves.points import Point
from headstart.tasks.curves.scratch import Scratch, scratch_sizes, why_not
from headstart.tasks.curves.sides import Draw, Side, checked_sizes, draws_at, ladder, two_sides
from headstart.tasks.curves.untrained import find_own_classes, untrained_point
from headstart.tasks.curves.words import absences, claims, fairness
from headstart.tasks.learning_curve import learning_curve
from headstart.testing import tiny_backbone, write_photos

CLASSES = ("red", "blue")


def table(labels, shas=None, rows=None):
    shas = shas or [f"{number:04x}" for number in range(len(labels))]
    photos = tuple(Photo(None, f"{number}.jpg", label) for number, label in enumerate(labels))
    rows = np.zeros((len(labels), 2), np.float32) if rows is None else rows
    return FeatureTable(rows, photos, tuple(shas), (), (), len(labels), 0, 0.0, None)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("world") / "photos", CLASSES, each=6).parent


@pytest.fixture(scope="module")
def measured(world):
    shutil.copy(world / "photos" / "red" / "0.jpg", world / "photos" / "red" / "copy.jpg")
    (world / "photos" / "red" / "broken.jpg").write_bytes(b"")
    return learning_curve(
        world / "photos",
        backbone=tiny_backbone(classes=CLASSES),
        home=world / "home",
        output=world / "page.html",
        engine="torch",
        precision="f32",
        follow_links=True,
    )


def test_every_way_is_measured_on_the_same_photos(measured):
    result = json.loads(json.dumps(measured.to_json(), allow_nan=False))

    assert [each["photos_per_class"] for each in result["curves"]["transfer"]] == [1, 2, 4]
    assert [each["photos_per_class"] for each in result["curves"]["pixels"]] == [1, 2, 4]
    assert {each["photos"] for points in result["curves"].values() for each in points} == {4}
    assert result["curves"]["scratch"] == []
    assert result["own_classes"] == {"blue": ["blue"], "red": ["red"]}
    assert result["own_class_words"] == result["own_classes"]  # no WordNet ids
    assert len(result["curves"]["untrained"]) == 1
    assert "network of your own" in result["absent"]["scratch"]
    assert result["photos"]["used"] == 13  # the copy is in use, but counts once
    assert result["photos"]["learned_from"] + result["photos"]["measured"] == 12
    assert result["photos"]["reasons"] == {"empty": 1}
    assert [len(each["draws"]) for each in result["curves"]["transfer"]] == [3, 3, 1]


def test_the_same_again_to_the_last_bit_and_nothing_computed(measured, world):
    again = learning_curve(
        world / "photos", backbone=tiny_backbone(classes=CLASSES), home=world / "home", scratch=False
    )

    assert again.transfer == measured.transfer
    assert again.pixels == measured.pixels
    assert again.absent["scratch"] == "it was left out (--no-scratch)"


def test_the_page_says_how_far_it_is_fair(measured, world):
    page = (world / "page.html").read_text()

    assert "How far is it fair?" in page
    assert "of those classes mean yours" in page
    assert "<script" not in page
    assert "--seed 0 --engine torch --precision f32 --follow-links" in page
    assert absences(measured)[0].startswith("No line for scratch")
    assert any("no linear head" in sentence for sentence in fairness(measured))
    assert len(claims(measured)) == 1


def test_draws_are_nested_and_differ():
    side = Side(table(["a"] * 20 + ["b"] * 30), np.arange(50))
    one, other = Draw(side, 0, 0), Draw(side, 0, 1)

    for small, large in ((1, 5), (5, 20)):
        assert set(one.first(small)) < set(one.first(large))
    assert Counter(side.labels[at] for at in one.first(5)) == {"a": 5, "b": 5}
    assert one.first(5).tolist() != other.first(5).tolist()
    assert draws_at(side, 20, 3) == 3  # of "b" there is still a choice
    assert draws_at(Side(side.table, np.arange(40)), 20, 3) == 1


def test_no_content_on_both_sides_and_each_once():
    labels, shas = ["a"] * 9 + ["b"] * 9, [*(f"{n:x}" for n in range(8)), "0", *(f"b{n:x}" for n in range(9))]

    train, test = two_sides(table(labels, shas), None, seed=0)

    assert not set(train.sha256) & set(test.sha256)
    assert sorted(train.sha256 + test.sha256) == sorted(set(shas))


def test_one_photo_a_class_takes_the_class_means():
    rows = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    side = Side(table(["a", "b", "a", "b"], rows=rows), np.arange(4))
    progress = type("Quiet", (), {"advance": lambda self, count: None})()

    points = head_curve(side, side, (rows, rows), (1, 2), repeats=2, seed=0, progress=progress)

    assert points == (Point(1, (4, 4), 4), Point(2, (4,), 4))


def test_own_classes_add_up():
    spec = tiny_backbone(classes=("pug", "cat", "elk")).spec
    own, why = find_own_classes(["cat", "pug"], spec)
    logits = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 0.0], [2.0, 3.0, 0.0]])

    assert why == ""
    assert untrained_point(own, logits, ["cat", "pug", "pug"]) == Point(0, (2,), 3)
    assert "no classes of its own" in find_own_classes(["cat"], tiny_backbone().spec)[1]


def said_of(measured, transfer, untrained, scratch=None):
    points = [Point(size, (right,), 100) for size, right in transfer]
    return claims(replace(measured, transfer=points, untrained=untrained, scratch=scratch))


def test_transfer_is_above_from_where_it_stays_above_beyond_the_noise(measured):
    level = Point(0, (70,), 100)

    [dips] = said_of(measured, [(1, 90), (2, 60), (5, 90), (10, 95)], level)
    [close] = said_of(measured, [(1, 50), (2, 72)], level)

    assert "above that, beyond the noise, from 5 photos a class on" in dips
    assert close.endswith("transfer is not above that beyond the noise with 2 photos a class.")


def scratch(right, own):
    points = tuple(Point(size, (count,), 100) for size, count in right)
    return Scratch(points, 400, 16, 64, 224, (0.5, 0.6), own)


def test_scratch_is_quoted_at_its_largest_size_and_may_be_guessing(measured):
    trained = scratch([(5, 58), (200, 52)], (1.0, 0.61))

    [said] = said_of(measured, [(1, 90), (200, 95)], None, trained)
    sentences = fairness(replace(measured, scratch=trained))

    assert said.startswith("With 200 photos a class the same network from scratch got 52.0 %, not told")
    assert said.endswith("from 1 photo a class on.")
    assert any("costs about 12 times less" in each for each in sentences)
    assert any("instead of 50.0 % (first draw)" in each for each in sentences)
    assert any(
        "61.0 % with 200 a class. With 200 a class it was not trained to the end" in each
        for each in sentences
    )
    whole = fairness(replace(measured, scratch=scratch([(5, 70)], (1.0,))))
    assert not any("trained to the end" in each for each in whole)


def test_sizes_are_checked_before_and_after_the_photos_are_known():
    assert ladder(200) == (1, 2, 5, 10, 20, 50, 100, 200)
    assert ladder(2) == (1, 2)
    assert checked_sizes([5, 1, 5], 5) == (1, 5)
    for given in ("", "a", "0,5", "2.5"):
        with pytest.raises(UsageError, match="--sizes is"):
            checked_sizes(given, 5)
    with pytest.raises(UsageError, match="the smallest class has 5"):
        checked_sizes("6", 5)


def test_scratch_takes_few_sizes_unless_they_are_chosen():
    assert scratch_sizes(ladder(60), 2, chosen=False) == (5, 20, 60)
    assert scratch_sizes((1, 2, 5, 20), 2, chosen=True) == (1, 2, 5, 20)
    assert scratch_sizes((500, 5000), 2, chosen=True) == (500,)
    assert "take hours" in why_not(replace(tiny_backbone().spec, framework="timm"), (), wanted=True)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"repeats": 0}, UsageError, "--repeats is 0"),
        ({"steps": 0}, UsageError, "--steps is 0"),
        ({"seed": -1}, UsageError, "--seed is -1"),
        ({"sizes": "0"}, UsageError, "--sizes is '0'"),
        ({"output": "page.png"}, UsageError, "ends in .html"),
        ({"output": "no-such/page.html"}, UsageError, "folder that is not there"),
        ({"photos": "no-such"}, PhotosError, "no-such"),
        ({"photos": "single"}, FitError, "has 1 different photo"),
        ({"test": "strange"}, PhotosError, "does not know"),
        ({"test": "photos"}, PhotosError, "also trained on"),
    ],
)
def test_what_can_not_be_is_refused(options, error, words, world, monkeypatch):
    monkeypatch.chdir(world)
    write_photos(world / "single", CLASSES, each=2)
    write_photos(world / "strange", ("red", "green"), each=1)
    photos = options.pop("photos", "photos")

    with pytest.raises(error, match=words):
        learning_curve(photos, backbone=tiny_backbone(), home=world / "home", **options)


@pytest.mark.slow
def test_scratch_is_trained_and_the_same_again(tmp_path):
    photos = write_photos(tmp_path / "photos", CLASSES, each=6)

    def measure(seed=0):
        return learning_curve(
            photos,
            backbone="squeezenet1_1@random",
            sizes="2,4",
            repeats=2,
            steps=2,
            twice=True,
            seed=seed,
            home=tmp_path / "home",
            output=tmp_path / "page.html",
        )

    found, again = measure(), measure()

    assert found.scratch == again.scratch
    assert [point.size for point in found.scratch.points] == [2, 4]
    assert [len(point.right) for point in found.scratch.points] == [2, 1]
    assert (found.scratch.side, found.scratch.own_side) == (64, 224)
    assert found.scratch.longer[0] == found.scratch.points[-1].draws[0]
    assert any("twice as many gave" in sentence for sentence in fairness(found))
    own = found.to_json()["from_scratch"]["on_own_photos"]
    assert [each["photos_per_class"] for each in own] == [2, 4]
    assert all(0 <= each["accuracy"] <= 1 for each in own)
    assert "random weights and learned nothing before" in fairness(found)[0]
    assert "--steps 2 --twice" in (tmp_path / "page.html").read_text()
