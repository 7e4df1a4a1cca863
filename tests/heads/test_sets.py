import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.heads.sets import fit_sets
from headstart.heads.softmax import softmax


def judged(photos, classes, seed, sharpness=2.0):
    """Calibrated probabilities, and classes drawn from them."""
    random = np.random.default_rng(seed)
    said = softmax(sharpness * random.normal(size=(photos, classes)))
    return said, np.array([random.choice(classes, p=row) for row in said])


@given(st.integers(0, 2**32), st.integers(2, 12), st.sampled_from([0.6, 0.8, 0.9, 0.95]))
@settings(max_examples=15, deadline=None)
def test_the_right_class_is_among_them_as_often_as_stated(seed, classes, coverage):
    said, true = judged(1200, classes, seed)
    sets = fit_sets(said[:400], true[:400], coverage)
    named = sets.of([str(at) for at in range(classes)], said[400:])
    share = np.mean([str(right) in names for right, names in zip(true[400:], named, strict=True)])
    # Four standard errors of both halves; sets are never empty, so more than is stated is right too.
    assert share > coverage - 4 * np.sqrt(coverage * (1 - coverage) * (1 / 400 + 1 / 800))
    assert abs(share - sets.measured) < 0.12


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_sets_are_those_of_mapie(coverage):
    classification = pytest.importorskip("mapie.classification", reason="the extra quality is not installed")
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Said(ClassifierMixin, BaseEstimator):
        """Gives the probabilities that it is asked about."""

        def fit(self, rows, labels):
            self.classes_, self.n_features_in_ = np.unique(labels), rows.shape[1]
            return self

        def predict_proba(self, rows):
            return rows

        def predict(self, rows):
            return self.classes_[rows.argmax(axis=1)]

    said, true = judged(400, 5, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = classification.SplitConformalClassifier(
            Said().fit(said, np.arange(400) % 5),
            confidence_level=coverage,
            conformity_score="lac",
            prefit=True,
        )
        oracle.conformalize(said[:200], true[:200])
        _, theirs = oracle.predict_set(said[200:])
    sets = fit_sets(said[:200], true[:200], coverage)
    # Without the rule for answers that are hardly believed: MAPIE's quantile, and MAPIE's sets.
    assert 1 - sets.least == pytest.approx(float(oracle._mapie_classifier.quantiles_[0]), abs=1e-12)
    np.testing.assert_array_equal(said[200:] >= sets.least, theirs[:, :, 0])
    ours = sets.of(range(5), said[200:])
    for names, mask, row in zip(ours, theirs[:, :, 0], said[200:], strict=True):
        expected = set(np.flatnonzero(mask).tolist())
        fewest = set(np.argsort(-row)[: 1 if row.max() >= coverage else 2].tolist())
        assert set(names) == expected | fewest


def test_an_answer_that_is_hardly_believed_never_stands_alone():
    said = np.tile([0.98, 0.01, 0.01], (100, 1))
    said[0] = [0.5, 0.3, 0.2]
    named = fit_sets(said, np.zeros(100, dtype=int)).of("abc", said[:2])
    assert named == [("a", "b"), ("a",)]


def test_so_few_photos_promise_nothing():
    said, true = judged(8, 3, seed=0)
    assert fit_sets(said, true) is None
    assert fit_sets(*judged(9, 3, seed=0)) is not None
    assert fit_sets(*judged(1, 3, seed=0), coverage=0.5) is None


@pytest.mark.parametrize(("photos", "coverage"), [(9, 0.9), (10, 0.9), (11, 0.9), (99, 0.99), (105, 0.99)])
def test_just_enough_photos_measure_what_new_photos_get(photos, coverage):
    """A tenth less would be too few: each is left out alone, and no set holds every class for that."""
    said, true = judged(60 * photos, 6, seed=3, sharpness=4.0)
    measured, sizes, real, named = [], [], [], []
    for start in range(0, 20 * photos, photos):
        part = slice(start, start + photos)
        sets = fit_sets(said[part], true[part], coverage)
        measured.append(sets.measured)
        sizes.append(sets.size)
        found = sets.of(range(6), said[20 * photos :])
        named.append(np.mean([len(names) for names in found]))
        real.append(
            np.mean([right in names for right, names in zip(true[20 * photos :], found, strict=True)])
        )
    assert np.mean(measured) == pytest.approx(np.mean(real), abs=0.05)
    assert np.mean(sizes) == pytest.approx(np.mean(named), rel=0.15)
    assert np.mean(measured) < 1.0


def test_sets_are_never_empty_and_most_probable_first():
    said, true = judged(200, 4, seed=5, sharpness=8.0)
    named = fit_sets(said, true, 0.5).of(["a", "b", "c", "d"], said)
    assert any(len(names) > 1 for names in named)
    assert min(map(len, named)) == 1
    assert [names[0] for names in named] == ["abcd"[at] for at in said.argmax(axis=1)]
