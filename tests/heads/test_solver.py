from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.heads.descent import minimise
from headstart.heads.rowspace import row_space
from headstart.heads.selection import choose_strength
from headstart.heads.solver import Solution, Task, solve
from headstart.heads.threads import Team


def fit(rows, codes, start, **changes):
    options = {"strength": 0.1, "tolerance": 1e-12, "max_steps": 500} | changes
    return solve(Task.of(rows, codes, np.ones(len(rows))), start, **options)


def test_the_minimum_does_not_depend_on_the_start():
    random = np.random.default_rng(0)
    rows, codes = random.normal(size=(60, 8)), random.integers(0, 4, 60)
    zero = Solution.zeros(8, 4)
    elsewhere = Solution(random.normal(size=(8, 4)), random.normal(size=4))
    first, second = fit(rows, codes, zero), fit(rows, codes, elsewhere)
    np.testing.assert_allclose(first.weight, second.weight, atol=1e-4)
    np.testing.assert_allclose(first.bias - first.bias.mean(), second.bias - second.bias.mean(), atol=1e-4)


def test_at_the_minimum_the_slope_is_zero():
    random = np.random.default_rng(1)
    rows, codes = random.normal(size=(60, 8)), random.integers(0, 4, 60)
    found = fit(rows, codes, Solution.zeros(8, 4))
    odds = np.exp(rows @ found.weight + found.bias)
    missing = odds / odds.sum(axis=1, keepdims=True) - np.eye(4)[codes]
    np.testing.assert_allclose(rows.T @ missing + 0.1 * found.weight, 0, atol=1e-3)


def test_a_loss_that_is_not_a_number_stops_with_the_strength():
    rows = np.array([[np.nan], [1.0]])
    with pytest.raises(FitError, match=r"loss is nan at strength 0\.1"):
        fit(rows, np.array([0, 1]), Solution.zeros(1, 2))


def test_the_limit_of_steps_is_told():
    random = np.random.default_rng(0)
    rows, codes = random.normal(size=(60, 8)), random.integers(0, 4, 60)
    assert not fit(rows, codes, Solution.zeros(8, 4), max_steps=1).converged
    assert fit(rows, codes, Solution.zeros(8, 4)).converged


@pytest.mark.parametrize("shape", [(5, 30), (30, 5)], ids=["fewer photos", "fewer features"])
def test_weights_found_in_the_small_space_fit_rows_as_they_come(shape):
    random = np.random.default_rng(0)
    rows = random.normal(size=shape) + 10
    space = row_space(rows)
    weight, bias = random.normal(size=(space.rows.shape[1], 3)), random.normal(size=3)
    full, moved = space.unfold(weight, bias)
    np.testing.assert_allclose(rows @ full.T + moved, space.rows @ weight + bias, atol=1e-9)
    # Coordinates are uncorrelated, at most as many as centred rows span, of mean squared length 1.
    table = space.rows.T @ space.rows
    np.testing.assert_allclose(table, np.diag(np.diag(table)), atol=1e-9)
    assert space.rows.shape[1] == min(shape[0] - 1, shape[1])
    assert np.square(space.rows).sum(axis=1).mean() == pytest.approx(1.0)


def test_no_distance_between_photos_is_lost_in_the_small_space():
    random = np.random.default_rng(0)
    rows = random.normal(size=(6, 50))
    deviation = rows.std(axis=0)
    scaled = rows / np.sqrt(deviation * deviation.sum())
    small = row_space(rows).rows
    np.testing.assert_allclose(
        small[0] @ small[1] - small[0] @ small[2] - small[3] @ small[1] + small[3] @ small[2],
        (scaled[0] - scaled[3]) @ (scaled[1] - scaled[2]),
        atol=1e-12,
    )


def test_weak_penalties_are_given_up_once_they_only_get_worse():
    random = np.random.default_rng(0)
    rows, codes = random.normal(size=(60, 8)), random.integers(0, 2, 60)
    strengths = [1000.0, 100.0, 10.0, 1.0, 0.1, 0.01, 0.001, 0.0001]
    found = choose_strength(
        rows, codes, np.ones(60), np.arange(60) % 5, strengths, calibrate=False, max_steps=500
    )
    assert found.losses[found.strength] <= min(found.losses.values()) / 0.995
    assert found.strength > 1.0
    assert 0.0001 not in found.losses


def test_the_bits_do_not_depend_on_the_number_of_threads():
    random = np.random.default_rng(0)
    rows, codes = random.normal(size=(3000, 20)).astype(np.float32), random.integers(0, 4, 3000)
    found = []
    for count in (1, 2, 5):
        with ThreadPoolExecutor(count) as pool:
            space = row_space(rows, np.float32, Team(pool))
            found.append(fit(space.rows, codes, Solution.zeros(20, 4), team=Team(pool)).weight.tobytes())
    assert len(set(found)) == 1


def test_float32_finds_the_same_minimum():
    random = np.random.default_rng(0)
    rows, codes = random.normal(size=(600, 8)), random.integers(0, 4, 600)
    exact = fit(rows, codes, Solution.zeros(8, 4))
    single = fit(rows.astype(np.float32), codes, Solution.zeros(8, 4))
    np.testing.assert_allclose(single.weight, exact.weight, atol=1e-3)


def test_a_step_too_long_is_shortened():
    found = minimise(lambda at: (float(50 * at @ at), 100 * at), np.ones(3), tolerance=1e-12, max_steps=50)
    assert abs(found.point).max() < 1e-5


def test_where_no_step_helps_the_walk_ends():
    found = minimise(lambda at: (1.0, np.ones(2)), np.zeros(2), tolerance=1e-9, max_steps=50)
    assert (found.steps, found.converged, found.point.tolist()) == (0, True, [0.0, 0.0])
