import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

from headstart.heads.detection import compare, detection, false_alarm_interval, share_of
from headstart.heads.unknown import false_alarm_threshold, fewest_known, threshold_rank


def test_the_area_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    known, strange = random.normal(size=200).round(1), random.normal(1, 1, size=90).round(1)
    found = detection(compare(known, strange), [str(at) for at in range(90)])
    oracle = roc_auc_score(np.repeat([0, 1], [200, 90]), np.concatenate([known, strange]))
    assert found.auroc.value == pytest.approx(oracle)
    assert found.auroc.low < oracle < found.auroc.high
    assert (found.known, found.strange, found.kinds) == (200, 90, 90)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth, inside = 0.5 * (1 + 0.5204998778130465), 0  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt 2)
    for seed in range(100):
        random = np.random.default_rng(seed)
        placed = compare(random.normal(size=150), random.normal(1, 1, size=150))
        area = detection(placed, [str(at) for at in range(150)]).auroc
        inside += area.low <= truth <= area.high
    assert inside >= 90


def test_a_perfect_score_is_not_certain():
    found = detection(compare(np.zeros(50), np.ones(30)), ["far"] * 30)
    assert found.auroc.value == found.caught.value == 1.0
    assert 0.8 < found.auroc.low < 1.0
    assert 0.8 < found.caught.low < 1.0


def test_photos_of_few_kinds_count_for_less():
    values = np.repeat([1.0, 1.0, 0.0, 0.0], 25)
    few = share_of(values, np.repeat(["a", "b", "c", "d"], 25).tolist(), most=100)
    many = share_of(values, [str(at) for at in range(100)], most=100)
    assert few.high - few.low > 2 * (many.high - many.low)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_no_more_good_photos_are_called_unknown_than_stated(share):
    random = np.random.default_rng(3)
    exceeded = [
        (random.normal(size=2000) > false_alarm_threshold(random.normal(size=199), share)).mean()
        for _ in range(200)
    ]
    assert np.mean(exceeded) == pytest.approx(share, rel=0.12)
    low, high = false_alarm_interval(199, share)
    assert np.mean([low <= each <= high for each in exceeded]) > 0.88


@pytest.mark.parametrize("photos", [1, 2, 19, 24, 199, 5000])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.5])
def test_the_interval_of_false_alarms_is_that_of_scipy(photos, share):
    rank = threshold_rank(photos, share)
    oracle = beta.ppf([0.025, 0.975], photos + 1 - rank, rank)
    np.testing.assert_allclose(false_alarm_interval(photos, share), oracle, atol=1e-10)


def test_learning_loads_no_scipy_for_it():
    code = (
        "import sys, headstart.tasks.learning.unknown, headstart.heads.detection as d;"
        "d.false_alarm_interval(300, 0.05); assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5])
def test_the_fewest_photos_keep_the_stated_share_and_one_less_does_not(share):
    def expected(photos):
        return (photos + 1 - threshold_rank(photos, share)) / (photos + 1)

    fewest = fewest_known(share)
    assert expected(fewest) == pytest.approx(share)
    assert fewest == 1 or expected(fewest - 1) > share
