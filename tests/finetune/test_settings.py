"""Settings that can't be meant are refused in one line, by the option's own name."""

import pytest

from headstart.errors import UsageError
from headstart.finetune.settings import OPTIMISERS, SCHEDULES, Training, Tuning

NAN, INFINITE = float("nan"), float("inf")

WRONG = [
    *((name, value) for name in ("epochs", "batch_size", "patience", "views") for value in (0, -1)),
    *((name, value) for name in ("learning_rate", "clip") for value in (0.0, -1.0, NAN, INFINITE)),
    *((name, value) for name in ("weight_decay", "mixup", "cutmix") for value in (-0.1, NAN, INFINITE)),
    *(
        (name, value)
        for name in ("momentum", "warmup", "label_smoothing", "dropout", "colour")
        for value in (-0.1, 1.0, NAN)
    ),
    *((name, value) for name in ("layer_decay", "decay_rate", "least_area") for value in (0.0, 1.1, NAN)),
    *(("average", value) for value in (0.0, 1.0, NAN)),
    *(("seed", value) for value in (-1, 2**32)),
    *((name, "magic") for name in ("optimiser", "schedule", "batch_norm", "class_weights")),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_cant_be_meant_is_refused(name, value):
    with pytest.raises(UsageError) as refused:
        Tuning(**{name: value})

    said = str(refused.value)
    assert said.startswith(f"--{name.replace('_', '-')} is ")
    assert "; expected " in said
    assert "\n" not in said
    assert str(value) in said or f"{value:g}" in said


@pytest.mark.parametrize(
    "options",
    [
        *({"optimiser": each} for each in OPTIMISERS),
        *({"schedule": each} for each in SCHEDULES),
        {"clip": None, "average": None, "patience": None},
        {"momentum": 0.0, "warmup": 0.0, "label_smoothing": 0.0, "weight_decay": 0.0},
        {"layer_decay": 1.0, "decay_rate": 1.0, "seed": 2**32 - 1, "epochs": 1, "batch_size": 1},
    ],
)
def test_the_ends_of_each_range_are_allowed(options):
    Training(**options)


def test_what_belongs_to_the_network_is_allowed_to_be_off():
    Tuning(dropout=0.0, colour=0.0, least_area=1.0, views=1, mirror=False, class_weights="none")
