"""Neighbours and prototypes as estimators."""

import numpy as np
import pytest

from headstart.errors import FitError, UsageError
from headstart.heads.fitted import PROTOTYPES_TEMPERATURE
from headstart.heads.neighbours import NeighboursClassifier
from headstart.heads.prototypes import PrototypesClassifier

BOTH = pytest.mark.parametrize("estimator", [NeighboursClassifier(), PrototypesClassifier()])


@BOTH
def test_new_photos_are_named(clouds, estimator):
    data = clouds(classes=6, photos=10, noise=0.7)
    rows, labels = data.more(20, seed=99)
    assert estimator.fit(data.rows, data.labels).score(rows, labels) > 0.9


@BOTH
def test_one_photo_a_class_is_enough(clouds, estimator):
    data = clouds(classes=10, photos=1, width=200, noise=0.4)
    rows, labels = data.more(5, seed=99)
    assert estimator.fit(data.rows, data.labels).score(rows, labels) > 0.9


@BOTH
def test_one_class_and_numbers_that_are_not_finite_are_refused(clouds, estimator):
    data = clouds()
    with pytest.raises(FitError, match="at least 2 classes"):
        estimator.fit(data.rows, ["cat"] * len(data.rows))
    data.rows[0, 0] = np.nan
    with pytest.raises(FitError, match="NaN"):
        estimator.fit(data.rows, data.labels)


def test_the_temperature_is_fitted_where_photos_can_be_held_out(clouds):
    data = clouds(photos=8)
    assert PrototypesClassifier().fit(data.rows, data.labels).temperature_ != PROTOTYPES_TEMPERATURE
    one, labels = data.more(1, seed=3)
    assert PrototypesClassifier().fit(one, labels).temperature_ == PROTOTYPES_TEMPERATURE


def test_noisier_photos_are_answered_less_surely(clouds):
    sure = []
    for noise in (0.5, 3.0):
        data = clouds(photos=10, noise=noise)
        rows, _ = data.more(50, seed=9)
        sure.append(PrototypesClassifier().fit(data.rows, data.labels).predict_proba(rows).max(axis=1).mean())
    assert sure[0] > 0.9 > sure[1]


def test_k_below_one_is_refused(clouds):
    data = clouds()
    with pytest.raises(UsageError, match="k must be at least 1"):
        NeighboursClassifier(k=0).fit(data.rows, data.labels)


def test_k_says_how_many_vote(clouds):
    data = clouds(photos=3)
    assert NeighboursClassifier(k=2).fit(data.rows, data.labels).k_ == 2
    assert NeighboursClassifier(k=50).fit(data.rows, data.labels).k_ == 9
