"""The figure soon after the start: the look that the lesson takes, not the worst one of several."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.heads.metrics import wilson
from headstart.tasks.lessons import tuning
from headstart.tasks.lessons.desk import Chosen, Desk
from headstart.tasks.lessons.draw import Drawn
from headstart.tasks.lessons.figures import FIGURES
from headstart.tasks.lessons.measured import NotMeasuredError
from headstart.testing import tiny_backbone

DIP = next(figure for figure in FIGURES if figure.key == "dip")


def dip(monkeypatch, looks):
    """The row, where a training of 20,000 photos was looked at like this."""
    chosen = Chosen("tiny", tiny_backbone())
    history = (SimpleNamespace(accuracy=0.97), SimpleNamespace(accuracy=0.96))
    run = SimpleNamespace(fitted=SimpleNamespace(history=history))
    table = SimpleNamespace(rows=np.zeros((1, 25_088)), space=SimpleNamespace(layer="last"))
    rows = SimpleNamespace(learn=range(20_000), table=table)
    drawn = Drawn(SimpleNamespace(hashed=()), frozenset(), ())
    monkeypatch.setattr(tuning, "_tuned", lambda *_: tuning.Tuned(run, drawn, rows, looks, 100))
    monkeypatch.setattr(Desk, "chosen", lambda *_: chosen)
    return tuning.dip(DIP, Desk.of("unused"))


def test_the_look_after_ninety_steps_is_compared_and_the_lowest_only_told(monkeypatch):
    found = dip(monkeypatch, {1: 0.95, 8: 0.5, 64: 0.9, 90: 0.93})

    assert (found.value, found.photos) == (0.93, 100)
    assert found.interval == wilson(93, 100)
    assert found.reasons == ()
    assert found.also == (
        "looked at after step 90; 0.970 before, 0.960 in the end",
        "lowest of 4 looks: 0.500 after step 8",
    )


def test_fewer_steps_than_ninety_are_a_reason(monkeypatch):
    found = dip(monkeypatch, {1: 0.6, 16: 0.7, 22: 0.8})

    assert found.value == 0.8
    assert found.reasons == ("after step 22; the lesson's is after 90",)


def test_a_training_of_one_step_has_no_such_figure(monkeypatch):
    with pytest.raises(NotMeasuredError, match="single step"):
        dip(monkeypatch, {})
