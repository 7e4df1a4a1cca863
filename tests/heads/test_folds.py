import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headstart.heads.folds import distinct_photos, inner_folds

classes = st.lists(st.integers(0, 4), min_size=1, max_size=40).map(np.array)


@given(classes, st.integers(2, 6), st.integers(0, 3))
def test_every_class_keeps_a_photo_in_every_training_part(codes, count, seed):
    folds = inner_folds(codes, count=count, seed=seed)
    for fold in np.unique(folds[folds >= 0]):
        assert set(codes[folds != fold]) == set(codes)


@given(classes, st.integers(2, 6))
def test_a_class_sits_in_as_many_folds_as_it_has_photos(codes, count):
    folds = inner_folds(codes, count=count)
    for code in np.unique(codes):
        own, photos = folds[codes == code], (codes == code).sum()
        assert len(set(own)) == (1 if photos == 1 else min(count, photos))
        assert (own >= 0).all() == (photos > 1)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=40), st.integers(2, 5))
def test_copies_share_a_fold(photos, count):
    groups = np.array(photos)
    folds = inner_folds(groups % 2, groups, count=count)
    for group in np.unique(groups):
        assert len(set(folds[groups == group])) == 1


def test_folds_are_of_nearly_one_size_over_many_small_classes():
    folds = inner_folds(np.repeat(np.arange(100), 3), count=3)
    assert np.bincount(folds).tolist() == [100, 100, 100]


def test_the_seed_decides():
    codes = np.repeat([0, 1], 20)
    assert (inner_folds(codes, seed=1) == inner_folds(codes, seed=1)).all()
    assert (inner_folds(codes, seed=1) != inner_folds(codes, seed=2)).any()


def test_copies_count_once():
    assert distinct_photos(np.array([0, 0, 0, 1]), ["x", "x", "y", "z"]).tolist() == [2, 1]
    assert distinct_photos(np.array([0, 0, 0, 1])).tolist() == [3, 1]
