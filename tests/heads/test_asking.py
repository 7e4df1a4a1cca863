"""Which photos to ask about: what is doubted, typical and new comes first."""

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.heads.asking import SAMPLE, Pool, choices, choose, herd, radius, ranked, sample
from headstart.heads.cosine import unit

UNSURE, SURE = [0.5, 0.5], [0.99, 0.01]


def around(*directions, each=5, seed=0):
    """Groups of rows of length one, each near one axis."""
    random = np.random.default_rng(seed)
    rows = np.repeat(np.eye(6)[list(directions)], each, axis=0)
    return unit(rows + random.normal(0, 0.05, rows.shape), np.float32)


def pool_of(rows, probabilities, known):
    return Pool.of([f"{at:03d}" for at in range(len(rows))], rows, np.array(probabilities), known)


def groups(found):
    return [int(each.key) // 5 for each in found]


def test_each_group_without_a_label_is_asked_about_before_any_twice():
    pool = pool_of(around(0, 1, 2, 3), [UNSURE] * 20, around(0, 4, each=1, seed=1))

    assert sorted(groups(choose(pool, 3))) == [1, 2, 3]


def test_of_equal_groups_the_doubtful_one_comes_first():
    pool = pool_of(around(1, 2, 3), [SURE] * 5 + [UNSURE] * 5 + [SURE] * 5, around(0, 4, each=1, seed=1))

    assert groups(choose(pool, 1)) == [1]


def test_without_any_doubt_the_typical_ones_come_first():
    rows = np.concatenate([around(1), around(2)[:1]])
    pool = pool_of(rows, [[1.0, 0.0]] * 6, around(0, 4, each=1, seed=1))

    assert groups(choose(pool, 1)) == [0]


def test_fewer_are_the_first_of_more_and_all_come_in_the_end():
    pool = pool_of(around(0, 1, 2), [UNSURE] * 15, around(3, each=2))
    every = ranked(pool, 99).tolist()

    assert sorted(every) == list(range(15))
    assert ranked(pool, 4).tolist() == every[:4]


def test_the_gains_that_are_not_computed_again_change_nothing():
    """The greedy choice in full, each gain computed each time."""
    rows, known, random = around(0, 1, 2, 3, each=8), around(1, each=2, seed=2), np.random.default_rng(3)
    weight, near = random.uniform(0.1, 1, len(rows)), 0.4
    covered = np.exp(-np.maximum(2 - 2 * rows @ known.T, 0) / near**2).max(axis=1)
    kernel = np.exp(-np.maximum(2 - 2 * rows @ rows.T, 0) / near**2)
    expected = []
    for _ in range(12):
        gain = np.maximum(kernel - covered, 0) @ weight
        gain[expected] = -1
        expected.append(int(gain.argmax()))
        covered = np.maximum(covered, kernel[expected[-1]])

    assert herd(rows, weight, known, near, 12).tolist() == expected


def test_a_photo_stands_for_those_that_are_near_it():
    pool = pool_of(around(0, 1, each=5), [UNSURE] * 10, around(2, 3, each=1))

    assert [each.similar for each in choose(pool, 2)] == [4, 4]
    assert choices(pool, np.array([], dtype=int)) == []


def test_the_radius_shrinks_as_more_is_learned_and_never_to_nothing():
    wide, narrow = around(0, 1, each=1), around(0, 1, each=20)

    assert radius(wide) > radius(narrow) > 0
    assert radius(np.repeat(wide[:1], 3, axis=0)) > 0
    assert radius(wide[:0]) > 0


def test_a_large_pool_is_sampled_and_still_answers_for_all(monkeypatch):
    monkeypatch.setattr("headstart.heads.asking.SAMPLE", 6)
    pool = pool_of(around(0, 1, 2, 3), [UNSURE] * 20, around(4, 5, each=1))

    assert max(ranked(pool, 3)) < 6, "all are doubted alike: the first hashes are drawn"
    assert sum(each.similar for each in choose(pool, 3)) > 10
    assert len(choose(pool, 20)) == 20


def test_the_few_doubtful_photos_of_a_large_pool_are_found_wherever_their_hashes_lie():
    """3,000 sure photos, and behind all their hashes twelve doubtful ones of three groups."""
    random = np.random.default_rng(4)
    sure = unit(np.eye(6)[np.zeros(3000, int)] + random.normal(0, 0.05, (3000, 6)), np.float32)
    rows = np.concatenate([sure, around(1, 2, 3, each=4)])
    keys = [f"{at:04d}" for at in range(len(rows))]
    pool = Pool.of(keys, rows, np.array([SURE] * 3000 + [UNSURE] * 12), around(0, 4, each=1, seed=1))

    index = sample(pool, 20)
    assert len(index) == SAMPLE
    assert set(range(3000, 3012)) <= set(index.tolist())
    assert index.tolist()[:500] == list(range(500)), "the others are the first by hash"
    assert {int(each.key) // 4 for each in choose(pool, 3)} == {750, 751, 752}
    assert sample(pool, 20).tolist() == index.tolist()


def test_a_pool_that_is_not_large_is_compared_in_full():
    pool = pool_of(around(0, 1, 2), [UNSURE] * 15, around(3, each=2))

    assert sample(pool, 3).tolist() == list(range(15))


@pytest.mark.parametrize("count", [0, -1])
def test_no_photo_can_not_be_asked_for(count):
    with pytest.raises(UsageError, match="at least 1"):
        choose(pool_of(around(0), [UNSURE] * 5, around(1)), count)


def test_an_empty_pool_and_one_class_are_no_trouble():
    assert choose(pool_of(around(0)[:0], np.empty((0, 2)), around(1)), 3) == []
    assert pool_of(around(0), [[1.0]] * 5, around(1)).doubt.tolist() == [0.0] * 5
    assert len(choose(pool_of(around(0), [[1.0]] * 5, around(1)[:0]), 3)) == 3


def test_lengths_that_differ_are_refused():
    with pytest.raises(UsageError, match="2 keys, 3 rows"):
        Pool.of(["a", "b"], np.eye(3), np.full((3, 2), 0.5), np.eye(3))
