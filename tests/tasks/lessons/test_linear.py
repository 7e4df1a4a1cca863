"""One linear layer: two outputs with a softmax as in torch, one with a sigmoid as in Keras."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from headstart.tasks.lesson import lesson
from headstart.tasks.lessons import linear
from headstart.tasks.lessons.figures import FIGURES
from headstart.tasks.lessons.linear import answers, train_layer
from headstart.testing import tiny_backbone, write_photos

OUTPUTS = {figure.key: figure.outputs for figure in FIGURES if figure.way == "linear"}


def made_rows(numbers, codes):
    """Rows of which all are learned from, and all judge."""
    at = np.arange(len(numbers))
    table = SimpleNamespace(rows=np.asarray(numbers, dtype=np.float32))
    return SimpleNamespace(table=table, codes=np.asarray(codes), classes=("cat", "dog"), learn=at, judge=at)


def test_the_outputs_are_those_of_the_lesson():
    assert OUTPUTS == {"linear-torch": 2, "linear-keras": 1, "frozen-torch": 2, "frozen-keras": 1}


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_layer_learns_what_can_be_told_apart(outputs):
    rows = made_rows([[-3, 1], [-2, 0], [2, 1], [3, 0]], [0, 0, 1, 1])
    layer = train_layer(rows, epochs=1500, batch=4, outputs=outputs, seed=0)

    assert layer.weight.shape == (outputs, 2)
    assert answers(layer, rows).tolist() == [0, 0, 1, 1]


def test_one_output_is_trained_as_the_difference_of_two_would_be():
    rows = made_rows([[1.0]], [1])
    layer = train_layer(rows, epochs=1, batch=1, outputs=1, seed=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first = torch.nn.Linear(1, 1)

    # Adam's first step has the length of its rate, 0.001, towards the second class.
    assert layer.weight.item() - first.weight.item() == pytest.approx(0.001, rel=1e-3)
    assert layer.bias.item() - first.bias.item() == pytest.approx(0.001, rel=1e-3)


def test_a_row_trains_as_many_outputs_as_the_lesson(tmp_path, monkeypatch):
    photos, widths = write_photos(tmp_path / "photos", ("cat", "dog"), each=20), []

    def train(rows, **settings):
        layer = train_layer(rows, **settings)
        widths.append((settings["batch"], layer.out_features))
        return layer

    monkeypatch.setattr(linear, "train_layer", train)
    lesson(
        only=["linear-torch", "linear-keras"],
        photos={"cats-vs-dogs": photos},
        backbone=tiny_backbone(),
        home=tmp_path / "home",
    )

    assert widths == [(32, 2), (64, 1)]
