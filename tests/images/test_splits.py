"""Splits: copies on one side, classes in proportion, the same result in whatever order photos come."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import UsageError
from headstart.images.splits import folds, holdout

few = settings(max_examples=80, derandomize=True, deadline=None, database=None)


@st.composite
def labelled_groups(draw):
    """(labels, groups): 1 to 6 classes of 1 to 15 groups, most groups a single photo, some with copies."""
    labels, groups = [], []
    for label in range(draw(st.integers(1, 6))):
        sizes = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 3, 7]), min_size=1, max_size=15))
        for number, size in enumerate(sizes):
            labels += [f"class {label}"] * size
            groups += [f"{label}-{number}"] * size
    order = draw(st.permutations(range(len(labels))))
    return [labels[i] for i in order], [groups[i] for i in order]


def several(case):
    return len(set(case[1])) > 1


def by_class(labels, groups):
    """Photos of each group of each class."""
    sizes = defaultdict(Counter)
    for label, group in zip(labels, groups, strict=True):
        sizes[label][group] += 1
    return sizes


def singles(**classes):
    """(labels, groups) with so many different photos in each class."""
    labels = [label for label, number in classes.items() for _ in range(number)]
    return labels, [f"{label}{index}" for index, label in enumerate(labels)]


def sides(groups, side):
    """The sides on which the photos of each group lie."""
    found = defaultdict(set)
    for group, value in zip(groups, side, strict=True):
        found[group].add(int(value))
    return found


class TestHoldout:
    @few
    @given(case=labelled_groups(), share=st.sampled_from([0.1, 0.2, 0.5, 0.9]), seed=st.integers(0, 3))
    def test_copies_stay_together_and_every_class_can_be_learned(self, case, share, seed):
        labels, groups = case
        held_out = holdout(labels, groups, share=share, seed=seed)
        assert held_out.dtype == np.bool_
        assert held_out.shape == (len(labels),)
        assert all(len(found) == 1 for found in sides(groups, held_out).values())
        assert {label for label, out in zip(labels, held_out, strict=True) if not out} == set(labels)

    @pytest.mark.slow
    @few
    @given(case=labelled_groups(), share=st.sampled_from([0.1, 0.2, 0.5]), seed=st.integers(0, 3))
    def test_each_class_comes_as_close_as_its_groups_allow(self, case, share, seed):
        labels, groups = case
        held_out = holdout(labels, groups, share=share, seed=seed)
        for label, sizes in by_class(labels, groups).items():
            out = sum(bool(o) for o, at in zip(held_out, labels, strict=True) if at == label)
            asked = share * sum(sizes.values())
            if len(sizes) == 1:
                assert out == 0
            else:
                assert asked - 1 - max(sizes.values()) < out < asked + 1 + min(sizes.values())

    @few
    @given(case=labelled_groups(), seed=st.integers(0, 3), order=st.randoms(use_true_random=False))
    def test_order_changes_nothing(self, case, seed, order):
        labels, groups = case
        held_out = holdout(labels, groups, seed=seed)
        shuffled = order.sample(range(len(labels)), len(labels))
        again = holdout([labels[i] for i in shuffled], [groups[i] for i in shuffled], seed=seed)
        assert again.tolist() == held_out[shuffled].tolist()

    def test_exact_where_it_can_be(self):
        labels, groups = singles(cat=100, dog=50, bird=10)
        held_out = holdout(labels, groups, seed=0)
        assert Counter(np.array(labels)[held_out].tolist()) == {"cat": 20, "dog": 10, "bird": 2}

    def test_shares_add_up_over_many_small_classes(self):
        labels, groups = singles(**{f"c{i}": 3 for i in range(100)})
        held_out = holdout(labels, groups, share=0.2, seed=0)
        assert held_out.sum() == 60
        assert max(Counter(np.array(labels)[held_out].tolist()).values()) == 1

    def test_which_small_classes_are_judged_is_chance(self):
        labels, groups = singles(**{f"c{i:02}": 2 for i in range(20)})
        judged = [set(np.array(labels)[holdout(labels, groups, seed=seed)].tolist()) for seed in range(3)]
        assert [len(each) for each in judged] == [8, 8, 8]
        assert judged[0] != judged[1] != judged[2] != judged[0]

    def test_at_least_one_photo_where_one_can_be_spared(self):
        assert holdout(*singles(cat=2, dog=1), share=0.01, seed=0).sum() == 1
        assert holdout(*singles(cat=1, dog=1), share=0.5, seed=0).sum() == 0

    def test_a_class_of_large_groups_is_still_judged(self):
        held_out = holdout(["cat"] * 10 + ["dog"] * 10, ["a"] * 4 + ["b"] * 6 + list("0123456789"), seed=0)
        assert held_out[:4].all()
        assert not held_out[4:10].any()

    def test_seeds_choose_differently_and_repeatably(self):
        labels, groups = singles(cat=50, dog=50)
        chosen = [holdout(labels, groups, seed=seed).tolist() for seed in range(4)]
        assert len({tuple(each) for each in chosen}) == 4
        assert holdout(labels, groups, seed=2).tolist() == chosen[2]
        assert holdout(np.array(labels), np.array(groups), seed=np.int64(2)).tolist() == chosen[2]

    def test_every_photo_has_its_turn(self):
        labels, groups = singles(cat=20, dog=20)
        times = sum(holdout(labels, groups, seed=seed).astype(int) for seed in range(200))
        assert 15 < times.min() <= times.max() < 70  # 40 expected; binomial, so 4 deviations are 23

    def test_the_choice_is_the_same_on_every_machine_and_version(self):
        held_out = holdout(*singles(cat=10, dog=10), seed=0)
        assert np.flatnonzero(held_out).tolist() == [3, 5, 11, 15]


class TestFolds:
    @few
    @given(case=labelled_groups().filter(several), count=st.integers(2, 7), seed=st.integers(0, 3))
    def test_copies_stay_together_and_classes_spread(self, case, count, seed):
        labels, groups = case
        fold = folds(labels, groups, count=count, seed=seed)
        assert fold.dtype == np.int64
        assert all(len(found) == 1 for found in sides(groups, fold).values())
        assert set(fold.tolist()) == set(range(min(count, len(set(groups)))))
        for label, sizes in by_class(labels, groups).items():
            here = np.bincount(fold[np.array(labels) == label], minlength=count)
            assert here.max() - here.min() <= max(sizes.values())
            if len(sizes) > 1:
                assert here.max() < sum(
                    sizes.values()
                )  # never all in one fold: each training part has the class

    @few
    @given(
        case=labelled_groups().filter(several),
        seed=st.integers(0, 3),
        order=st.randoms(use_true_random=False),
    )
    def test_order_changes_nothing(self, case, seed, order):
        labels, groups = case
        fold = folds(labels, groups, seed=seed)
        shuffled = order.sample(range(len(labels)), len(labels))
        again = folds([labels[i] for i in shuffled], [groups[i] for i in shuffled], seed=seed)
        assert again.tolist() == fold[shuffled].tolist()

    def test_folds_are_level_over_many_small_classes(self):
        labels, groups = singles(**{f"c{i:03}": 3 for i in range(100)}, last=1)
        assert np.bincount(folds(labels, groups, seed=0)).tolist() == [61, 60, 60, 60, 60]

    @pytest.mark.parametrize("seed", range(4))
    def test_copies_are_made_up_for_by_other_photos(self, seed):
        fold = folds(["cat"] * 10, ["copy"] * 5 + list("12345"), count=2, seed=seed)
        assert np.bincount(fold).tolist() == [5, 5]

    def test_classes_of_one_and_two_photos(self):
        labels, groups = singles(one=1, two=2, many=20)
        fold = folds(labels, groups, seed=0)
        assert fold[1] != fold[2]
        assert set(fold.tolist()) == {0, 1, 2, 3, 4}

    def test_fewer_groups_than_folds(self):
        assert sorted(folds(*singles(cat=2, dog=1), count=5, seed=0).tolist()) == [0, 1, 2]

    def test_seeds_choose_differently_and_repeatably(self):
        labels, groups = singles(cat=50, dog=50)
        assert folds(labels, groups, seed=1).tolist() == folds(labels, groups, seed=1).tolist()
        assert folds(labels, groups, seed=1).tolist() != folds(labels, groups, seed=2).tolist()

    def test_the_folds_are_the_same_on_every_machine_and_version(self):
        assert folds(*singles(cat=6, dog=6), seed=0).tolist() == [4, 2, 0, 1, 3, 0, 3, 0, 2, 4, 1, 1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: holdout(["a", "b"], ["1", "2"], share=0.0, seed=0), "between 0 and 1"),
        (lambda: holdout(["a", "b"], ["1", "2"], share=1.0, seed=0), "between 0 and 1"),
        (lambda: holdout(["a", "b"], ["1", "2"], share=float("nan"), seed=0), "between 0 and 1"),
        (lambda: holdout([], [], seed=0), "0 labels and 0 groups"),
        (lambda: holdout(["a"], ["1", "2"], seed=0), "1 labels and 2 groups"),
        (lambda: holdout(["a", "b"], ["1", "1"], seed=0), "group '1' has two labels, 'a', 'b'"),
        (lambda: folds(["a", "b"], ["1", "2"], count=1, seed=0), "at least 2"),
        (lambda: folds(["a", "a"], ["1", "1"], seed=0), "copies of one photo"),
        (lambda: folds(["a", "b"], ["1"], seed=0), "2 labels and 1 groups"),
        (lambda: folds(["a", "b"], ["1", "1"], seed=0), "two labels"),
    ],
)
def test_what_cannot_be_split(call, says):
    with pytest.raises(UsageError, match=says):
        call()
