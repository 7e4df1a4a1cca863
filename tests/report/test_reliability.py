"""Grouping answers by how sure they were."""

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.report.reliability import reliability_bins


def test_every_photo_is_in_one_bin_and_means_are_kept():
    rng = np.random.default_rng(0)
    stated, right = rng.random(500), rng.random(500) < 0.7
    bins = reliability_bins(stated, right, count=7)
    photos = np.array([entry.photos for entry in bins])
    assert photos.sum() == 500
    assert photos @ [entry.confidence for entry in bins] == pytest.approx(stated.sum())
    assert photos @ [entry.right for entry in bins] == pytest.approx(right.sum())


def test_both_ends_belong_to_a_bin():
    first, last = reliability_bins([0.0, 1.0], [False, True])
    assert (first.confidence, last.confidence) == (0.0, 1.0)


def test_no_answers_make_no_bins():
    assert reliability_bins([], []) == ()


@pytest.mark.parametrize(
    ("stated", "right", "count"),
    [([0.5], [True, False], 10), ([1.5], [True], 10), ([float("nan")], [True], 10), ([0.5], [True], 0)],
)
def test_what_makes_no_sense_is_refused(stated, right, count):
    with pytest.raises(UsageError):
        reliability_bins(stated, right, count=count)
