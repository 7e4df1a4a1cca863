"""LogME and H-score: their formulas, computed the slow way, and what they prefer."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from headstart.errors import FitError
from headstart.heads.transferability import h_score, logme


def problem(photos=60, width=8, classes=3, apart=2.0, seed=0):
    random = np.random.default_rng(seed)
    codes = np.arange(photos) % classes
    return random.normal(size=(photos, width)) + apart * np.eye(classes, width)[codes], [
        f"c{c}" for c in codes
    ]


def evidence(rows, wanted, alpha, beta):
    """The logarithm of N(y; 0, I / beta + F F' / alpha), as the definition has it."""
    spread = np.eye(len(rows)) / beta + rows @ rows.T / alpha
    return -0.5 * (
        wanted @ np.linalg.solve(spread, wanted)
        + np.linalg.slogdet(spread)[1]
        + len(rows) * np.log(2 * np.pi)
    )


@pytest.mark.parametrize("width", [8, 90])
def test_logme_is_the_greatest_evidence(width):
    """No alpha and beta of a grid give more; the best of the grid gives hardly less."""
    rows, labels = problem(width=width, seed=width)
    grid = np.exp(np.arange(-2, 8, 0.5))
    best = []
    for label in sorted(set(labels)):
        wanted = (np.array(labels) == label).astype(float)
        best.append(max(evidence(rows, wanted, alpha, beta) for alpha in grid for beta in grid) / len(rows))
    assert np.mean(best) <= logme(rows, labels) <= np.mean(best) + 0.01


def test_logme_of_classes_that_are_told_apart_with_more_features_than_photos():
    """Where fixed-point steps end before they have arrived."""
    rows, labels = problem(photos=40, width=120, classes=2, apart=6.0)
    wanted = (np.array(labels) == "c0").astype(float)
    grid = np.exp(np.arange(-2, 12, 1.0))
    best = max(evidence(rows, wanted, alpha, beta) for alpha in grid for beta in grid) / len(rows)
    other = max(evidence(rows, 1 - wanted, alpha, beta) for alpha in grid for beta in grid) / len(rows)
    assert (best + other) / 2 <= logme(rows, labels) <= (best + other) / 2 + 0.02


@pytest.mark.parametrize("width", [8, 90])
def test_h_score_is_its_definition(width):
    rows, labels = problem(width=width)
    fitted = LedoitWolf().fit(rows)
    centred, given = rows - rows.mean(axis=0), np.array(labels)
    means = np.stack([centred[given == label].mean(axis=0) for label in labels])
    between = (1 - fitted.shrinkage_) * means.T @ means / len(rows)
    assert h_score(rows, labels) == pytest.approx(np.trace(np.linalg.solve(fitted.covariance_, between)))


@pytest.mark.parametrize("score", [logme, h_score])
def test_classes_that_lie_apart_score_higher(score):
    assert score(*problem(apart=0.0)) < score(*problem(apart=2.0)) < score(*problem(apart=4.0))


@pytest.mark.parametrize("score", [logme, h_score])
def test_rows_that_never_change_and_a_single_class(score):
    assert np.isfinite(score(np.zeros((4, 3)), ["a", "a", "b", "b"]))
    with pytest.raises(FitError, match="at least two"):
        score(np.ones((4, 3)), ["a"] * 4)
