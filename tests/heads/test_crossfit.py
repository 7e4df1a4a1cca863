import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.heads.crossfit import out_of_fold
from headstart.heads.folds import inner_folds
from headstart.heads.make import HEADS, make_head


@pytest.mark.parametrize("name", HEADS)
def test_no_photo_is_predicted_by_a_model_that_saw_it(clouds, name):
    data = clouds(classes=3, photos=6)
    folds = inner_folds(np.unique(data.labels, return_inverse=True)[1], count=3)
    found = out_of_fold(make_head(name), data.rows, data.labels, folds)
    for fold in range(3):
        model = make_head(name).fit(data.rows[folds != fold], data.labels[folds != fold])
        held = folds == fold
        np.testing.assert_array_equal(found.probabilities[held], model.predict_proba(data.rows[held]))
    assert found.measured.all()
    assert found.classes == data.names


def test_labels_of_noise_look_like_noise():
    random = np.random.default_rng(0)
    rows, labels = random.normal(size=(200, 30)), random.choice(["a", "b"], 200)
    folds = inner_folds((labels == "b").astype(int))
    found = out_of_fold(make_head("linear"), rows, labels, folds)
    right = (np.array(found.classes)[found.probabilities.argmax(axis=1)] == labels).mean()
    assert 0.35 < right < 0.65


def test_a_class_that_a_training_part_lacks_has_no_chance_there():
    rows = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [0.7, 0.7]])
    found = out_of_fold(
        make_head("prototypes"), rows, ["a", "a", "b", "b", "lone"], np.array([0, 1, 0, 1, 0])
    )
    assert found.probabilities[4, 2] == 0.0
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)


def test_a_class_with_two_photos_is_judged_by_models_that_had_one(clouds):
    rows, labels = clouds().more((6, 6, 2), seed=1)
    folds = inner_folds(np.unique(labels, return_inverse=True)[1], count=3)
    estimator = make_head("linear")
    found = out_of_fold(estimator, rows, labels, folds)
    assert found.measured.all()
    assert estimator.min_photos == 2


def test_a_row_that_is_never_held_out_is_not_measured(clouds):
    data = clouds(photos=4)
    folds = np.tile([0, 1, 2, -1], 3)
    found = out_of_fold(make_head("neighbours"), data.rows, data.labels, folds)
    assert found.measured.tolist() == (folds >= 0).tolist()
    assert np.isnan(found.probabilities[folds < 0]).all()


def test_lengths_that_differ_and_nothing_to_hold_out_are_refused(clouds):
    data = clouds(photos=2)
    with pytest.raises(UsageError, match="differ in length: 6, 6, 2"):
        out_of_fold(make_head("linear"), data.rows, data.labels, np.array([0, 1]))
    with pytest.raises(UsageError, match="no row is held out"):
        out_of_fold(make_head("linear"), data.rows, data.labels, np.full(6, -1))


def test_a_head_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="no head 'forest'; there are linear, neighbours, prototypes"):
        make_head("forest")
