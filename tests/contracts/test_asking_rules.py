"""Every rule that says which photo to label keeps the same promises, ours and those it is compared with."""

import numpy as np
import pytest

from ask_rules import RULES
from headstart.heads.asking import Pool

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@pytest.fixture(params=["spread", "copies"])
def given(request):
    """Keys, rows, probabilities and known rows; among the copies many photos are the same."""
    random = np.random.default_rng(0)
    rows = np.maximum(random.normal(size=(40, 12)), 0) + 0.01
    probabilities = random.dirichlet(np.ones(4), size=40)
    if request.param == "copies":
        rows, probabilities = rows[np.arange(40) // 10], probabilities[np.arange(40) // 10]
    keys = [f"{number:064x}" for number in random.permutation(40)]
    return keys, rows, probabilities, np.maximum(random.normal(size=(8, 12)), 0) + 0.01


def asked(rule, given, count, seed=1):
    pool = Pool.of(*given)
    return [pool.keys[at] for at in rule(pool, count, seed)]


@every_rule
@pytest.mark.parametrize("count", [1, 7, 40])
def test_as_many_as_were_asked_for_each_once(rule, given, count):
    assert len(set(asked(rule, given, count))) == len(asked(rule, given, count)) == count


@every_rule
def test_the_same_photos_give_the_same_choice(rule, given):
    assert asked(rule, given, 9) == asked(rule, given, 9)


@every_rule
def test_the_order_of_the_photos_changes_nothing(rule, given):
    keys, rows, probabilities, known = given
    order = np.random.default_rng(5).permutation(len(keys))
    shuffled = [keys[at] for at in order], rows[order], probabilities[order], known

    assert asked(rule, shuffled, 9) == asked(rule, given, 9)


@every_rule
def test_copies_count_once(rule, given):
    keys, rows, probabilities, known = given
    twice = keys * 2, np.concatenate([rows, rows]), np.concatenate([probabilities] * 2), known

    assert asked(rule, twice, 9) == asked(rule, given, 9)
