import json

import numpy as np
import pytest
from sklearn import metrics as reference

from headstart.errors import UsageError
from headstart.heads.metrics import calibration_error, measure, wilson

CLASSES = ("ant", "bee", "cat", "dog", "emu")


@pytest.fixture
def answers():
    random = np.random.default_rng(0)
    codes = random.integers(0, 5, 300)
    odds = random.dirichlet(np.ones(5), 300)
    odds[np.arange(300), codes] += 0.5
    return [CLASSES[code] for code in codes], odds / odds.sum(axis=1, keepdims=True)


def test_the_figures_are_those_of_scikit_learn(answers):
    true, odds = answers
    found, said = measure(true, odds, CLASSES, how="test"), [CLASSES[code] for code in odds.argmax(axis=1)]
    assert found.accuracy == pytest.approx(reference.accuracy_score(true, said))
    assert found.balanced_accuracy == pytest.approx(reference.balanced_accuracy_score(true, said))
    assert found.log_loss == pytest.approx(reference.log_loss(true, odds, labels=CLASSES))
    assert found.top3 == pytest.approx(reference.top_k_accuracy_score(true, odds, k=3, labels=CLASSES))
    assert [list(row) for row in found.confusion] == reference.confusion_matrix(true, said).tolist()
    precision, recall, _, photos = reference.precision_recall_fscore_support(true, said)
    assert [each.precision for each in found.per_class] == pytest.approx(precision)
    assert [each.recall for each in found.per_class] == pytest.approx(recall)
    assert [each.photos for each in found.per_class] == photos.tolist()


@pytest.mark.parametrize(
    ("right", "photos", "low", "high"),
    # Published examples: Newcombe 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(right, photos, low, high):
    assert wilson(right, photos) == pytest.approx((low, high), abs=1e-4)


def test_an_interval_stays_within_0_and_1():
    assert wilson(7, 7)[1] == 1.0
    assert wilson(0, 7)[0] == 0.0


def test_top3_says_nothing_up_to_three_classes():
    odds = np.full((2, 3), 1 / 3)
    assert measure(["ant", "bee"], odds, CLASSES[:3], how="test").top3 is None


def test_a_class_without_photos_or_answers_has_no_figure_and_harms_none():
    odds = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]])
    found = measure(["ant", "bee"], odds, CLASSES[:3], how="test")
    assert [(each.precision, each.recall, each.photos) for each in found.per_class] == [
        (0.5, 1.0, 1),
        (None, 0.0, 1),
        (None, None, 0),
    ]
    assert found.balanced_accuracy == 0.5


def test_a_class_that_was_ruled_out_costs_much_and_not_infinity():
    found = measure(["ant"], np.array([[0.0, 1.0]]), CLASSES[:2], how="test")
    assert found.log_loss == pytest.approx(-np.log(1e-15))


def test_honest_probabilities_have_a_small_calibration_error():
    random = np.random.default_rng(0)
    odds = random.dirichlet(np.ones(3), 20_000)
    codes = np.array([random.choice(3, p=row) for row in odds])
    assert calibration_error(odds, codes) < 0.02
    sharper = odds**3 / (odds**3).sum(axis=1, keepdims=True)
    assert calibration_error(sharper, codes) > 0.1


def test_the_calibration_error_does_not_depend_on_the_order_of_photos():
    random = np.random.default_rng(0)
    odds = random.dirichlet(np.ones(3), 200).round(1)
    codes, order = random.integers(0, 3, 200), random.permutation(200)
    assert calibration_error(odds, codes) == pytest.approx(calibration_error(odds[order], codes[order]))


def test_before_and_after_calibration_stand_side_by_side(answers):
    true, odds = answers
    flat = np.full_like(odds, 0.2)
    found = measure(true, odds, CLASSES, how="test", probabilities_uncalibrated=flat)
    assert found.log_loss_before == pytest.approx(np.log(5))
    assert found.log_loss < found.log_loss_before
    assert measure(true, odds, CLASSES, how="test").calibration_error_before is None


def test_everything_is_json(answers):
    true, odds = answers
    found = measure(true, odds, CLASSES, how="5 folds")
    read = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert read["per_class"][0]["label"] == "ant"
    assert read["confusion"][0][0] == found.confusion[0][0]
    short = json.loads(json.dumps(found.accuracy_json()))
    assert list(short) == ["value", "low", "high", "top3", "photos", "how"]
    assert (short["photos"], short["how"]) == (300, "5 folds")


def test_labels_and_tables_that_do_not_fit_are_refused():
    odds = np.full((1, 2), 0.5)
    with pytest.raises(UsageError, match="'gnu'"):
        measure(["gnu"], odds, CLASSES[:2], how="test")
    with pytest.raises(UsageError, match="1 x 5"):
        measure(["ant"], odds, CLASSES, how="test")
    with pytest.raises(UsageError, match="never held out"):
        measure(["ant"], odds * np.nan, CLASSES[:2], how="test")
    with pytest.raises(UsageError, match="no photo"):
        measure([], odds, CLASSES[:2], how="test")
