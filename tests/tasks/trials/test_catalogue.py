"""The list of tricks: what the lesson names is there, and arms differ in one thing."""

from dataclasses import asdict

import pytest

from headstart.errors import UsageError
from headstart.tasks.trials.catalogue import chosen, digit_tricks, small_tricks, tuned_tricks
from headstart.tasks.trials.networks import WEIGHTS

LISTS = {"small": small_tricks(), "tuned": tuned_tricks(batch_norm=True), "digits": digit_tricks()}
EVERY = [(name, trick) for name, listed in LISTS.items() for trick in listed]
TOGETHER = {
    "optimiser": {"training.optimiser", "training.learning_rate"},  # each has steps of its own size
    "early-stopping": {"stops", "training.patience"},
}


def flat(recipe):
    values = asdict(recipe)
    training = values.pop("training")
    return {**values, **{f"training.{name}": value for name, value in training.items()}}


@pytest.mark.parametrize(("_", "trick"), EVERY, ids=lambda each: getattr(each, "name", each))
def test_arms_differ_in_one_thing(_, trick):
    first, *others = (flat(arm.recipe) for arm in trick.arms)
    for other in others:
        changed = {name for name in first if first[name] != other[name]}
        allowed = TOGETHER.get(trick.name)
        assert changed <= allowed if allowed else len(changed) == (0 if trick.averaged else 1), changed


def test_what_the_lesson_names_is_there():
    arms = {trick.name: [arm.name for arm in trick.arms] for trick in LISTS["small"]}

    assert {"N(0, 1)", "Xavier", "He"} <= set(arms["initial-weights"])
    assert arms["dropout"] == ["0", "0.2", "0.5", "0.8"]
    assert arms["optimiser"] == ["SGD", "momentum", "Adagrad", "RMSProp", "Adam"]
    assert arms["clipping"] == ["none", "at 10", "at 1"]
    assert arms["rate-decay"] == ["constant", "0.98 an epoch", "cosine"]
    assert arms["capacity"] == ["usual width", "a quarter", "twice"]
    expected = {"normalised-inputs", "batch-norm", "early-stopping", "weight-decay", "averaging"}
    assert expected <= set(arms)


def test_each_says_what_it_is_and_where_it_is_from():
    for _, trick in EVERY:
        assert trick.says.endswith("."), trick.name
        assert trick.source, trick.name
        assert {arm.recipe.weights for arm in trick.arms} <= {*WEIGHTS, "probe", "soft probe"}


def test_gradients_are_shown_on_the_fine_tuned_backbone_too():
    shown = {name: {trick.name for trick in listed if trick.gradients} for name, listed in LISTS.items()}

    assert shown["small"] == {"initial-weights", "batch-norm-rescue", "clipping"}
    assert shown["tuned"] == {"new-layer", "clipping"}


def test_batch_norm_is_frozen_only_where_there_is_any():
    names = {trick.name for trick in tuned_tricks(batch_norm=False)}

    assert "frozen-batch-norm" not in names


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match="'dropuot'; expected some of initial-weights"):
        chosen(small_tricks(), ("dropuot",))
