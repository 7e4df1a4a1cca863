import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart.errors import FitError, UsageError
from headstart.heads import linear
from headstart.heads.linear import DEFAULT_STRENGTH, LinearClassifier


@pytest.mark.parametrize(("photos", "width"), [(8, 60), (30, 10)], ids=["fewer photos", "fewer features"])
@pytest.mark.parametrize("classes", [2, 5])
def test_it_is_the_penalised_optimum_that_scikit_learn_finds(clouds, photos, width, classes):
    data = clouds(classes=classes, photos=photos, width=width)
    ours = LinearClassifier(strengths=(0.1,), calibrate=False).fit(data.rows, data.labels)
    # The same problem in the same units: Pareto-scaled rows whose mean squared length is 1.
    rows = data.rows.astype(float)
    deviation = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0))[:, deviation > 0] / np.sqrt(
        deviation[deviation > 0] * deviation.sum()
    )
    reference = LogisticRegression(C=10.0, tol=1e-10, max_iter=10_000)
    one_hot_shift = 2 if classes == 2 else 1  # with two classes scikit-learn fits the difference of ours
    reference.set_params(C=10.0 * one_hot_shift).fit(scaled, data.labels)
    np.testing.assert_allclose(ours.predict_proba(data.rows), reference.predict_proba(scaled), atol=2e-4)


def test_new_photos_are_named(clouds):
    data = clouds(classes=6, photos=10, noise=1.0)
    rows, labels = data.more(20, seed=99)
    assert LinearClassifier().fit(data.rows, data.labels).score(rows, labels) > 0.9


def test_the_temperature_makes_new_photos_probabilities_better(clouds):
    data = clouds(classes=5, photos=12, width=30, noise=2.0)
    rows, labels = data.more(200, seed=99)
    found = LinearClassifier().fit(data.rows, data.labels)
    columns = np.searchsorted(found.classes_, labels)
    losses = [
        -np.log(table[np.arange(len(rows)), columns]).mean()
        for table in (found.head_.uncalibrated(rows), found.head_.predict_proba(rows))
    ]
    assert losses[1] < losses[0]
    assert found.temperature_ != 1.0
    assert LinearClassifier(calibrate=False).fit(data.rows, data.labels).temperature_ == 1.0


def test_noise_asks_for_a_stronger_penalty_than_signal(clouds):
    clear, noisy = clouds(noise=0.5, photos=20), clouds(noise=5.0, photos=20)
    strengths = [
        LinearClassifier(calibrate=False).fit(data.rows, data.labels).strength_ for data in (clear, noisy)
    ]
    assert strengths[0] < strengths[1]


def test_the_same_rows_and_seed_give_the_same_bytes(clouds):
    data = clouds()
    first, second = (LinearClassifier(seed=4).fit(data.rows, data.labels).head_ for _ in range(2))
    assert first.weight.tobytes() == second.weight.tobytes()
    assert first.bias.tobytes() == second.bias.tobytes()
    assert first.settings() == second.settings()


def test_a_feature_that_never_changes_takes_no_part(clouds):
    data = clouds()
    data.rows[:, 3] = 7.0
    found = LinearClassifier().fit(data.rows, data.labels)
    assert not found.head_.weight[:, 3].any()


def test_rows_that_are_all_alike_leave_nothing_but_equal_chances():
    found = LinearClassifier().fit(np.ones((6, 4)), ["a"] * 2 + ["b"] * 4)
    np.testing.assert_allclose(found.predict_proba(np.ones((1, 4))), [[0.5, 0.5]], atol=1e-6)


def test_the_rare_class_counts_as_much_as_the_common_one():
    rows = np.concatenate([np.zeros((40, 1)), np.ones((20, 1)), np.ones((10, 1))])
    labels = ["common"] * 60 + ["rare"] * 10
    at_one = [[1.0]]
    assert LinearClassifier().fit(rows, labels).predict(at_one) == ["rare"]
    assert LinearClassifier(class_weight=None).fit(rows, labels).predict(at_one) == ["common"]


def test_a_class_with_two_photos_works(clouds):
    data = clouds(classes=3, photos=12)
    rows, labels = data.more((12, 12, 2), seed=5)
    found = LinearClassifier().fit(rows, labels)
    new, truth = data.more(30, seed=6)
    assert found.score(new, truth) > 0.9
    assert found.notes_ == ()


def test_a_single_photo_is_refused_with_the_class_and_the_way_out(clouds):
    rows, labels = clouds().more((5, 1, 5), seed=5)
    with pytest.raises(FitError, match=r"'class 1' has 1 photo: .*--head prototypes"):
        LinearClassifier().fit(rows, labels)


def test_copies_of_one_photo_are_one_photo(clouds):
    rows, labels = clouds().more((5, 2, 5), seed=5)
    groups = [str(number) for number in range(12)]
    groups[6] = groups[5]
    with pytest.raises(FitError, match="'class 1' has 1 photo"):
        LinearClassifier().fit(rows, labels, groups=groups)


def test_fold_models_may_train_on_a_single_photo(clouds):
    rows, labels = clouds().more((5, 1, 5), seed=5)
    found = LinearClassifier(min_photos=1).fit(rows, labels)
    assert found.predict(rows).tolist() == labels.tolist()


def test_where_nothing_can_be_held_out_the_documented_defaults_stand(clouds):
    rows, labels = clouds().more(1, seed=5)
    found = LinearClassifier(min_photos=1).fit(rows, labels)
    assert (found.strength_, found.temperature_, found.losses_) == (DEFAULT_STRENGTH, 1.0, {})
    assert "not calibrated" in found.notes_[0]


def test_copies_do_not_flatter_the_choice_inside():
    """Labels are noise, and each photo stands there twice: copies on both sides would look learnable."""
    random = np.random.default_rng(0)
    rows = np.repeat(random.normal(size=(40, 50)), 2, axis=0)
    labels, groups = np.repeat(random.integers(0, 2, 40), 2), np.repeat(np.arange(40), 2)
    told = LinearClassifier().fit(rows, labels, groups=groups)
    untold = LinearClassifier().fit(rows, labels)
    new = random.normal(size=(500, 50))
    sure_told, sure_untold = (found.predict_proba(new).max(axis=1).mean() for found in (told, untold))
    assert sure_untold > 0.85  # this is what goes wrong without groups
    assert sure_told < 0.75


def test_a_fit_that_stops_early_says_so_and_warns_nobody(clouds):
    data = clouds(noise=3.0)
    found = LinearClassifier(max_iter=1).fit(data.rows, data.labels)
    assert "max_iter=1" in found.notes_[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(clouds, value):
    data = clouds()
    data.rows[4, 2] = value
    with pytest.raises(FitError, match=r"1 of 24 rows hold NaN or infinity .*row 4"):
        LinearClassifier().fit(data.rows, data.labels)


def test_numbers_too_large_are_refused_and_not_learned_from(clouds):
    data = clouds()
    with pytest.raises(FitError, match="too large"):
        LinearClassifier().fit(data.rows.astype(float) * 1e300, data.labels)


def test_one_class_only_is_refused(clouds):
    data = clouds()
    with pytest.raises(FitError, match="at least 2 classes"):
        LinearClassifier().fit(data.rows, ["cat"] * len(data.rows))


@pytest.mark.parametrize(
    "setting", [{"strengths": ()}, {"strengths": (0.0,)}, {"cv": 1}, {"min_photos": 0}, {"max_iter": 0}]
)
def test_settings_that_can_not_be_right_are_refused(clouds, setting):
    data = clouds()
    with pytest.raises(UsageError, match=next(iter(setting))):
        LinearClassifier(**setting).fit(data.rows, data.labels)


@pytest.mark.exhaustive
def test_a_thousand_classes_of_three_photos(clouds):
    data = clouds(classes=1000, photos=3, width=128)
    rows, labels = data.more(1, seed=9)
    assert LinearClassifier().fit(data.rows, data.labels).score(rows, labels) > 0.95


def test_with_many_rows_one_fold_is_held_out(clouds, monkeypatch):
    data = clouds(classes=3, photos=40, noise=2.0)
    every = LinearClassifier().fit(data.rows, data.labels)
    monkeypatch.setattr(linear, "ONE_FOLD_FROM", 100)
    one = LinearClassifier().fit(data.rows, data.labels)
    assert one.losses_ != every.losses_
    new, truth = data.more(100, seed=9)
    assert abs(one.score(new, truth) - every.score(new, truth)) < 0.05
