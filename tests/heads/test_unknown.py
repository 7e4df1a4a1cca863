import numpy as np
import pytest

from headstart.errors import FitError
from headstart.heads.cosine import CosineIndex, unit
from headstart.heads.unknown import Novelty, fit_novelty, held_out_distances, nearest_distances


def test_photos_of_another_kind_are_unknown_and_one_in_twenty_of_ones_own(clouds):
    data = clouds(classes=4, photos=60, width=200)
    novelty = fit_novelty(data.rows, held_out_distances(data.rows, np.arange(len(data.rows)) % 5))
    own, _ = data.more(250, seed=7)
    strangers, _ = clouds(classes=4, photos=100, width=200, seed=50).more(100, seed=51)
    assert 0.01 < novelty.unknown(own).mean() < 0.12
    assert novelty.unknown(strangers).mean() > 0.95


def test_a_training_photo_is_never_unknown_and_finds_itself(clouds):
    data = clouds()
    novelty = Novelty(data.rows, threshold=0.0)
    found, distance = novelty.neighbours(data.rows, k=1)
    assert found[:, 0].tolist() == list(range(len(data.rows)))
    assert not distance.any()
    assert not novelty.unknown(data.rows).any()


def test_neighbours_come_nearest_first_and_are_the_true_ones(clouds):
    data = clouds(classes=5, photos=50)
    rows, _ = data.more(4, seed=3)
    found, distance = Novelty(data.rows, 0.5).neighbours(rows, k=7)
    table = 1 - unit(rows) @ unit(data.rows).T
    np.testing.assert_allclose(distance, np.sort(table, axis=1)[:, :7], atol=1e-10)
    np.testing.assert_allclose(np.take_along_axis(table, found, axis=1), distance, atol=1e-10)


def test_the_answer_does_not_depend_on_the_batch(clouds):
    data = clouds(classes=5, photos=50)
    rows, _ = data.more(300, seed=3)
    index = CosineIndex(data.rows)
    found, distance = index.nearest(rows, k=3)
    for row in (0, 700, 1499):
        alone = index.nearest(rows[row : row + 1], k=3)
        assert alone[0].tolist() == [found[row].tolist()]
        assert alone[1].tolist() == [distance[row].tolist()]


def test_copies_of_a_photo_are_ranked_by_position():
    rows = np.repeat(np.array([[0.3, 0.1, 0.7]], dtype=np.float32), 30, axis=0)
    assert CosineIndex(rows).nearest(rows[:1], k=4)[0].tolist() == [[0, 1, 2, 3]]


def test_copies_in_one_fold_do_not_find_each_other():
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert held_out_distances(rows, np.array([0, 0, 1, 1])).tolist() == [1.0] * 4
    assert held_out_distances(rows, np.array([0, 1, 0, 1])).tolist() == [0.0] * 4


def test_rows_never_held_out_have_no_distance():
    distances = held_out_distances(np.eye(3), np.array([0, 1, -1]))
    assert np.isnan(distances).tolist() == [False, False, True]
    assert np.isnan(held_out_distances(np.eye(2), np.array([0, 0]))).all()


def test_without_a_single_distance_nothing_is_called_unknown():
    novelty = fit_novelty(np.eye(2), np.array([np.nan]))
    assert not novelty.unknown(np.array([[-1.0, 0.0], [0.0, -1.0], [0.0, 0.0]])).any()


def test_the_threshold_is_the_conformal_quantile():
    assert fit_novelty(np.eye(2), np.linspace(0, 1, 99)).threshold == pytest.approx(94 / 98)
    assert fit_novelty(np.eye(2), np.linspace(0, 1, 99), false_alarms=0.5).threshold == pytest.approx(0.5)


def test_a_row_of_zeros_is_far_from_everything():
    assert nearest_distances(np.zeros((1, 2)), np.eye(2)).tolist() == [1.0]


@pytest.mark.parametrize("rows", [np.zeros((0, 3)), np.zeros(3), np.full((2, 2), np.nan)])
def test_rows_to_measure_from_must_be_a_finite_table(rows):
    with pytest.raises(FitError, match="finite"):
        Novelty(rows, 0.5)


@pytest.mark.parametrize("threshold", [-0.1, 2.5, np.nan])
def test_a_threshold_that_is_no_distance_is_refused(threshold):
    with pytest.raises(FitError, match="from 0 to 2"):
        Novelty(np.eye(2), threshold)


def test_what_is_kept_is_small_and_enough(clouds):
    data = clouds()
    first = Novelty(data.rows, 0.3)
    kept = first.tensors()["rows"]
    assert kept.dtype == np.float16
    rows, _ = data.more(5, seed=2)
    np.testing.assert_array_equal(Novelty(kept, 0.3).distances(rows), first.distances(rows))


def test_lengths_that_overflow_when_squared_are_still_lengths():
    np.testing.assert_allclose(unit(np.array([[3e200, 4e200], [3e-200, 4e-200]])), [[0.6, 0.8]] * 2)


def test_among_many_rows_the_nearest_are_the_true_ones():
    random = np.random.default_rng(0)
    rows, queries = random.normal(size=(1003, 6)), random.normal(size=(20, 6))
    found, _ = CosineIndex(rows).nearest(queries, k=2)
    table = 1 - unit(queries) @ unit(rows).T
    np.testing.assert_array_equal(found, np.argsort(table, axis=1)[:, :2])
