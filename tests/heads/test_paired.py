"""The paired interval: as published, symmetric, narrower than two intervals side by side."""

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.heads.metrics import wilson
from headstart.heads.paired import paired_difference


def pair(both, only_first, only_second, neither):
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return np.array(first), np.array(second)


def test_the_published_example():
    """Newcombe 1998, 36 + 12 + 2 + 0 of 50 pairs."""
    found = paired_difference(*pair(36, 12, 2, 0))
    assert (found.value, found.photos) == (0.2, 50)
    assert found.low == pytest.approx(0.0569, abs=5e-5)
    assert found.high == pytest.approx(0.3404, abs=5e-5)


@pytest.mark.parametrize("counts", [(20, 8, 3, 9), (0, 5, 0, 0), (7, 0, 0, 0), (0, 0, 0, 6), (1, 30, 1, 4)])
def test_turned_around_it_is_the_same(counts):
    first, second = pair(*counts)
    one, other = paired_difference(first, second), paired_difference(second, first)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert -1 <= one.low <= one.value <= one.high <= 1


def test_it_is_narrower_where_both_find_the_same_photos_hard():
    found = paired_difference(*pair(150, 12, 2, 36))
    low, high = wilson(162, 200)
    assert found.high - found.low < (high - low) / 1.2
    assert found.low > 0 > paired_difference(*pair(118, 44, 34, 4)).low


def test_photos_that_do_not_pair_are_refused():
    with pytest.raises(UsageError, match="3 and 2 photos"):
        paired_difference(np.ones(3, bool), np.ones(2, bool))
    with pytest.raises(UsageError, match="at least one"):
        paired_difference(np.ones(0, bool), np.ones(0, bool))
