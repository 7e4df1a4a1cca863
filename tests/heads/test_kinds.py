import numpy as np

from headstart.heads.cosine import unit
from headstart.heads.kinds import Kinds


def by_hand(rows, codes, at, out):
    """The distances of one row to the classes without the rows in `out`."""
    units = unit(rows)
    kept = [i for i in range(len(rows)) if i not in out]
    means = [np.mean([units[i] for i in kept if codes[i] == code], axis=0) for code in np.unique(codes)]
    return 1 - unit(np.array(means)) @ units[at]


def test_a_photo_is_left_out_of_the_mean_of_its_class(clouds):
    data = clouds(classes=3, photos=6, width=20)
    codes = np.unique(data.labels, return_inverse=True)[1]
    kinds = Kinds(data.rows, codes)
    own = [by_hand(data.rows, codes, at, {at})[codes[at]] for at in range(len(codes))]
    mean = np.mean(own)
    spread = [(sum(np.array(own)[codes == code]) + 5 * mean) / (6 + 5) for code in range(3)]
    for at in (0, 7, 17):
        distances = by_hand(data.rows, codes, at, {at}) / spread
        assert np.isclose(kinds.left_out()[at], distances.min(), atol=1e-5)


def test_copies_are_left_out_together(clouds):
    data = clouds(classes=2, photos=4, width=20)
    rows = np.concatenate([data.rows, data.rows])
    codes = np.tile(np.unique(data.labels, return_inverse=True)[1], 2)
    names = [str(at) for at in range(8)] * 2
    once, twice = Kinds(rows[:8], codes[:8]), Kinds(rows, codes, names)
    blind = Kinds(rows, codes)
    np.testing.assert_allclose(twice._own[:8], once._own, atol=1e-6)
    assert (blind._own[:8] < once._own).all()


def test_a_class_of_one_photo_has_no_distance_of_its_own():
    left = Kinds(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), np.array([0, 0, 1])).left_out()
    assert np.isnan(left).tolist() == [False, False, True]


def test_one_photo_a_class_still_measures_strangers():
    found = Kinds(np.eye(2), np.array([0, 1])).distances(np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, -1.0]]))
    assert found[0] == 0.0
    assert (found[1:] >= 1.0).all()


def test_the_distance_does_not_depend_on_the_batch(clouds):
    data = clouds(classes=5, photos=30)
    kinds = Kinds(data.rows, np.unique(data.labels, return_inverse=True)[1])
    rows, _ = data.more(300, seed=3)
    together = kinds.distances(rows)
    assert [kinds.distances(rows[at : at + 1])[0] for at in (0, 700, 1499)] == together[
        [0, 700, 1499]
    ].tolist()


def test_a_mixed_class_is_left_later_than_a_uniform_one():
    random = np.random.default_rng(0)
    rows = np.concatenate([np.eye(8)[:1] + random.normal(0, s, (30, 8)) for s in (0.05,)])
    other = np.eye(8)[1:2] + random.normal(0, 0.4, (30, 8))
    kinds = Kinds(np.concatenate([rows, other]), np.repeat([0, 1], 30))
    aside = np.array([[1.0, 0, 0.6, 0, 0, 0, 0, 0], [0, 1.0, 0.6, 0, 0, 0, 0, 0]])
    uniform, mixed = kinds.distances(aside)
    assert uniform > 2 * mixed
