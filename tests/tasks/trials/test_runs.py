"""Trainings: the same whatever runs beside them, and a loss that is no number is a result."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.tasks.trials.catalogue import briefly, small_tricks
from headstart.tasks.trials.ground import Parts, Scratch
from headstart.tasks.trials.measured import measure_all
from headstart.tasks.trials.pictures import split
from headstart.tasks.trials.recipe import Recipe
from headstart.tasks.trials.runs import Job, run_all

TINY = Recipe(width=0.25).trained(epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def ground():
    chance = np.random.default_rng(0)
    codes = np.arange(32) % 2
    pixels = chance.random((32, 3, 16, 16), np.float32) * 0.5
    pixels[codes == 1, 0] += 0.4  # reds and greys
    at = np.arange(32)
    return Scratch(pixels, Parts(codes, ("grey", "red"), at[:16], at[16:20], at[20:]), "small network")


def test_results_do_not_depend_on_what_runs_beside_them(ground):
    jobs = [Job(ground, replace(TINY, dropout=share), seed) for share in (0.0, 0.5) for seed in (0, 1)]
    before = torch.random.get_rng_state()

    alone, beside = run_all(jobs, workers=1), run_all(jobs, workers=3)

    assert torch.equal(torch.random.get_rng_state(), before)
    for job in jobs:
        assert np.array_equal(alone[job].probabilities, beside[job].probabilities)
        assert alone[job].curve == beside[job].curve
        assert alone[job].norms == beside[job].norms
    assert alone[jobs[0]].curve != alone[jobs[1]].curve or alone[jobs[0]].losses != alone[jobs[1]].losses


def test_a_loss_that_is_no_number_is_a_result(ground):
    job = Job(ground, replace(TINY, pixels="bytes", weights="normal").trained(learning_rate=1e6), 0)

    outcome = run_all([job], workers=1)[job]

    assert "not finite" in outcome.diverged
    assert outcome.log_loss == float("inf")
    assert np.isfinite(outcome.probabilities).all()
    assert len(set(outcome.probabilities.argmax(axis=1))) == 1  # the most frequent class
    assert outcome.right.mean() == 0.5


def test_the_last_epoch_answers_and_stopping_keeps_the_best(ground):
    stopping = replace(TINY.trained(patience=1, epochs=4), stops=True)
    whole = TINY.trained(epochs=4)
    found = run_all([Job(ground, stopping, 0), Job(ground, whole, 0)], workers=1)

    last, stopped = found[Job(ground, whole, 0)], found[Job(ground, stopping, 0)]
    assert last.right.mean() == pytest.approx(last.curve[-1])
    kept = stopped.kept[-1]
    assert stopped.right.mean() == pytest.approx(last.curve[kept])  # the same course, looked at elsewhere


def test_tricks_are_measured_against_their_first_arm(ground):
    asked = [trick for trick in briefly(1)(small_tricks(TINY)) if trick.name in {"averaging", "dropout"}]

    dropout, averaging = measure_all([(ground, asked)], (0, 1, 2), workers=1)

    assert [arm.effect is None for arm in dropout.arms] == [True, False, False, False]
    assert len(dropout.to_json()) == 3
    assert averaging.arms[1].curves == ()
    assert (averaging.arms[1].right[0] == averaging.arms[1].right[1]).all()
    baseline = dropout.arms[0]
    assert (averaging.arms[0].right == baseline.right).all()  # trained once, used twice


def test_learning_rates_are_chosen_on_the_validation_part(ground):
    [trick] = [trick for trick in small_tricks(TINY) if trick.name == "optimiser"]
    two = replace(trick, arms=tuple(replace(arm, rates=(1e-6, 0.01)) for arm in trick.arms[:2]))

    [found] = measure_all([(ground, [two])], (0, 1, 2), workers=1)

    assert {arm.recipe.training.learning_rate for arm in found.arms} <= {1e-6, 0.01}


def test_copies_of_a_photo_never_lie_in_two_parts():
    labels = ["a"] * 20 + ["b"] * 20
    groups = [f"{number // 2:x}" for number in range(40)]  # each photo twice
    parts = split(labels, groups, ("a", "b"), seed=0)

    sides = [{groups[at] for at in part} for part in (parts.train, parts.validation, parts.held_out)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]
    assert sum(map(len, (parts.train, parts.validation, parts.held_out))) == 40
