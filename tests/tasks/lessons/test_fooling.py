"""The dog that is a cat: all steps are walked, ResNet-50 is asked first, and what it says decides."""

from dataclasses import replace

import pytest

from headstart.pixels.network import of_backbone
from headstart.tasks.lessons import elsewhere, fooling
from headstart.tasks.lessons.desk import Desk
from headstart.tasks.lessons.elsewhere import Opinion
from headstart.tasks.lessons.figures import FIGURES
from headstart.tasks.lessons.walk import Walked
from headstart.tasks.verifiers import Belief, Candidate
from headstart.testing import tiny_backbone, write_photos

BEFORE, AFTER, OTHER = (
    next(figure for figure in FIGURES if figure.key == key)
    for key in ("dog-before", "dog-after", "dog-other")
)
CAT = "Siamese cat"


def network(seed=0):
    return tiny_backbone(seed=seed, classes=(CAT, "dog"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("fooling") / "photos", ("cat", "dog"), each=3)


def desk_of(photos, home):
    network = tiny_backbone(classes=(CAT, "dog"), surer=20)
    return Desk.of(home, given={"cats-vs-dogs": str(photos)}, backbone=network)


def test_the_walk_goes_on_after_the_answer_is_the_cats(photos, tmp_path):
    with desk_of(photos, tmp_path) as desk:
        first = fooling.before(BEFORE, desk)
        found = fooling.after(AFTER, desk)
        name = found.network
        fooled = desk.once(("fooled", name), lambda: None)
    with desk_of(photos, tmp_path) as desk:
        half = fooling.after(replace(AFTER, steps=50), desk)

    assert (first.label, found.label, found.verdict) == ("dog", CAT, "holds")
    assert fooled.walked.steps == 100
    assert 0.5 < half.value < found.value
    for row in (first, found):
        assert row.reasons[-1].startswith("inputs are normalised as module:tiny was trained")


def heard_of(name, label):
    fooled = fooling.Fooled(
        of_backbone(network()), "dog", 0.9, Walked(CAT, 0.9, b"", 0.1, 100), ("another dog",)
    )
    return fooling.judged(OTHER, fooled, Opinion(name, label, 0.7, Belief(0.2, 2, 2)))


def test_another_network_that_sees_no_cat_bears_the_lesson_out():
    found = heard_of("pocket", "dog")

    assert (found.value, found.label, found.verdict) == (0.7, "dog", "holds")
    assert found.reasons[:2] == ("pocket is asked instead of ResNet-50", "another dog")
    assert found.also == ("it gives the Siamese cat 0.200",)
    assert heard_of("pocket", CAT).verdict == "fails"


def test_resnet_is_no_reason():
    assert heard_of("keras:ResNet50", "dog").reasons[0] == "another dog"


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        (["pocket", "timm:a", "torchvision:resnet50@v1"], "torchvision:resnet50@v1"),
        (["pocket", "torchvision:resnet50@v1", "keras:ResNet50"], "keras:ResNet50"),
        (["keras:MobileNet", "pocket"], "pocket"),
    ],
)
def test_resnet_is_asked_before_all_others(there, asked, photos, tmp_path, monkeypatch):
    others = [Candidate(name, lambda: of_backbone(network(seed=1))) for name in there]
    monkeypatch.setattr(elsewhere, "candidates", lambda *_: others)
    with desk_of(photos, tmp_path) as desk:
        found = fooling.elsewhere(replace(OTHER, steps=1), desk)

    assert found.network == asked
