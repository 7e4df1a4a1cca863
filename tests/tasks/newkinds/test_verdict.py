"""What the comparison of layers comes to, rule by rule."""

import numpy as np
import pytest

from headstart.tasks.newkinds.judged import Judged
from headstart.tasks.newkinds.verdict import NEAR, against_late, by_key, decide
from headstart.tasks.newkinds.ways import TITLES

PHOTOS = 400


def ways(**right):
    """Ways whose heads name so many of 400 photos right: the easy ones first, so that they agree."""
    return [
        Judged(key.replace("_", " "), TITLES[key.replace("_", " ")], "layer", 8, np.arange(PHOTOS) < count)
        for key, count in right.items()
    ]


@pytest.mark.parametrize(
    ("right", "carries"),
    [
        ({"pixels": 200, "random": 220, "early": 250, "middle": 300, "late": 360}, "late"),
        ({"pixels": 200, "late": 360}, "late"),
        ({"pixels": 200, "random": 220, "early": 250, "middle": 359, "late": 360}, "as early"),
        ({"pixels": 200, "random": 220, "early": 250, "middle": 390, "late": 340}, "early"),
        ({"pixels": 200, "random": 330, "early": 250, "middle": 300, "late": 331}, "shape"),
        ({"pixels": 340, "random": 220, "early": 250, "middle": 300, "late": 341}, "not"),
        ({"pixels": 300, "random": 220, "early": 380, "middle": 300, "late": 301}, "early"),
    ],
)
def test_each_verdict(right, carries):
    assert decide(ways(**right)).carries == carries


def test_what_the_photos_cannot_tell_is_not_claimed():
    chance = np.random.default_rng(0).permutation(PHOTOS)
    late, middle = np.arange(PHOTOS) < 300, chance < 295
    judged = ways(pixels=100, middle=0, late=0)
    judged = [judged[0], *(
        Judged(key, TITLES[key], "", 1, right) for key, right in (("middle", middle), ("late", late))
    )]  # fmt: skip

    found = decide(judged)

    assert against_late(judged)[1].behind.high > NEAR
    assert found.carries == "late or earlier"
    assert "can't tell" in found.sentence


def test_too_few_photos_are_named_only_where_they_may_be_the_reason():
    assert "too few photos" not in decide(ways(pixels=400, late=400)).sentence
    few = [
        Judged(key, TITLES[key], "", 1, np.arange(8) < count) for key, count in (("pixels", 4), ("late", 6))
    ]
    assert "too few photos" in decide(few).sentence


def test_differences_are_those_of_the_late_layers():
    found = by_key(against_late(ways(pixels=200, late=300)))

    assert found["late"].behind is None
    assert found["pixels"].behind.value == pytest.approx(0.25)
    assert found["pixels"].to_json()["late_ahead"]["photos"] == PHOTOS
