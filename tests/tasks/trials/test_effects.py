"""What counts as more than noise."""

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.tasks.trials.effects import effect_of


def test_the_same_answers_are_no_effect():
    right = np.random.default_rng(0).random((3, 50)) < 0.5

    found = effect_of(right, right)

    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert found.within_noise


def test_seeds_that_disagree_are_noise_however_many_photos_there_are():
    without = np.zeros((3, 10_000), bool)
    with_trick = without.copy()
    with_trick[0, :3000] = with_trick[1, :1000] = True

    found = effect_of(with_trick, without)

    assert found.value == pytest.approx(4000 / 30_000)
    assert found.within_noise
    assert found.seeds_error > 5 * found.photos_error


def test_few_photos_are_noise_however_well_the_seeds_agree():
    without = np.zeros((5, 12), bool)
    with_trick = without.copy()
    with_trick[:, :2] = True

    found = effect_of(with_trick, without)

    assert found.seeds_error == 0
    assert found.within_noise


def test_intervals_hold_what_they_promise_where_there_is_no_effect():
    """Crossed effects of seed, photo and both: about 95 % of the intervals have 0 in them."""
    chance = np.random.default_rng(0)

    def once():
        hard = chance.normal(0, 1, (1, 120))
        return tuple(
            hard + chance.normal(0, 0.3, (3, 1)) + chance.normal(0, 1, (3, 120)) > 0 for _ in range(2)
        )

    held = [effect_of(*once()).within_noise for _ in range(300)]

    assert np.mean(held) >= 0.92


@pytest.mark.parametrize("shape", [(2, 50), (3, 1), (50,)])
def test_two_seeds_or_one_photo_tell_too_little(shape):
    with pytest.raises(UsageError, match="at least three seeds"):
        effect_of(np.zeros(shape, bool), np.zeros(shape, bool))
