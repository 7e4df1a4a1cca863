"""Fits that start from a head that stands end where a fit from nothing ends."""

import numpy as np
import pytest

from headstart.heads.calibration import fit_temperature
from headstart.heads.linear import LinearClassifier
from headstart.heads.make import HEADS, make_head
from headstart.heads.refit import quick_temperature, refits


@pytest.fixture(params=[(120, 20), (60, 90)], ids=["more photos", "more features"])
def problem(request):
    photos, width = request.param
    rng = np.random.default_rng(0)
    codes = np.arange(photos) % 3
    rows = (rng.normal(size=(3, width))[codes] + rng.normal(size=(photos, width))).astype(np.float32)
    return rows, [f"class {code}" for code in codes]


def test_a_warm_fit_is_the_same_head_as_a_cold_one(problem):
    rows, labels = problem
    standing = LinearClassifier(strengths=(0.1,)).fit(rows, labels)
    changed = ["new" if at in (3, 4) else label for at, label in enumerate(labels)]
    cold = LinearClassifier(strengths=(0.1,)).fit(rows, changed)
    fits = refits("linear", rows, {"L2 strength": 0.1})
    fit = fits.fit(changed, np.ones(len(rows)), fits.standing(standing.head_), closely=1e-9)
    head = fit.head(cold.temperature_)
    assert head.classes == cold.head_.classes
    assert head.predict_proba(rows) == pytest.approx(cold.head_.predict_proba(rows), abs=2e-3)


def test_rows_without_a_label_are_not_learned_from(problem):
    rows, labels = problem
    some = [label if at < 30 else None for at, label in enumerate(labels)]
    for kind in HEADS:
        fits = refits(kind, rows, {})
        head = fits.fit(some, np.ones(len(rows))).head(1.0)
        alone = refits(kind, rows[:30], {}).fit(labels[:30], np.ones(30)).head(1.0)
        same = head.predict_proba(rows).argmax(axis=1) == alone.predict_proba(rows).argmax(axis=1)
        assert same.mean() > 0.9


@pytest.mark.parametrize("kind", ["prototypes", "neighbours"])
def test_the_others_are_the_heads_that_train_gives(problem, kind):
    rows, labels = problem
    trained = make_head(kind).fit(rows, labels).head_
    refitted = refits(kind, rows, {"neighbours": 5}).fit(labels, np.ones(len(rows)))
    head = refitted.head(trained.settings().get("temperature", 1.0))
    assert head.predict_proba(rows) == pytest.approx(trained.predict_proba(rows), abs=1e-5)


def test_the_temperature_is_that_of_scipy():
    rng = np.random.default_rng(1)
    scores, codes = rng.normal(size=(200, 4)) * 5, rng.integers(4, size=200)
    assert quick_temperature(scores, codes) == pytest.approx(fit_temperature(scores, codes)[0], rel=5e-3)
